//! Claiming: a worker takes a run that waits.

use super::Run;
use super::definition::JobDefinitions;
use super::handle::{RunHandle, claimable};
use super::principal::Principal;
use crate::db::sql;
use crate::error::Result;
use sea_orm::DatabaseConnection;
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

/// A worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerId {
    /// The name that the history shows.
    pub name: String,
    /// The advisory lock that the worker's process holds for as long as it lives, if it holds one: by it a death is
    /// noticed within seconds, see [`super::reclaim_orphans`].
    pub key: Option<i64>,
}

/// Takes the run that comes first: of the highest priority, and of those the one that has been due for longest. `None` when
/// none is queued and due, of jobs that this program knows, or those that are wait for the end of another run with their
/// exclusive key.
///
/// `stop` ends the work at the next checkpoint when this process shuts down. A run whose arguments cannot be read
/// fails for good.
pub async fn claim_next(
    db: &DatabaseConnection,
    jobs: &JobDefinitions,
    worker: &WorkerId,
    stop: CancellationToken,
) -> Result<Option<RunHandle>> {
    let take = concat!(
        "UPDATE scheduler_jobs SET status = 'RUNNING', attempt = attempt + 1, fence = fence + 1, worker = $2,
             worker_key = $3, heartbeat_at = now(), claimed_at = now(), progress_claimed = progress_done,
             started_at = coalesce(started_at, now())
         WHERE id = (SELECT r.id FROM scheduler_jobs r WHERE ",
        claimable!(),
        " ORDER BY r.priority DESC, r.run_at, r.id LIMIT 1 FOR UPDATE SKIP LOCKED) AND status = 'QUEUED' RETURNING *"
    );
    // Two workers may take two runs with one exclusive key at the same moment; the one that comes second looks again.
    for _ in 0..3 {
        let binds = [jobs.names().into(), worker.name.clone().into(), worker.key.into()];
        match sql::row(db, take, binds).await {
            Ok(None) => return Ok(None),
            Ok(Some(run)) => return hold(db, jobs, run, stop).await.map(Some),
            Err(error) if sql::is_taken(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn hold(
    db: &DatabaseConnection,
    jobs: &JobDefinitions,
    run: Run,
    stop: CancellationToken,
) -> Result<RunHandle> {
    let job = *jobs.get(run.job_name)?;
    match job.new_run(&run.arguments) {
        Ok(spec) => Ok(RunHandle {
            run_id: run.id,
            attempt: run.attempt,
            job,
            spec,
            jobs: jobs.clone(),
            asked_at: run.scheduled_for.unwrap_or(run.created_at),
            requested_by: run.requested_by,
            done_before: run.progress_done,
            total_before: run.progress_total,
            is_helper: run.recruited_by.is_some(),
            fence: run.fence,
            principal: Principal::load(db, run.id).await?,
            stopped: OnceLock::new(),
            cancellation: stop.child_token(),
            stop,
        }),
        Err(error) => {
            sql::execute(
                db,
                "UPDATE scheduler_jobs SET status = 'FAILED', error = $3, finished_at = now()
                 WHERE id = $1 AND fence = $2 AND status = 'RUNNING'",
                [run.id.into(), run.fence.into(), error.to_string().into()],
            )
            .await?;
            Err(error)
        }
    }
}
