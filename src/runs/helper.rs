//! Sharing a run's work with idle workers.

use super::{JobNotifier, RunHandle, principal};
use crate::db::{Begin, sql};
use crate::error::Result;
use crate::runs::Run;
use sea_orm::DatabaseConnection;

/// Asks for one more run with the same arguments, in the same name, which a worker of any replica takes as soon as it is idle, and which
/// may recruit in its turn. Gives whether it did: not while one waits already, nor when `max_parallelism` runs are at work.
///
/// For jobs that share their work out by locks on its parts. `max_parallelism` is how many runs find something to do at the
/// same time, this one included. A recruited run that did nothing when it succeeds is deleted, so that recruiting
/// leaves no traces where everybody is busy.
pub async fn spawn_helper(
    db: &DatabaseConnection,
    wake: &dyn JobNotifier,
    handle: &RunHandle,
    max_parallelism: i64,
) -> Result<bool> {
    if max_parallelism < 2 {
        return Ok(false);
    }
    let singleton_key = handle.arguments.singleton_key();
    let singleton_key = match &handle.principal {
        Some(principal) => principal.singleton_key(&singleton_key),
        None => singleton_key,
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
            handle.arguments.job().into(),
            handle.arguments.to_json()?.into(),
            handle.requested_by.clone().into(),
            singleton_key.into(),
            handle.arguments.exclusive_key().into(),
            handle.arguments.priority().into(),
            handle.run_id.into(),
            max_parallelism.into(),
        ],
    )
    .await?;
    if let Some(run) = &run {
        principal::share(&txn, handle.run_id, run.id).await?;
        wake.wake(&txn, run.id, run.run_at).await?;
    }
    txn.commit().await?;
    Ok(run.is_some())
}
