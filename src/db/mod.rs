//! PostgreSQL: the pool, migrations, SQL written by hand, and the server that the service runs for itself.

mod awaited;
mod begin;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod migrate;
pub mod sql;
mod watch;

pub use awaited::awaited;
pub use watch::Watch;

pub use begin::{Begin, begin_on};

use crate::error::Result;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use std::time::Duration;
use watch::Broken;

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
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_mins(1),
        }
    }
}

/// A connection that was idle for longer is asked whether it is alive before it is used: that costs a busy pool
/// nothing, and a connection that broke unseen meanwhile no request.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// The time for the answer of a connection that is asked whether it is alive.
const PING: Duration = Duration::from_secs(1);

/// Connections are replaced at this age, so that a pool follows a change of addresses, and servers forget what they
/// keep for a session.
const LIFETIME: Duration = Duration::from_mins(30);

/// Opens a pool and proves that the database answers.
///
/// Gives [`crate::error::Error::Unavailable`] when it cannot be reached within `acquire_timeout`. Statements are
/// logged at TRACE only.
pub async fn connect(options: PgConnectOptions, settings: &PoolSettings) -> Result<DatabaseConnection> {
    Ok(connect_watched(options, settings).await?.0)
}

/// As [`connect`], with a [`Watch`] over the database: once it runs, the pool forgets connections that a restart of the
/// database broke. The watch has one connection more.
pub async fn connect_watched(
    options: PgConnectOptions,
    settings: &PoolSettings,
) -> Result<(DatabaseConnection, Watch)> {
    let options = session(options, settings);
    let broken = Broken::new();
    let watch = Watch::new(options.clone(), broken.clone());
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections.max(1))
        .acquire_timeout(settings.acquire_timeout)
        .max_lifetime(LIFETIME)
        .idle_timeout(Duration::from_mins(10))
        // The hook below does it, when there is a reason.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let spared = broken.spares(meta.age);
            Box::pin(async move { is_alive(connection, spared, meta.idle_for).await })
        })
        .after_release(|connection, _| Box::pin(awaited::comes_back(connection)))
        .connect_with(options)
        .await?;
    Ok((SqlxPostgresConnector::from_sqlx_postgres_pool(pool), watch))
}

/// An error closes the connection without a farewell, which a server that is gone would not answer.
async fn is_alive(connection: &mut PgConnection, spared: bool, idle: Duration) -> sqlx::Result<bool> {
    if !spared {
        return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
    }
    if idle > TRUSTED_IDLE {
        tokio::time::timeout(PING, connection.ping())
            .await
            .map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
    }
    Ok(true)
}

/// The settings of each session. With them no statement waits for ever, and the server notices within a minute that we
/// are gone: it ends what we left running, and gives the locks of it back.
fn session(options: PgConnectOptions, settings: &PoolSettings) -> PgConnectOptions {
    let statement_timeout = settings.statement_timeout.as_millis().to_string();
    options
        .application_name("virtual-tagging")
        .statement_cache_capacity(512)
        .options([
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", "20000"),
            // A frozen process lets go of what it holds before its runs are taken from it, see `runs::DEAD_AFTER`.
            ("idle_in_transaction_session_timeout", "20000"),
            // What runs for a caller who is gone ends within this time.
            ("client_connection_check_interval", "1000"),
            // A plan that serves all values of a filter serves rare ones badly: walking an order in search of them reads
            // everything. Statements without parameters keep their plan all the same.
            ("plan_cache_mode", "force_custom_plan"),
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            ("timezone", "UTC"),
        ])
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(2))
}
