//! Locks that a test holds, and the sessions that wait for them.

use super::service::Service;
use super::wait::wait_until;
use sea_orm::DatabaseConnection;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

/// True when a session of the current database has been blocked by a lock for `$1` seconds.
const BLOCKED: &str = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE a.datname = current_database() AND NOT l.granted
       AND l.waitstart <= clock_timestamp() - make_interval(secs => $1))";

const DEADLOCKS: &str = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";

/// Waits until a session of this database is blocked by a lock.
pub async fn wait_until_blocked(database: &DatabaseConnection) {
    wait_until_blocked_for(database, Duration::ZERO).await;
}

/// Waits until a session of this database has been blocked by a lock for so long.
pub async fn wait_until_blocked_for(database: &DatabaseConnection, time: Duration) {
    wait_until(
        Duration::from_secs(20),
        "a session that waits for a lock",
        async || {
            let pool = database.get_postgres_connection_pool();
            let blocked = sqlx::query_scalar(BLOCKED).bind(time.as_secs_f64());
            let is_blocked: bool = blocked.fetch_one(pool).await.unwrap();
            is_blocked
        },
    )
    .await;
}

/// Waits until PostgreSQL has counted so many deadlocks (SQLSTATE 40P01) in this database.
pub async fn wait_until_deadlocks_are(database: &DatabaseConnection, wanted: i64) {
    wait_until(
        Duration::from_secs(30),
        format!("{wanted} deadlocks"),
        async || {
            let pool = database.get_postgres_connection_pool();
            let counted: i64 = sqlx::query_scalar(DEADLOCKS).fetch_one(pool).await.unwrap();
            if counted == wanted { Ok(()) } else { Err(counted) }
        },
    )
    .await;
}

/// A table that nobody else reads or writes.
pub struct TableLock {
    holder: PgConnection,
    /// Outside of the transaction, in which the sessions would be shown as they were at first.
    observer: PgConnection,
}

impl TableLock {
    pub async fn acquire(service: &Service, table: &str) -> Self {
        let mut holder = PgConnection::connect(&service.db.url()).await.unwrap();
        let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        sqlx::raw_sql(AssertSqlSafe(lock))
            .execute(&mut holder)
            .await
            .unwrap();
        let observer = PgConnection::connect(&service.db.url()).await.unwrap();
        Self { holder, observer }
    }

    /// Number of the service's sessions that wait for it.
    pub async fn waiting(&mut self) -> i64 {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name LIKE 'virtual-tagging%' AND wait_event_type = 'Lock'";
        sqlx::query_scalar(count)
            .fetch_one(&mut self.observer)
            .await
            .unwrap()
    }

    pub async fn wait_until_waiting(&mut self, wanted: i64) {
        self.wait_until_waiting_within(Duration::from_secs(10), wanted)
            .await;
    }

    pub async fn wait_until_waiting_within(&mut self, timeout: Duration, wanted: i64) {
        let description = format!("{wanted} sessions of the service that wait for the lock");
        wait_until(timeout, description, async || match self.waiting().await {
            waiting if waiting == wanted => Ok(()),
            waiting => Err(waiting),
        })
        .await;
    }

    pub async fn release(self) {
        self.holder.close().await.unwrap();
    }
}
