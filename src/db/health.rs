//! Health of the database, known before anybody asks.
//!
//! One connection of each process does nothing but notice its own end. When it breaks, the monitor tries to connect until
//! it succeeds. Meanwhile it reports the outage, so that nobody has to wait for a connection in order to learn of it, and
//! afterwards the pool drops the connections that it had opened before.

use crate::error::OutageFailures;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Interval of probes on the watched connection: a host that vanished breaks no connection.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// Time for an answer, and for a connection attempt.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Pauses between two attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Interval of log lines about statements that fail while the database is there.
const REPORT_INTERVAL: Duration = Duration::from_mins(1);
/// SQLSTATE `too_many_connections`: the database is there, only full.
const TOO_MANY_CONNECTIONS: &str = "53300";

/// Query of a probe: the server is a standby; all its connections are in use but those for superusers.
const PROBE: &str = "SELECT pg_is_in_recovery(),
    (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL)
        >= current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
         - coalesce(current_setting('reserved_connections', true)::integer, 0)";

/// Monitor of the database's health. Clones share what they know.
#[derive(Clone)]
pub struct HealthMonitor {
    pool: PgPool,
    /// Reason of the present outage; nothing while the database is there.
    outage: watch::Sender<Option<Arc<str>>>,
    last_outage: LastOutage,
    /// All connections that PostgreSQL has for the service are in use, by whomever.
    is_full: Arc<AtomicBool>,
}

/// Time of the last outage, for the pool: connections that were opened before are of no use.
#[derive(Clone)]
pub(super) struct LastOutage {
    start: Instant,
    /// Milliseconds after `start`; 0 is never.
    at: Arc<AtomicU64>,
}

impl LastOutage {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            at: Arc::default(),
        }
    }

    /// Tells whether a connection of this age was opened since.
    pub(super) fn is_newer_than_outage(&self, age: Duration) -> bool {
        let at = Duration::from_millis(self.at.load(Ordering::Acquire));
        at.is_zero() || self.start.elapsed().saturating_sub(age) > at
    }

    /// Tells whether there was an outage within this time.
    fn is_recent(&self, time: Duration) -> bool {
        !self.is_newer_than_outage(time)
    }

    pub(super) fn now(&self) {
        let millis = self.start.elapsed().as_millis().max(1);
        self.at
            .store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Release);
    }
}

impl HealthMonitor {
    pub(super) fn new(options: PgConnectOptions, last_outage: LastOutage) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PROBE_TIMEOUT)
            .test_before_acquire(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(options);
        Self {
            pool,
            outage: watch::Sender::new(None),
            last_outage,
            is_full: Arc::default(),
        }
    }

    /// Reason of the present outage; nothing while the database is there, or before the monitor runs.
    pub fn outage(&self) -> Option<Arc<str>> {
        self.outage.borrow().clone()
    }

    /// Tells whether PostgreSQL had no connection left at the last probe.
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Monitors until shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::select! {
            () = self.monitor() => {}
            () = self.report_failures() => {}
            () = shutdown.cancelled() => {}
        }
        self.pool.close().await;
    }

    async fn monitor(&self) {
        let mut pause = FIRST_PAUSE;
        let mut began = None;
        loop {
            match self.connect().await {
                Ok(connection) => {
                    self.set_available(&mut began);
                    pause = FIRST_PAUSE;
                    let why = self.wait_broken(connection).await;
                    tracing::debug!(why, "the watched connection ended");
                    self.last_outage.now();
                    // The end of one connection may have been meant for it alone.
                    continue;
                }
                Err(ConnectError::Full) => {
                    self.is_full.store(true, Ordering::Relaxed);
                    self.set_available(&mut began);
                }
                Err(ConnectError::Unavailable(why)) => self.set_unavailable(&mut began, &why),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Logs statements that fail although the database is there: because it is full, or its disk is. Failures in an outage
    /// are part of that, which has its own lines; and the last connections that it broke are noticed a moment after its
    /// end.
    async fn report_failures(&self) {
        let mut count = 0;
        let mut reported: Option<Instant> = None;
        loop {
            tokio::time::sleep(PROBE_INTERVAL).await;
            let Some(failures) = OutageFailures::take() else {
                continue;
            };
            if self.outage().is_some() || self.last_outage.is_recent(3 * PROBE_INTERVAL) {
                count = 0;
                continue;
            }
            count += failures.count;
            if reported.is_none_or(|at| at.elapsed() >= REPORT_INTERVAL) {
                tracing::warn!(
                    count,
                    error = failures.last,
                    "statements fail although the database is available"
                );
                count = 0;
                reported = Some(Instant::now());
            }
        }
    }

    async fn connect(&self) -> Result<PgListener, ConnectError> {
        let connect = async {
            let mut listener = PgListener::connect_with(&self.pool).await?;
            listener.ignore_pool_close_event(true);
            listener.eager_reconnect(false);
            Ok::<_, sqlx::Error>(listener)
        };
        let mut listener = match connect.await {
            Ok(listener) => listener,
            Err(error) => return Err(self.refused(error).await),
        };
        self.probe(&mut listener)
            .await
            .map_err(ConnectError::Unavailable)?;
        Ok(listener)
    }

    /// Finds why there is no connection. The pool tries again by itself and reports only that its time is over, so that a
    /// connection is opened without it.
    async fn refused(&self, error: sqlx::Error) -> ConnectError {
        let error = match error {
            sqlx::Error::PoolTimedOut => {
                let options = self.pool.connect_options();
                match tokio::time::timeout(PROBE_TIMEOUT, PgConnection::connect_with(&options)).await {
                    Err(_) => return ConnectError::Unavailable("it does not accept connections".into()),
                    Ok(Err(error)) => error,
                    Ok(Ok(connection)) => {
                        drop(connection.close().await);
                        return ConnectError::Full;
                    }
                }
            }
            error => error,
        };
        match error {
            sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some(TOO_MANY_CONNECTIONS) => {
                ConnectError::Full
            }
            error => ConnectError::Unavailable(error.to_string()),
        }
    }

    /// Waits until the connection breaks or its server does not answer; gives why.
    async fn wait_broken(&self, mut connection: PgListener) -> String {
        loop {
            match tokio::time::timeout(PROBE_INTERVAL, connection.try_recv()).await {
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return "the connection broke".into(),
                Ok(Err(error)) => return error.to_string(),
                Err(_) => {
                    if let Err(why) = self.probe(&mut connection).await {
                        return why;
                    }
                }
            }
        }
    }

    /// Asks the server whether it can do its work, and whether it has connections left.
    async fn probe(&self, listener: &mut PgListener) -> Result<(), String> {
        let ask = sqlx::query_as::<_, (bool, bool)>(PROBE).fetch_one(listener);
        match tokio::time::timeout(PROBE_TIMEOUT, ask).await {
            Ok(Ok((false, is_full))) => {
                self.is_full.store(is_full, Ordering::Relaxed);
                Ok(())
            }
            Ok(Ok((true, _))) => Err("it is a standby, which takes no changes".into()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", PROBE_TIMEOUT.as_secs())),
        }
    }

    fn set_available(&self, began: &mut Option<Instant>) {
        if self.outage.send_replace(None).is_some() {
            self.last_outage.now();
            let seconds = began.take().map_or(0.0, |began| began.elapsed().as_secs_f64());
            tracing::info!(seconds, "the database is available again");
        }
    }

    fn set_unavailable(&self, began: &mut Option<Instant>, why: &str) {
        if self.outage.send_replace(Some(why.into())).is_none() {
            *began = Some(Instant::now());
            tracing::error!(why, "the database is unavailable");
        }
    }
}

enum ConnectError {
    /// There are too many connections for one more.
    Full,
    Unavailable(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_connected_before_the_break_is_not_spared() {
        let last_outage = LastOutage::new();
        assert!(
            last_outage.is_newer_than_outage(Duration::from_hours(1)),
            "it never broke"
        );
        std::thread::sleep(Duration::from_millis(20));
        last_outage.now();
        std::thread::sleep(Duration::from_millis(20));
        assert!(!last_outage.is_newer_than_outage(Duration::from_millis(30)));
        assert!(last_outage.is_newer_than_outage(Duration::from_millis(5)));
    }
}
