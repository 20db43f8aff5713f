//! Asking for runs, cancelling them and trying them again.

use super::job_spec::role_for;
use super::principal::Principal;
use super::{JobNotifier, JobSpec, Run, not_found};
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::entities::{AccountScope, JobName, RunStatus, scheduler_job};
use crate::error::{Error, Problem, ProblemCode, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, QueryFilter};

/// A run to be made.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The job and what it is given.
    pub arguments: JobSpec,
    /// While a run with this key waits in the queue, no other is made.
    pub singleton_key: Option<String>,
}

impl From<JobSpec> for NewRun {
    /// A run that does not stand in the queue twice.
    fn from(arguments: JobSpec) -> Self {
        Self {
            singleton_key: Some(arguments.singleton_key()),
            arguments,
        }
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The new run, or the equal one that waits already.
    pub run: Run,
    /// Whether it is new.
    pub created: bool,
}

/// Asks for a run as soon as a worker is free. It works in the actor's name, for as long as the actor may.
///
/// Needs [`JobSpec::required_role`] and access to all accounts.
pub async fn request(
    db: &DatabaseConnection,
    wake: &dyn JobNotifier,
    actor: &Actor,
    new: NewRun,
) -> Result<Requested> {
    may_request(actor, &new.arguments)?;
    let txn = db.begin().await?;
    let requested = enqueue(&txn, wake, actor, &new).await?;
    txn.commit().await?;
    Ok(requested)
}

/// Asks for a discovery of one source, or of all; `sources` names those that are configured.
///
/// As [`request`]; refuses a source that is not among them.
pub async fn request_discovery(
    db: &DatabaseConnection,
    wake: &dyn JobNotifier,
    actor: &Actor,
    sources: &[String],
    source: Option<String>,
) -> Result<Requested> {
    // Before anything is said of sources.
    let arguments = JobSpec::Discover { source };
    may_request(actor, &arguments)?;
    if let JobSpec::Discover { source: Some(name) } = &arguments
        && !sources.contains(name)
    {
        let known = match sources {
            [] => "none is configured".to_owned(),
            sources => format!("known are {}", sources.join(", ")),
        };
        return Err(Error::invalid(
            "source",
            format!("there is no source {name:?}; {known}"),
        ));
    }
    request(db, wake, actor, arguments.into()).await
}

fn may_request(actor: &Actor, arguments: &JobSpec) -> Result<()> {
    actor.require(arguments.required_role())?;
    actor.require_all_accounts()
}

/// Cancels a run: a queued one at once, a running one at its next checkpoint. Cancelling twice changes nothing.
///
/// Needs [`Role::Approver`] of whoever asked for it, and of others [`JobSpec::required_role`] and access to all accounts.
/// [`ProblemCode::NotFound`] without such a run, [`ProblemCode::Conflict`] for one that has ended otherwise.
pub async fn cancel(db: &DatabaseConnection, actor: &Actor, id: i64) -> Result<Run> {
    actor.require(Role::Approver)?;
    may_cancel(actor, &get(db, id).await?)?;
    let run: Option<Run> = sql::row(
        db,
        "UPDATE scheduler_jobs SET
             cancel_requested_at = coalesce(cancel_requested_at, now()),
             cancel_requested_by = coalesce(cancel_requested_by, $2),
             status = CASE status WHEN 'QUEUED' THEN 'CANCELLED' ELSE status END,
             finished_at = CASE status WHEN 'QUEUED' THEN now() END
         WHERE id = $1 AND status IN ('QUEUED', 'RUNNING') RETURNING *",
        [id.into(), actor.subject.clone().into()],
    )
    .await?;
    match run {
        Some(run) => Ok(run),
        None => match get(db, id).await? {
            run if run.status == RunStatus::Cancelled => Ok(run),
            run => Err(conflict(&run, "only a queued or running run can be cancelled")),
        },
    }
}

/// Queues a failed or cancelled run again, with all its attempts; its progress stands. From then on it works in the name
/// of the actor, within the accounts of those for whom it worked before.
///
/// Needs what asking for such a run needs; who is limited to some accounts may have decisions made again that they asked
/// for themselves. [`ProblemCode::NotFound`] without such a run, [`ProblemCode::Conflict`] for one that has neither failed
/// nor been cancelled.
pub async fn retry(db: &DatabaseConnection, wake: &dyn JobNotifier, actor: &Actor, id: i64) -> Result<Run> {
    actor.require(Role::Approver)?;
    may_retry(actor, &get(db, id).await?)?;
    let txn = db.begin().await?;
    let run: Option<Run> = sql::row(
        &txn,
        "UPDATE scheduler_jobs SET status = 'QUEUED', attempt = 0, run_at = now(), woken_at = now(), error = NULL,
             worker = NULL, worker_key = NULL, singleton_key = NULL, finished_at = NULL, cancel_requested_at = NULL,
             cancel_requested_by = NULL
         WHERE id = $1 AND status IN ('FAILED', 'CANCELLED') RETURNING *",
        [id.into()],
    )
    .await?;
    let Some(run) = run else {
        let run = get(&txn, id).await?;
        return Err(conflict(
            &run,
            "only a failed or cancelled run can be tried again",
        ));
    };
    work_for(&txn, actor, &run).await?;
    wake.wake(&txn, run.id, run.run_at).await?;
    txn.commit().await?;
    Ok(run)
}

/// Makes a run in the caller's transaction for an actor who may be limited to some accounts: the caller sees to it that
/// the run stays within them. No other run stands for it. Needs [`JobSpec::required_role`].
pub(crate) async fn add(
    txn: &Transaction,
    wake: &dyn JobNotifier,
    actor: &Actor,
    arguments: JobSpec,
) -> Result<Run> {
    actor.require(arguments.required_role())?;
    let new = NewRun {
        arguments,
        singleton_key: None,
    };
    let run = insert(txn, wake, &actor.subject, &new, None).await?;
    let run = run.ok_or_else(|| Error::internal("a run without a key met an equal one"))?;
    work_for(txn, actor, &run).await?;
    Ok(run)
}

/// Makes a run in the caller's transaction, or gives the equal one of the same actor that waits already.
pub(super) async fn enqueue(
    txn: &Transaction,
    wake: &dyn JobNotifier,
    actor: &Actor,
    new: &NewRun,
) -> Result<Requested> {
    let key = new.singleton_key.as_deref();
    let singleton_key = match Principal::of(actor) {
        Some(principal) => key.map(|key| principal.singleton_key(key)),
        None => key.map(str::to_owned),
    };
    let new = NewRun {
        singleton_key,
        ..new.clone()
    };
    // The equal run may be claimed between the two statements: then there is room for a new one.
    for _ in 0..3 {
        if let Some(run) = insert(txn, wake, &actor.subject, &new, None).await? {
            work_for(txn, actor, &run).await?;
            return Ok(Requested { run, created: true });
        }
        // Somebody waits for it now: it is to leave a trace, whatever it was made for.
        let equal = sql::row(
            txn,
            "UPDATE scheduler_jobs SET recruited_by = NULL
             WHERE singleton_key = $1 AND status = 'QUEUED' RETURNING *",
            [new.singleton_key.clone().into()],
        );
        if let Some(run) = equal.await? {
            work_for(txn, actor, &run).await?;
            return Ok(Requested { run, created: false });
        }
    }
    Err(Error::internal(
        "equal runs were queued and claimed too fast to be told apart",
    ))
}

/// Makes a run and wakes the queue. `None` when an equal one waits, or the schedule's tick has a run.
pub(super) async fn insert(
    txn: &Transaction,
    wake: &dyn JobNotifier,
    requested_by: &str,
    new: &NewRun,
    scheduled_for: Option<DateTime<Utc>>,
) -> Result<Option<Run>> {
    let run: Option<Run> = sql::row(
        txn,
        "INSERT INTO scheduler_jobs
             (job_name, arguments, requested_by, singleton_key, scheduled_for, exclusive_key, priority)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING *",
        [
            new.arguments.job().into(),
            new.arguments.to_json()?.into(),
            requested_by.into(),
            new.singleton_key.clone().into(),
            scheduled_for.into(),
            new.arguments.exclusive_key().into(),
            new.arguments.priority().into(),
        ],
    )
    .await?;
    if let Some(run) = &run {
        wake.wake(txn, run.id, run.run_at).await?;
    }
    Ok(run)
}

/// Has a run work in the name of the actor.
async fn work_for(txn: &Transaction, actor: &Actor, run: &Run) -> Result<()> {
    match Principal::of(actor) {
        Some(principal) => principal.take_over(txn, run.id).await,
        None => Ok(()),
    }
}

/// Passes for who may cancel the run: whoever asked for it, and those who might have.
fn may_cancel(actor: &Actor, run: &Run) -> Result<()> {
    if run.requested_by == actor.subject {
        return actor.require(Role::Approver);
    }
    actor.require(role_for(run.job_name))?;
    actor.require_all_accounts()
}

/// Passes for who may try the run again: those who might ask for it now. Decisions are limited to the actor's accounts.
fn may_retry(actor: &Actor, run: &Run) -> Result<()> {
    actor.require(role_for(run.job_name))?;
    if run.job_name == JobName::Decide && run.requested_by == actor.subject {
        return Ok(());
    }
    actor.require_all_accounts()
}

async fn get(db: &impl ConnectionTrait, id: i64) -> Result<Run> {
    find(db, id).await?.ok_or_else(|| not_found(id))
}

/// The run of this key.
pub(crate) async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Option<Run>> {
    let run = scheduler_job::find(&AccountScope::All).filter(scheduler_job::Column::Id.eq(id));
    Ok(run.one(db).await?)
}

fn conflict(run: &Run, why: &str) -> Error {
    let status = sea_orm::ActiveEnum::to_value(&run.status);
    Error::Validation(vec![Problem::field(
        ProblemCode::Conflict,
        "id",
        format!("run {} is {status}: {why}", run.id),
    )])
}
