//! apalis' queue in PostgreSQL, as far as it serves us: it carries ids of runs to idle workers.

use crate::db::{Transaction, migrate, sql};
use crate::error::{Error, Result};
use crate::runs::JobNotifier;
use apalis_postgres::PostgresStorage;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::time::Duration;

/// The queue's name. apalis would take the name of a Rust type.
pub(super) const NAME: &str = "runs";

/// Makes apalis' tables, or brings them up to date; any number of replicas may do so together.
pub async fn setup(db: &DatabaseConnection) -> Result<()> {
    migrate::with_lock(db, async {
        db.execute_unprepared(
            "CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS pgcrypto",
        )
        .await?;
        let mut migrations = PostgresStorage::migrations();
        // A replica of a newer version may have brought them further; whether this one works with what that version
        // made of the database is for our own migrations to say.
        migrations.set_ignore_missing(true);
        migrations
            .run(db.get_postgres_connection_pool())
            .await
            .map_err(|error| Error::internal(format!("the queue's tables: {error}")))
    })
    .await
}

/// Wakes workers through apalis' table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Queue;

#[async_trait::async_trait]
impl JobNotifier for Queue {
    async fn wake(&self, txn: &Transaction, run_id: i64, run_at: DateTime<Utc>) -> Result<()> {
        // As apalis' own codec writes a number: its JSON. A trigger announces the row to the workers that listen.
        let payload = run_id.to_string().into_bytes();
        // A run that nobody gets to is woken again and again: one task of it in the queue is enough.
        sql::execute(
            txn,
            "DELETE FROM apalis.jobs WHERE job_type = $1 AND status = 'Pending' AND job = $2",
            [NAME.into(), payload.clone().into()],
        )
        .await?;
        sql::execute(
            txn,
            "INSERT INTO apalis.jobs
                 (id, job_type, job, status, attempts, max_attempts, run_at, priority, metadata)
             VALUES (apalis.generate_ulid(), $1, $2, 'Pending', 0, 1, $3, 0, ''::hstore)",
            [NAME.into(), payload.into(), run_at.into()],
        )
        .await?;
        Ok(())
    }
}

/// Deletes tasks that ended before `age`, and workers that have been silent for as long; apalis keeps both for ever.
/// Gives how many tasks went.
pub(super) async fn prune(db: &DatabaseConnection, age: Duration) -> Result<u64> {
    let age = age.as_secs_f64();
    let tasks = sql::execute(
        db,
        "DELETE FROM apalis.jobs WHERE job_type = $1 AND status IN ('Done', 'Failed', 'Killed')
             AND coalesce(done_at, lock_at, run_at) < now() - $2 * interval '1 second'",
        [NAME.into(), age.into()],
    )
    .await?;
    sql::execute(
        db,
        "DELETE FROM apalis.workers w WHERE worker_type = $1 AND last_seen < now() - $2 * interval '1 second'
             AND NOT EXISTS (SELECT FROM apalis.jobs WHERE lock_by = w.id)",
        [NAME.into(), age.into()],
    )
    .await?;
    Ok(tasks)
}
