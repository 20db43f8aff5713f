//! Runs that nobody looks after any more.

use super::Wake;
use crate::db::sql;
use crate::domain::RunStatus;
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, FromQueryResult, TransactionTrait};
use std::time::Duration;

/// A worker that was silent for so long is dead.
pub const DEAD_AFTER: Duration = Duration::from_mins(1);

/// A wake-up that led to nothing for so long was lost.
const LOST_AFTER: Duration = Duration::from_secs(30);

/// What a rescue did, in numbers of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Taken from dead workers and queued again.
    pub requeued: usize,
    /// Taken from dead workers with no attempts left, or with a cancellation waiting.
    pub ended: usize,
    /// Woken again.
    pub woken: usize,
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    status: RunStatus,
    run_at: DateTime<Utc>,
}

/// Takes runs from workers that died, and wakes runs whose wake-up was lost. Replicas that do it at the same time
/// share the work.
pub async fn rescue(db: &DatabaseConnection, wake: &dyn Wake) -> Result<Rescued> {
    let txn = db.begin().await?;
    let orphans: Vec<Row> = sql::rows(
        &txn,
        "UPDATE scheduler_jobs r SET status = next.status, singleton_key = NULL, woken_at = now(),
             error = 'the worker ' || coalesce(worker, '') || ' fell silent', worker = NULL,
             run_at = CASE next.status WHEN 'QUEUED' THEN now() ELSE run_at END,
             finished_at = CASE WHEN next.status <> 'QUEUED' THEN now() END
         FROM (SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                               WHEN attempt < max_attempts THEN 'QUEUED' ELSE 'FAILED' END AS status
                 FROM scheduler_jobs
                WHERE status = 'RUNNING' AND heartbeat_at < now() - $1 * interval '1 second'
                  FOR UPDATE SKIP LOCKED) next
         WHERE r.id = next.id RETURNING r.id, r.status, r.run_at",
        [DEAD_AFTER.as_secs_f64().into()],
    )
    .await?;
    let sleepers: Vec<Row> = sql::rows(
        &txn,
        "UPDATE scheduler_jobs r SET woken_at = now()
         FROM (SELECT id FROM scheduler_jobs
                WHERE status = 'QUEUED' AND greatest(run_at, woken_at) < now() - $1 * interval '1 second'
                  FOR UPDATE SKIP LOCKED) next
         WHERE r.id = next.id RETURNING r.id, r.status, r.run_at",
        [LOST_AFTER.as_secs_f64().into()],
    )
    .await?;
    let requeued = orphans.iter().filter(|run| run.status == RunStatus::Queued);
    let rescued = Rescued {
        requeued: requeued.clone().count(),
        ended: orphans.len() - requeued.clone().count(),
        woken: sleepers.len(),
    };
    for run in requeued.chain(&sleepers) {
        wake.wake(&txn, run.id, run.run_at).await?;
    }
    txn.commit().await?;
    Ok(rescued)
}

/// Deletes runs that ended before `older_than`, but of each job keeps the newest `keep`. Gives how many went.
pub async fn prune(db: &DatabaseConnection, older_than: DateTime<Utc>, keep: u32) -> Result<u64> {
    sql::execute(
        db,
        "DELETE FROM scheduler_jobs r USING
             (SELECT id, row_number() OVER (PARTITION BY job_name ORDER BY id DESC) AS rank FROM scheduler_jobs) ranked
         WHERE r.id = ranked.id AND ranked.rank > $2 AND r.finished_at < $1
           AND r.status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
        [older_than.into(), i64::from(keep).into()],
    )
    .await
}
