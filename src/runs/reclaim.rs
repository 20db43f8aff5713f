//! Runs whose worker has died.

use super::queue;
use crate::db::{Begin, sql};
use crate::entities::RunStatus;
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, FromQueryResult};
use std::time::Duration;

/// Silence after which a worker counts as dead, though its process may live: it was frozen, or cut off from the database.
/// With the interval of [`reclaim_orphans`] a run is reclaimed within a minute.
pub const LEASE_TIMEOUT: Duration = Duration::from_secs(45);

/// Silence after which a worker counts as dead if nobody holds its advisory lock. Some heartbeats may get lost.
pub const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(3);

/// Time within which living workers hold their locks again after a restart of PostgreSQL, which takes them away.
const LOCKS_BACK_AFTER: Duration = Duration::from_secs(10);

/// Numbers of runs that were taken from dead workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReclaimedRuns {
    /// Queued again.
    pub requeued: usize,
    /// Ended, with no attempts left or a cancellation waiting.
    pub ended: usize,
}

/// Takes runs from workers that died, and queues them again. Replicas that do it at the same time share the
/// work.
///
/// Taking a run from a worker that lives costs a chunk: it is refused at its next checkpoint. As after a failure, an attempt
/// that got further does not count.
pub async fn reclaim_orphans(db: &DatabaseConnection) -> Result<ReclaimedRuns> {
    #[derive(FromQueryResult)]
    struct ReclaimedRow {
        id: i64,
        status: RunStatus,
        run_at: DateTime<Utc>,
    }
    let txn = db.begin().await?;
    let binds = [LEASE_TIMEOUT, HEARTBEAT_TIMEOUT, LOCKS_BACK_AFTER].map(|time| time.as_secs_f64().into());
    let orphans: Vec<ReclaimedRow> = sql::rows(&txn, RECLAIM, binds).await?;
    let requeued = orphans.iter().filter(|run| run.status == RunStatus::Queued);
    let reclaimed = ReclaimedRuns {
        requeued: requeued.clone().count(),
        ended: orphans.len() - requeued.clone().count(),
    };
    for run in requeued {
        queue::enqueue(&txn, run.id, run.run_at).await?;
    }
    txn.commit().await?;
    Ok(reclaimed)
}

/// Materialized, so that the locks of no other workers are tried.
const RECLAIM: &str = "
    WITH quiet AS MATERIALIZED (
        SELECT id, worker_key, heartbeat_at < now() - $1 * interval '1 second' AS dead FROM scheduler_jobs
         WHERE status = 'RUNNING' AND heartbeat_at < now() - $2 * interval '1 second'),
    gone AS MATERIALIZED (
        SELECT id FROM quiet
         WHERE dead OR (worker_key IS NOT NULL
                        AND pg_postmaster_start_time() < now() - $3 * interval '1 second'
                        AND pg_try_advisory_xact_lock_shared(worker_key))),
    next AS (
        SELECT id, further, CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED'
                                 WHEN further OR attempt < max_attempts THEN 'QUEUED' ELSE 'FAILED' END AS status
          FROM scheduler_jobs JOIN gone USING (id),
               LATERAL (SELECT coalesce(progress_done > progress_claimed, false) AS further) f
         WHERE status = 'RUNNING' AND heartbeat_at < now() - $2 * interval '1 second'
           FOR UPDATE OF scheduler_jobs SKIP LOCKED)
    UPDATE scheduler_jobs r SET status = next.status, singleton_key = NULL, woken_at = now(),
           error = 'the worker ' || coalesce(worker, '') || ' fell silent', worker = NULL, worker_key = NULL,
           attempt = CASE WHEN next.status = 'QUEUED' AND further THEN 0 ELSE attempt END,
           run_at = CASE next.status WHEN 'QUEUED' THEN now() ELSE run_at END,
           finished_at = CASE WHEN next.status <> 'QUEUED' THEN now() END
      FROM next WHERE r.id = next.id RETURNING r.id, r.status, r.run_at";
