//! Requests: runs are asked for, cancelled and tried again.

use super::Run;
use super::definition::{JobDefinitions, NewRun};
use super::job::{Job, new_run};
use super::principal::Principal;
use super::queue;
use crate::auth::{Actor, Role};
use crate::db::{Begin, Transaction, sql};
use crate::entities::{AccountScope, RunStatus, scheduler_job};
use crate::error::{Error, Problem, ProblemCode, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, QueryFilter};

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The new run, or the equal one that waits already.
    pub run: Run,
    /// True for a new run, false for an equal one that was queued before.
    pub created: bool,
}

/// Asks for a run as soon as a worker is free. It works in the actor's name, for as long as the actor may.
///
/// Needs [`Job::ROLE`] and access to all accounts.
pub async fn request<J: Job>(db: &DatabaseConnection, actor: &Actor, job: &J) -> Result<Requested> {
    may_request(actor, J::ROLE)?;
    submit(db, actor, &new_run(job)?).await
}

/// As [`request`], in the caller's transaction: the run is there when the change is for which it was asked.
pub async fn request_within<J: Job>(txn: &Transaction, actor: &Actor, job: &J) -> Result<Requested> {
    may_request(actor, J::ROLE)?;
    enqueue(txn, actor, &new_run(job)?).await
}

/// Passes for who may ask for runs that this role may ask for: for what has to be looked at before a run is asked for.
pub fn may_request(actor: &Actor, role: Role) -> Result<()> {
    actor.require(role)?;
    actor.require_all_accounts()
}

/// Makes a run, or gives the equal one that waits already.
pub(super) async fn submit(db: &DatabaseConnection, actor: &Actor, new: &NewRun) -> Result<Requested> {
    let txn = db.begin().await?;
    let requested = enqueue(&txn, actor, new).await?;
    txn.commit().await?;
    Ok(requested)
}

/// Cancels a run: a queued one at once, a running one at its next checkpoint. Cancelling twice changes nothing.
///
/// Needs [`Role::Approver`] of whoever asked for it, and of others [`Job::ROLE`] and access to all accounts.
/// [`ProblemCode::NotFound`] without such a run, [`ProblemCode::Conflict`] for one that has ended otherwise.
pub async fn cancel(db: &DatabaseConnection, jobs: &JobDefinitions, actor: &Actor, id: i64) -> Result<Run> {
    actor.require(Role::Approver)?;
    may_cancel(jobs, actor, &get(db, id).await?)?;
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
pub async fn retry(db: &DatabaseConnection, jobs: &JobDefinitions, actor: &Actor, id: i64) -> Result<Run> {
    actor.require(Role::Approver)?;
    may_retry(jobs, actor, &get(db, id).await?)?;
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
    queue::enqueue(&txn, run.id, run.run_at).await?;
    txn.commit().await?;
    Ok(run)
}

/// Makes a run in the caller's transaction for an actor who may be limited to some accounts: the caller sees to it that
/// the run stays within them. No other run stands for it. Needs [`Job::ROLE`].
pub async fn add<J: Job>(txn: &Transaction, actor: &Actor, job: &J) -> Result<Run> {
    actor.require(J::ROLE)?;
    let new = NewRun {
        singleton_key: None,
        ..new_run(job)?
    };
    let run = insert(txn, &actor.subject, &new, None).await?;
    let run = run.ok_or_else(|| Error::internal("a run without a key met an equal one"))?;
    work_for(txn, actor, &run).await?;
    Ok(run)
}

/// Makes a run in the caller's transaction, or gives the equal one of the same actor that waits already.
pub(super) async fn enqueue(txn: &Transaction, actor: &Actor, new: &NewRun) -> Result<Requested> {
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
        if let Some(run) = insert(txn, &actor.subject, &new, None).await? {
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

/// Makes a run with its task. `None` when an equal one waits, or the schedule's tick has a run.
pub(super) async fn insert(
    txn: &Transaction,
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
            new.job.into(),
            new.arguments.clone().into(),
            requested_by.into(),
            new.singleton_key.clone().into(),
            scheduled_for.into(),
            new.exclusive_key.clone().into(),
            new.priority.into(),
        ],
    )
    .await?;
    if let Some(run) = &run {
        queue::enqueue(txn, run.id, run.run_at).await?;
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
fn may_cancel(jobs: &JobDefinitions, actor: &Actor, run: &Run) -> Result<()> {
    if run.requested_by == actor.subject {
        return actor.require(Role::Approver);
    }
    may_request(actor, jobs.get(run.job_name)?.role)
}

/// Passes for who may try the run again: those who might ask for it now. Some jobs stay within the actor's accounts.
fn may_retry(jobs: &JobDefinitions, actor: &Actor, run: &Run) -> Result<()> {
    let job = jobs.get(run.job_name)?;
    actor.require(job.role)?;
    if job.is_account_scoped && run.requested_by == actor.subject {
        return Ok(());
    }
    actor.require_all_accounts()
}

async fn get(db: &impl ConnectionTrait, id: i64) -> Result<Run> {
    find(db, id)
        .await?
        .ok_or_else(|| Error::not_found("id", format!("run {id}")))
}

/// The run of this key.
pub async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Option<Run>> {
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
