//! Options of connections and sessions, and the test that one passes before it is used.

use super::cancellation;
use super::health::LastOutage;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use std::sync::LazyLock;
use std::time::Duration;
use tracing::log::LevelFilter;

/// Sizes and timeouts of the pools.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Connections at most; at least one.
    pub max_connections: u32,
    /// Connections at most for callers limited to accounts, beside the others; at least one. See [`super::row_security`].
    pub scoped_connections: u32,
    /// Name that the connections give; see [`super::budget`].
    pub application_name: String,
    /// Time for which a request waits for a connection.
    pub acquire_timeout: Duration,
    /// Time that PostgreSQL may take for one statement of a request or a job's chunk.
    pub statement_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 16,
            scoped_connections: 8,
            application_name: "virtual-tagging".to_owned(),
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_mins(1),
        }
    }
}

/// Idle time from which on a connection is pinged before it is used: that costs a busy pool nothing, and a connection
/// that broke unseen meanwhile no request.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Time for the answer of a connection that is pinged.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Idle time after which a connection is given back to PostgreSQL, for others.
const IDLE_TIMEOUT: Duration = Duration::from_mins(2);

/// Age at which a connection is replaced, so that a pool follows a change of addresses, and servers forget what they
/// keep for a session.
const MAX_LIFETIME: Duration = Duration::from_mins(30);

/// Time at which a connection last refused a statement that it had planned before the schema changed: connections of
/// before are of no use.
pub(super) static STALE_PLANS: LazyLock<LastOutage> = LazyLock::new(LastOutage::new);

/// Options that the pools have in common.
pub(super) fn pool_options(settings: &PoolSettings, connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(settings.acquire_timeout)
        .max_lifetime(MAX_LIFETIME)
        .idle_timeout(IDLE_TIMEOUT)
        // Measured, not logged, by `telemetry`.
        .acquire_time_level(LevelFilter::Debug)
        // The hook before a connection is given out does it, when there is a reason.
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(cancellation::can_return_to_pool(connection)))
}

/// Tells whether a connection can be used. An error closes it without a farewell, which a server that is gone would not
/// answer.
pub(super) async fn is_alive(
    connection: &mut PgConnection,
    is_newer: bool,
    idle: Duration,
) -> sqlx::Result<bool> {
    if is_newer && idle <= TRUSTED_IDLE {
        return Ok(true);
    }
    answers(is_newer, connection.ping()).await
}

/// Waits for the answer of a connection; one that broke is not asked.
pub(super) async fn answers(
    is_newer: bool,
    answer: impl Future<Output = sqlx::Result<()>>,
) -> sqlx::Result<bool> {
    if !is_newer {
        return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
    }
    let answered = tokio::time::timeout(PING_TIMEOUT, answer).await;
    answered.map_err(|_late| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
    Ok(true)
}

/// Adds the settings of each session. With them no statement waits for ever, and the server notices within a minute that
/// this process is gone: it ends what was left running, and gives the locks of it back.
pub(super) fn session_options(options: PgConnectOptions, settings: &PoolSettings) -> PgConnectOptions {
    let statement_timeout = settings.statement_timeout.as_millis().to_string();
    options
        .application_name(&settings.application_name)
        .statement_cache_capacity(512)
        .options([
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", "20000"),
            // A frozen process lets go of what it holds before its runs are taken from it, see `runs::LEASE_TIMEOUT`.
            ("idle_in_transaction_session_timeout", "20000"),
            // Statements of a caller who is gone end within this time.
            ("client_connection_check_interval", "1000"),
            // A plan that serves all values of a filter serves rare ones badly: walking an order in search of them reads
            // everything. Statements without parameters keep their plan all the same.
            ("plan_cache_mode", "force_custom_plan"),
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            ("timezone", "UTC"),
            // Whatever a database or a role sets for people who read with SQL.
            ("virtual_tagging.accounts", ""),
        ])
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Warn, Duration::from_secs(2))
}
