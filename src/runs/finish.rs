//! The end of a worker's hold on a run.

use super::handle::{RunHandle, StopReason};
use super::request::enqueue;
use super::{backoff, queue};
use crate::auth::Actor;
use crate::db::{Begin, Transaction, sql};
use crate::entities::RunStatus;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, DatabaseConnection, FromQueryResult};

/// The end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// It is done.
    Succeeded,
    /// A person cancelled it.
    Cancelled,
    /// It failed and will be tried again.
    WillRetry,
    /// It failed and has no attempts left.
    Failed,
    /// The process shuts down, or a run of a higher priority waited: it is queued again, and the attempt does not count.
    Released,
    /// It was not ours any more: nothing was changed.
    Lost,
}

impl RunEnd {
    /// The name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Cancelled => "cancelled",
            Self::WillRetry => "will_retry",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::Lost => "lost",
        }
    }
}

/// Reason for which an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFailure {
    /// In words, for whoever reads the history.
    pub error: String,
    /// Another attempt would fail in the same way.
    pub permanent: bool,
    /// The database was away, which says nothing of the job.
    pub outage: bool,
}

/// So many attempts that outages ended do not count. More do: a job that takes the database down is not to do so for
/// ever.
const FORGIVEN: i64 = 20;

impl From<Error> for AttemptFailure {
    /// A caller's mistake does not mend itself; a fault may.
    fn from(error: Error) -> Self {
        Self {
            permanent: matches!(
                error,
                Error::Validation(_) | Error::BadInput(_) | Error::Forbidden(_)
            ),
            outage: error.is_outage(),
            error: error.to_string(),
        }
    }
}

/// Ends the hold according to what the job gave, in one transaction with what follows from it: the task of the
/// next attempt, or a run of the job that success leads to.
///
/// A job that was asked to stop counts as stopped, whatever it gave.
pub async fn finish_run(
    db: &DatabaseConnection,
    handle: &RunHandle,
    outcome: Result<(), AttemptFailure>,
) -> Result<RunEnd> {
    let txn = db.begin().await?;
    let end_state = match (handle.stopped(), outcome) {
        (Some(StopReason::Cancelled), _) => {
            end(&txn, handle, RunStatus::Cancelled, RunEnd::Cancelled).await?
        }
        (Some(StopReason::Shutdown | StopReason::Preempted), _) => {
            requeue(&txn, handle, Requeue::Release).await?
        }
        (None, Ok(())) => succeed(&txn, handle).await?,
        (None, Err(failure)) => requeue(&txn, handle, Requeue::After(failure)).await?,
    };
    txn.commit().await?;
    Ok(end_state)
}

/// Gives a run back that a shutdown cut off, so that another replica takes it at once.
pub async fn release(db: &DatabaseConnection, handle: &RunHandle) -> Result<RunEnd> {
    let txn = db.begin().await?;
    let end_state = requeue(&txn, handle, Requeue::Release).await?;
    txn.commit().await?;
    Ok(end_state)
}

async fn succeed(txn: &Transaction, handle: &RunHandle) -> Result<RunEnd> {
    if handle.is_helper && forget(txn, handle).await? {
        return Ok(RunEnd::Succeeded);
    }
    let end_state = end(txn, handle, RunStatus::Succeeded, RunEnd::Succeeded).await?;
    if end_state == RunEnd::Succeeded
        && let Some(follow_up) = handle.spec.follow_up
    {
        let job = handle.jobs.get(follow_up)?;
        if job.is_due(txn).await? {
            let by = Actor::system(&handle.spec.job.to_value());
            enqueue(txn, &by, &job.new_run(&serde_json::json!({}))?).await?;
        }
    }
    Ok(end_state)
}

/// Deletes a run that was to help another and found nothing to do.
async fn forget(txn: &Transaction, handle: &RunHandle) -> Result<bool> {
    let idle = "DELETE FROM scheduler_jobs WHERE id = $1 AND fence = $2 AND status = 'RUNNING'
         AND recruited_by IS NOT NULL AND progress_done = 0 AND cancel_requested_at IS NULL";
    Ok(sql::execute(txn, idle, [handle.run_id.into(), handle.fence.into()]).await? > 0)
}

async fn end(txn: &Transaction, handle: &RunHandle, status: RunStatus, end_state: RunEnd) -> Result<RunEnd> {
    let changed = sql::execute(
        txn,
        "UPDATE scheduler_jobs SET status = $3, error = NULL, finished_at = now()
         WHERE id = $1 AND fence = $2 AND status = 'RUNNING'",
        [handle.run_id.into(), handle.fence.into(), status.into()],
    );
    Ok(if changed.await? == 0 {
        RunEnd::Lost
    } else {
        end_state
    })
}

enum Requeue {
    Release,
    After(AttemptFailure),
}

async fn requeue(txn: &Transaction, handle: &RunHandle, why: Requeue) -> Result<RunEnd> {
    #[derive(FromQueryResult)]
    struct RequeuedRow {
        status: RunStatus,
        run_at: DateTime<Utc>,
    }
    let released = matches!(why, Requeue::Release);
    let wait = |attempt| {
        if released {
            return 0.0;
        }
        backoff::after(attempt, rand::random()).as_secs_f64()
    };
    let (error, permanent, outage) = match why {
        Requeue::Release => (None, false, false),
        Requeue::After(failure) => (Some(failure.error), failure.permanent, failure.outage),
    };
    // An attempt that got further does not count, nor does one that an outage ended; beyond the attempts, the fence
    // tells how many claims there were. The key is given up: an equal run may have been queued while this
    // one ran.
    let row: Option<RequeuedRow> = sql::row(
        txn,
        "UPDATE scheduler_jobs r SET status = next.status, error = coalesce($4, error), worker = NULL,
             worker_key = NULL, singleton_key = NULL, woken_at = now(),
             attempt = CASE WHEN free THEN attempt - 1 WHEN further AND next.status = 'QUEUED' THEN 0 ELSE attempt END,
             run_at = CASE next.status WHEN 'QUEUED'
                 THEN now() + CASE WHEN further OR free THEN $7 ELSE $5 END * interval '1 second' ELSE run_at END,
             finished_at = CASE WHEN next.status <> 'QUEUED' THEN now() END
         FROM (SELECT id, further, free, CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                   WHEN free OR ((further OR attempt < max_attempts) AND NOT $6) THEN 'QUEUED' ELSE 'FAILED' END AS status
                 FROM scheduler_jobs, LATERAL (SELECT coalesce(progress_done > progress_claimed, false) AS further,
                     $3 OR ($8 AND fence - attempt < $9) AS free) f
                WHERE id = $1 AND fence = $2 AND status = 'RUNNING' FOR UPDATE OF scheduler_jobs) next
         WHERE r.id = next.id RETURNING r.status, r.run_at",
        [
            handle.run_id.into(),
            handle.fence.into(),
            released.into(),
            error.into(),
            wait(handle.attempt).into(),
            permanent.into(),
            wait(1).into(),
            outage.into(),
            FORGIVEN.into(),
        ],
    )
    .await?;
    let Some(RequeuedRow { status, run_at }) = row else {
        return Ok(RunEnd::Lost);
    };
    match status {
        RunStatus::Queued => queue::enqueue(txn, handle.run_id, run_at).await?,
        RunStatus::Cancelled => return Ok(RunEnd::Cancelled),
        _ => return Ok(RunEnd::Failed),
    }
    Ok(if released {
        RunEnd::Released
    } else {
        RunEnd::WillRetry
    })
}
