//! PostgreSQL: the pool, migrations, SQL written by hand, and the server that the service runs for itself.

#[cfg(feature = "embedded")]
pub mod embedded;
pub mod migrate;
pub mod sql;

use crate::error::Result;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

/// How the pool behaves.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Connections at most; at least one.
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may work on one statement of a request or a job's chunk.
    pub statement_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_mins(1),
        }
    }
}

/// Opens a pool and proves that the database answers.
///
/// Gives [`crate::error::Error::Database`] when it cannot be reached within `acquire_timeout`. Statements are
/// logged at TRACE only, and a connection is not pinged before each use: a broken one shows itself by an error.
pub async fn connect(options: PgConnectOptions, settings: &PoolSettings) -> Result<DatabaseConnection> {
    let statement_timeout = settings.statement_timeout.as_millis().to_string();
    let options = options
        .application_name("virtual-tagging")
        .statement_cache_capacity(512)
        .options([
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", "20000"),
            // A frozen process lets go of what it holds before its runs are taken from it, see `runs::DEAD_AFTER`.
            ("idle_in_transaction_session_timeout", "20000"),
            ("timezone", "UTC"),
        ])
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(2));
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections.max(1))
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
