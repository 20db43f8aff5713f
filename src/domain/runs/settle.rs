//! How a worker's hold on a run ends.

use super::claim::Stop;
use super::request::enqueue;
use super::{Arguments, RunHandle, Wake, backoff};
use crate::db::sql;
use crate::domain::RunStatus;
use crate::domain::auth::Actor;
use crate::domain::tagging::auto_tag;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DatabaseTransaction, FromQueryResult, TransactionTrait};

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is done.
    Succeeded,
    /// A person cancelled it.
    Cancelled,
    /// It failed and will be tried again.
    WillRetry,
    /// It failed and has no attempts left.
    Failed,
    /// The process shuts down: it is queued again, and the attempt does not count.
    Released,
    /// It was not ours any more: nothing was changed.
    Lost,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words, for whoever reads the history.
    pub error: String,
    /// Another attempt would fail in the same way.
    pub permanent: bool,
}

impl From<Error> for Failure {
    /// A caller's mistake does not mend itself; a fault may.
    fn from(error: Error) -> Self {
        Self {
            permanent: matches!(
                error,
                Error::Rejected(_) | Error::BadInput(_) | Error::Forbidden(_)
            ),
            error: error.to_string(),
        }
    }
}

/// Ends the hold according to what the job gave, in one transaction with what follows from it: the wake-up for the
/// next attempt, or auto-tagging after resources came in.
///
/// A job stopped by cancelling or by a shutdown counts as such
/// whatever it gave.
pub async fn settle(
    db: &DatabaseConnection,
    wake: &dyn Wake,
    handle: &RunHandle,
    outcome: Result<(), Failure>,
) -> Result<Settled> {
    let txn = db.begin().await?;
    let settled = match (handle.stopped(), outcome) {
        (Some(Stop::Cancelled), _) => end(&txn, handle, RunStatus::Cancelled, Settled::Cancelled).await?,
        (Some(Stop::Shutdown), _) => requeue(&txn, wake, handle, Requeue::Release).await?,
        (None, Ok(())) => succeed(&txn, wake, handle).await?,
        (None, Err(failure)) => requeue(&txn, wake, handle, Requeue::After(failure)).await?,
    };
    txn.commit().await?;
    Ok(settled)
}

/// Gives a run back that a shutdown cut off, so that another replica takes it at once.
pub async fn release(db: &DatabaseConnection, wake: &dyn Wake, handle: &RunHandle) -> Result<Settled> {
    let txn = db.begin().await?;
    let settled = requeue(&txn, wake, handle, Requeue::Release).await?;
    txn.commit().await?;
    Ok(settled)
}

async fn succeed(txn: &DatabaseTransaction, wake: &dyn Wake, handle: &RunHandle) -> Result<Settled> {
    let settled = end(txn, handle, RunStatus::Succeeded, Settled::Succeeded).await?;
    let may_be_due = settled == Settled::Succeeded && handle.arguments.leads_to_auto_tagging();
    if may_be_due && auto_tag::is_due(txn).await? {
        let job = sea_orm::ActiveEnum::to_value(&handle.arguments.job());
        enqueue(
            txn,
            wake,
            &Actor::system(&job).subject,
            &Arguments::AutoTag {}.into(),
        )
        .await?;
    }
    Ok(settled)
}

async fn end(
    txn: &DatabaseTransaction,
    handle: &RunHandle,
    status: RunStatus,
    settled: Settled,
) -> Result<Settled> {
    let changed = sql::execute(
        txn,
        "UPDATE scheduler_jobs SET status = $3, error = NULL, finished_at = now()
         WHERE id = $1 AND fence = $2 AND status = 'RUNNING'",
        [handle.run_id.into(), handle.fence.into(), status.into()],
    );
    Ok(if changed.await? == 0 {
        Settled::Lost
    } else {
        settled
    })
}

enum Requeue {
    Release,
    After(Failure),
}

async fn requeue(
    txn: &DatabaseTransaction,
    wake: &dyn Wake,
    handle: &RunHandle,
    why: Requeue,
) -> Result<Settled> {
    #[derive(FromQueryResult)]
    struct Row {
        status: RunStatus,
        run_at: DateTime<Utc>,
    }
    let released = matches!(why, Requeue::Release);
    let (error, permanent, delay) = match why {
        Requeue::Release => (None, false, 0.0),
        Requeue::After(Failure { error, permanent }) => {
            let delay = backoff::after(handle.attempt, rand::random());
            (Some(error), permanent, delay.as_secs_f64())
        }
    };
    // The key is given up: an equal run may have been queued while this one ran.
    let row: Option<Row> = sql::row(
        txn,
        "UPDATE scheduler_jobs r SET status = next.status, attempt = attempt - CASE WHEN $3 THEN 1 ELSE 0 END,
             error = coalesce($4, error), worker = NULL, singleton_key = NULL, woken_at = now(),
             run_at = CASE next.status WHEN 'QUEUED' THEN now() + $5 * interval '1 second' ELSE run_at END,
             finished_at = CASE WHEN next.status <> 'QUEUED' THEN now() END
         FROM (SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                               WHEN $3 OR (attempt < max_attempts AND NOT $6) THEN 'QUEUED' ELSE 'FAILED' END AS status
                 FROM scheduler_jobs WHERE id = $1 AND fence = $2 AND status = 'RUNNING' FOR UPDATE) next
         WHERE r.id = next.id RETURNING r.status, r.run_at",
        [
            handle.run_id.into(),
            handle.fence.into(),
            released.into(),
            error.into(),
            delay.into(),
            permanent.into(),
        ],
    )
    .await?;
    let Some(Row { status, run_at }) = row else {
        return Ok(Settled::Lost);
    };
    match status {
        RunStatus::Queued => wake.wake(txn, handle.run_id, run_at).await?,
        RunStatus::Cancelled => return Ok(Settled::Cancelled),
        _ => return Ok(Settled::Failed),
    }
    Ok(if released {
        Settled::Released
    } else {
        Settled::WillRetry
    })
}
