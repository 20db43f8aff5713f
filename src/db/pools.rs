//! Pools of connections, one for everything and one that is limited to accounts.

use super::connection::{PoolSettings, STALE_PLANS, is_alive, pool_options, session_options};
use super::health::{HealthMonitor, LastOutage};
use super::row_security;
use crate::error::Result;
use crate::telemetry::names;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// Pools of one database.
#[derive(Clone)]
pub struct Pools {
    /// Pool that sees everything: for the service itself, for callers of all accounts, and for every change.
    pub all: DatabaseConnection,
    /// Pool for reads of callers limited to accounts.
    pub scoped: DatabaseConnection,
    /// Monitor that, once it runs, has both pools forget connections that a restart of the database broke. It has a
    /// connection more.
    pub watch: HealthMonitor,
}

impl Pools {
    /// Opens the pools and checks that the database answers.
    ///
    /// Gives [`crate::error::Error::Unavailable`] when it cannot be reached within `acquire_timeout`. Statements are
    /// logged at TRACE only.
    pub async fn open(options: PgConnectOptions, settings: &PoolSettings) -> Result<Self> {
        let options = session_options(options, settings);
        let last_outage = LastOutage::new();
        let of_pool = last_outage.clone();
        let all = pool_options(settings, settings.max_connections)
            .before_acquire(move |connection, meta| {
                let is_newer =
                    of_pool.is_newer_than_outage(meta.age) && STALE_PLANS.is_newer_than_outage(meta.age);
                Box::pin(async move { is_alive(connection, is_newer, meta.idle_for).await })
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

    /// Sets the gauges of both pools. Connections that [`super::ReadPool`] keeps for a moment are in use.
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

/// Records how long a statement took, the wait for a connection excluded.
pub(super) fn measure(pool: &'static str, elapsed: Duration) {
    metrics::histogram!(names::STATEMENT_SECONDS, "pool" => pool).record(elapsed);
}
