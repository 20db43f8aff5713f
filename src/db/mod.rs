//! PostgreSQL: the pool, migrations, SQL written by hand, and the server that the service runs for itself.

pub mod budget;
mod cancellation;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod estimate;
mod health;
pub mod keyset;
pub mod migrate;
mod notify;
pub mod opaque;
pub mod row_security;
pub mod sql;
pub mod structure;
mod transaction;

pub use cancellation::cancel_aware;
pub use health::HealthMonitor;
pub use transaction::{Begin, Notification, Transaction, begin_on};

use crate::error::Result;
use crate::telemetry::names;
use health::LastOutage;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use std::sync::LazyLock;
use std::time::Duration;
use tracing::log::LevelFilter;

/// How the pool behaves.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Connections at most; at least one.
    pub max_connections: u32,
    /// Connections at most for callers limited to accounts, beside the others; at least one. See [`scoped`].
    pub scoped_connections: u32,
    /// What the connections call themselves; see [`budget`].
    pub application_name: String,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may work on one statement of a request or a job's chunk.
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

/// A connection that was idle for longer is asked whether it is alive before it is used: that costs a busy pool
/// nothing, and a connection that broke unseen meanwhile no request.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// The time for the answer of a connection that is asked whether it is alive.
const PING: Duration = Duration::from_secs(1);

/// Connections that nobody needed for so long are given back to PostgreSQL, for others.
const IDLE: Duration = Duration::from_mins(2);

/// Connections are replaced at this age, so that a pool follows a change of addresses, and servers forget what they
/// keep for a session.
const LIFETIME: Duration = Duration::from_mins(30);

/// When a connection last refused a statement that it had planned before the schema changed: those of before are of no
/// use.
static STALE_PLANS: LazyLock<LastOutage> = LazyLock::new(LastOutage::new);

/// The ways to one database.
#[derive(Clone)]
pub struct Pools {
    /// Sees everything: for the service itself, for callers of all accounts, and for every change.
    pub all: DatabaseConnection,
    /// For what callers limited to accounts read.
    pub scoped: DatabaseConnection,
    /// Once it runs, both pools forget connections that a restart of the database broke. It has a connection more.
    pub watch: HealthMonitor,
}

impl Pools {
    /// Opens the pools and proves that the database answers.
    ///
    /// Gives [`crate::error::Error::Unavailable`] when it cannot be reached within `acquire_timeout`. Statements are
    /// logged at TRACE only.
    pub async fn open(options: PgConnectOptions, settings: &PoolSettings) -> Result<Self> {
        let options = session(options, settings);
        let last_outage = LastOutage::new();
        let of_pool = last_outage.clone();
        let all = lasting(settings, settings.max_connections)
            .before_acquire(move |connection, meta| {
                let spared =
                    of_pool.is_newer_than_outage(meta.age) && STALE_PLANS.is_newer_than_outage(meta.age);
                Box::pin(async move { is_alive(connection, spared, meta.idle_for).await })
            })
            .connect_with(options.clone())
            .await?;
        let mut all = SqlxPostgresConnector::from_sqlx_postgres_pool(all);
        let mut scoped = row_security::pool(options.clone(), settings, last_outage.clone());
        all.set_metric_callback(|statement| measure("all", statement.elapsed));
        scoped.set_metric_callback(|statement| measure("scoped", statement.elapsed));
        Ok(Self {
            all,
            scoped,
            watch: HealthMonitor::new(options, last_outage),
        })
    }

    /// Sets the gauges of both pools.
    pub fn record_size(&self) {
        for (name, pool) in [("all", &self.all), ("scoped", &self.scoped)] {
            let pool = pool.get_postgres_connection_pool();
            let idle = pool.num_idle() as f64;
            metrics::gauge!(names::POOL, "pool" => name, "state" => "idle").set(idle);
            metrics::gauge!(names::POOL, "pool" => name, "state" => "used")
                .set((f64::from(pool.size()) - idle).max(0.0));
            metrics::gauge!(names::POOL_MAX, "pool" => name).set(pool.options().get_max_connections());
        }
    }

    /// Closes both pools, when what they are used for has ended.
    pub async fn close(&self) {
        self.scoped.get_postgres_connection_pool().close().await;
        self.all.get_postgres_connection_pool().close().await;
    }
}

/// [`Pools::all`] alone, for who needs no more.
pub async fn connect(options: PgConnectOptions, settings: &PoolSettings) -> Result<DatabaseConnection> {
    Ok(Pools::open(options, settings).await?.all)
}

/// Records how long a statement took, the wait for a connection excluded.
fn measure(pool: &'static str, elapsed: Duration) {
    metrics::histogram!(names::STATEMENT_SECONDS, "pool" => pool).record(elapsed);
}

/// What the pools have in common.
fn lasting(settings: &PoolSettings, connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(settings.acquire_timeout)
        .max_lifetime(LIFETIME)
        .idle_timeout(IDLE)
        // Measured, not logged, by `telemetry`.
        .acquire_time_level(LevelFilter::Debug)
        // The hook before a connection is given out does it, when there is a reason.
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(cancellation::can_return_to_pool(connection)))
}

/// An error closes the connection without a farewell, which a server that is gone would not answer.
async fn is_alive(connection: &mut PgConnection, spared: bool, idle: Duration) -> sqlx::Result<bool> {
    if spared && idle <= TRUSTED_IDLE {
        return Ok(true);
    }
    answers(spared, connection.ping()).await
}

/// Whether a connection answers in time; one that broke is not asked.
async fn answers(spared: bool, answer: impl Future<Output = sqlx::Result<()>>) -> sqlx::Result<bool> {
    if !spared {
        return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
    }
    let answered = tokio::time::timeout(PING, answer).await;
    answered.map_err(|_late| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
    Ok(true)
}

/// The settings of each session. With them no statement waits for ever, and the server notices within a minute that we
/// are gone: it ends what we left running, and gives the locks of it back.
fn session(options: PgConnectOptions, settings: &PoolSettings) -> PgConnectOptions {
    let statement_timeout = settings.statement_timeout.as_millis().to_string();
    options
        .application_name(&settings.application_name)
        .statement_cache_capacity(512)
        .options([
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", "20000"),
            // A frozen process lets go of what it holds before its runs are taken from it, see `runs::LEASE_TIMEOUT`.
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
            // Whatever a database or a role sets for people who read with SQL.
            ("virtual_tagging.accounts", ""),
        ])
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Warn, Duration::from_secs(2))
}
