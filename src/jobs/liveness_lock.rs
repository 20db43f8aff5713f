//! The lock by which other replicas see that this process lives.

use crate::error::Result;
use sea_orm::DatabaseConnection;
use sqlx::postgres::PgConnection;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Pause between two checks of the connection: a restart of PostgreSQL takes the lock away.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// An advisory lock of PostgreSQL with a key of this process's own, held by a connection of its own beside the pool. The
/// kernel closes the connection when the process dies, however it dies, and PostgreSQL then gives the lock back; so
/// that [`crate::runs::reclaim_orphans`] takes the process's runs within seconds.
pub(super) struct LivenessLock {
    db: DatabaseConnection,
    /// Stands in the runs that this process has claimed.
    pub(super) key: i64,
}

impl LivenessLock {
    /// With a new key; not held before [`LivenessLock::hold`] runs.
    pub(super) fn new(db: DatabaseConnection) -> Self {
        let key = rand::random();
        Self { db, key }
    }

    /// Holds the lock until `released`, and takes it again whenever the connection was lost. Without the lock, this
    /// process's heartbeats alone show that it lives.
    pub(super) async fn hold(&self, released: CancellationToken) {
        let hold = async {
            loop {
                if let Err(error) = self.hold_once().await {
                    error.log("the lock that shows this process to be alive was lost");
                }
                tokio::time::sleep(CHECK_INTERVAL).await;
            }
        };
        released.run_until_cancelled(hold).await;
    }

    /// Ends when the connection does.
    async fn hold_once(&self) -> Result<()> {
        let pool = self.db.get_postgres_connection_pool();
        let mut connection = pool.acquire().await?.detach();
        // Waits if PostgreSQL has not yet noticed the end of the connection before.
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(self.key);
        lock.execute(&mut connection).await?;
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            check(&mut connection).await?;
        }
    }
}

async fn check(connection: &mut PgConnection) -> Result<()> {
    let query = sqlx::query("SELECT 1").execute(connection);
    Ok(tokio::time::timeout(CHECK_TIMEOUT, query)
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)?
        .map(drop)?)
}
