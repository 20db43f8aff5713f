//! Helpers: runs that share the work of another.

use super::handle::RunHandle;
use super::{Run, principal, queue};
use crate::db::{Begin, sql};
use crate::error::Result;
use sea_orm::DatabaseConnection;

/// Asks for one more run with the same arguments, in the same name, which a worker of any replica takes as soon as it is idle, and which
/// may ask for helpers in its turn. Gives whether it did: not while one waits already, nor when `max_parallelism` runs are at work.
///
/// For jobs that share their work out by locks on its parts. `max_parallelism` is how many runs find something to do at the
/// same time, this one included. A helper that did nothing when it succeeds is deleted, so that
/// helpers leave no traces where everybody is busy.
pub async fn spawn_helper(db: &DatabaseConnection, handle: &RunHandle, max_parallelism: i64) -> Result<bool> {
    if max_parallelism < 2 {
        return Ok(false);
    }
    let singleton_key = match (&handle.principal, &handle.spec.singleton_key) {
        (Some(principal), Some(key)) => Some(principal.singleton_key(key)),
        (_, key) => key.clone(),
    };
    let txn = db.begin().await?;
    let run: Option<Run> = sql::row(
        &txn,
        "INSERT INTO scheduler_jobs
             (job_name, arguments, requested_by, singleton_key, exclusive_key, priority, recruited_by)
         SELECT $1, $2, $3, $4, $5, $6, $7
          WHERE NOT EXISTS (SELECT FROM scheduler_jobs
                             WHERE job_name = $1 AND arguments = $2 AND status = 'QUEUED' AND run_at <= now())
            AND (SELECT count(*) FROM scheduler_jobs
                  WHERE job_name = $1 AND arguments = $2 AND status = 'RUNNING') < $8
         ON CONFLICT DO NOTHING RETURNING *",
        [
            handle.spec.job.into(),
            handle.spec.arguments.clone().into(),
            handle.requested_by.clone().into(),
            singleton_key.into(),
            handle.spec.exclusive_key.clone().into(),
            handle.spec.priority.into(),
            handle.run_id.into(),
            max_parallelism.into(),
        ],
    )
    .await?;
    if let Some(run) = &run {
        principal::share(&txn, handle.run_id, run.id).await?;
        queue::enqueue(&txn, run.id, run.run_at).await?;
    }
    txn.commit().await?;
    Ok(run.is_some())
}
