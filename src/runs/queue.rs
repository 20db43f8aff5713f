//! The queue of apalis in PostgreSQL, as the engine writes to it: a task for each run that waits.
//!
//! A task is added in the transaction that queues the run, which apalis' own interface cannot: so neither is there
//! without the other. A trigger of apalis announces the row to the workers that listen.

use crate::db::{Transaction, sql};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use std::time::Duration;

/// The queue's name. apalis would take the name of a Rust type.
pub const QUEUE: &str = "runs";

/// Adds a task for a run, due at `run_at`.
///
/// A task carries no meaning of its own: its worker takes the run that comes first, one task too many finds nothing to
/// claim, and one that was lost is added again by [`enqueue_missing`].
pub(super) async fn enqueue(txn: &Transaction, run_id: i64, run_at: DateTime<Utc>) -> Result<()> {
    // As apalis' own codec writes a number: its JSON.
    let payload = run_id.to_string().into_bytes();
    // A run that nobody gets to is queued again and again: one task of it is enough. One that is being fetched is left: at a
    // shutdown apalis keeps the transaction of its last fetch open until all runs are handed back, this one among them.
    sql::execute(
        txn,
        "DELETE FROM apalis.jobs WHERE id = ANY (ARRAY(
             SELECT id FROM apalis.jobs WHERE job_type = $1 AND status = 'Pending' AND job = $2 FOR UPDATE SKIP LOCKED))",
        [QUEUE.into(), payload.clone().into()],
    )
    .await?;
    sql::execute(
        txn,
        "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, metadata)
         VALUES (apalis.generate_ulid(), $1, $2, 'Pending', 0, 1, $3, 0, ''::hstore)",
        [QUEUE.into(), payload.into(), run_at.into()],
    )
    .await?;
    Ok(())
}

/// Runs that have been due for so long, in seconds, should have been taken.
const OVERDUE_AFTER_SECONDS: f64 = 0.5;

/// Adds tasks for runs that are due and have none: a worker took theirs and died, or found that the run had to wait for
/// another. Gives how many.
pub async fn enqueue_missing(db: &DatabaseConnection) -> Result<u64> {
    sql::execute(
        db,
        "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, metadata)
         SELECT apalis.generate_ulid(), $1, convert_to(r.id::text, 'UTF8'), 'Pending', 0, 1, now(), 0, ''::hstore
           FROM scheduler_jobs r
          WHERE r.status = 'QUEUED' AND r.run_at < now() - $2 * interval '1 second'
            AND NOT EXISTS (SELECT FROM scheduler_jobs o
                             WHERE o.status = 'RUNNING' AND o.exclusive_key = r.exclusive_key)
            AND NOT EXISTS (SELECT FROM apalis.jobs j
                             WHERE j.job_type = $1 AND j.status = 'Pending' AND j.job = convert_to(r.id::text, 'UTF8'))",
        [QUEUE.into(), OVERDUE_AFTER_SECONDS.into()],
    )
    .await
}

/// Deletes tasks that ended before `age`, and workers that have been silent for as long; apalis keeps both for ever.
/// Gives how many tasks went.
pub async fn prune_tasks(db: &DatabaseConnection, age: Duration) -> Result<u64> {
    let age = age.as_secs_f64();
    let tasks = sql::execute(
        db,
        "DELETE FROM apalis.jobs WHERE job_type = $1 AND status IN ('Done', 'Failed', 'Killed')
             AND coalesce(done_at, lock_at, run_at) < now() - $2 * interval '1 second'",
        [QUEUE.into(), age.into()],
    )
    .await?;
    sql::execute(
        db,
        "DELETE FROM apalis.workers w WHERE worker_type = $1 AND last_seen < now() - $2 * interval '1 second'
             AND NOT EXISTS (SELECT FROM apalis.jobs WHERE lock_by = w.id)",
        [QUEUE.into(), age.into()],
    )
    .await?;
    Ok(tasks)
}
