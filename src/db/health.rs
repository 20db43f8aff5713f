//! Whether the database is there, known before anybody asks.
//!
//! One connection of each process does nothing but notice its own end. When it breaks, the watch knows at once: it tries
//! to connect until it succeeds, tells meanwhile that the database is away, so that nobody has to wait for a
//! connection in order to learn it, and lets the pool drop what it had opened before.

use crate::error::OutageFailures;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often the watched connection is asked something: a host that vanished breaks no connection.
const PROBE: Duration = Duration::from_secs(2);
/// The time for an answer, and for a connection attempt.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// The pauses between two attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is logged that statements fail while the database is there.
const REPORT: Duration = Duration::from_mins(1);
/// Too many connections: the database is there, only full.
const FULL: &str = "53300";

/// Whether the server is a standby, and whether all its connections are in use but those for superusers.
const PROBED: &str = "SELECT pg_is_in_recovery(),
    (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL)
        >= current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
         - coalesce(current_setting('reserved_connections', true)::integer, 0)";

/// Tells whether the database is there. Clones tell the same.
#[derive(Clone)]
pub struct HealthMonitor {
    pool: PgPool,
    /// Why the database is away; nothing while it is there.
    away: watch::Sender<Option<Arc<str>>>,
    last_outage: LastOutage,
    /// Whether all connections that PostgreSQL has for us are in use, by whomever.
    full: Arc<AtomicBool>,
}

/// When the database was last seen to break, for the pool: what was connected before is of no use.
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

    /// Whether a connection of this age was opened since.
    pub(super) fn is_newer_than_outage(&self, age: Duration) -> bool {
        let at = Duration::from_millis(self.at.load(Ordering::Acquire));
        at.is_zero() || self.start.elapsed().saturating_sub(age) > at
    }

    /// Whether something broke within this time.
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
            away: watch::Sender::new(None),
            last_outage,
            full: Arc::default(),
        }
    }

    /// Why the database is away; nothing while it is there, or nobody watches.
    pub fn outage(&self) -> Option<Arc<str>> {
        self.away.borrow().clone()
    }

    /// Whether PostgreSQL has no connection left for more than those that are open, as far as was seen last.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Waits until the database is there.
    pub async fn wait_available(&self) {
        // The sender is in `self`: it cannot be gone.
        let _ = self.away.subscribe().wait_for(Option::is_none).await;
    }

    /// Watches until shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::select! {
            () = self.watch() => {}
            () = self.report_failures() => {}
            () = shutdown.cancelled() => {}
        }
        self.pool.close().await;
    }

    async fn watch(&self) {
        let mut pause = FIRST_PAUSE;
        let mut outage = None;
        loop {
            match self.connect().await {
                Ok(connection) => {
                    self.there(&mut outage);
                    pause = FIRST_PAUSE;
                    let why = self.end_of(connection).await;
                    tracing::debug!(why, "the watched connection ended");
                    self.last_outage.now();
                    // What ends one connection may have been meant for it alone.
                    continue;
                }
                Err(ConnectError::Full) => {
                    self.full.store(true, Ordering::Relaxed);
                    self.there(&mut outage);
                }
                Err(ConnectError::Away(why)) => self.gone(&mut outage, &why),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Logs what fails for want of the database although that is there: because it is full, or its disk is. What fails in
    /// an outage is part of that, which has its own lines; and the last connections broken by it are noticed a moment after
    /// its end.
    async fn report_failures(&self) {
        let mut count = 0;
        let mut reported: Option<Instant> = None;
        loop {
            tokio::time::sleep(PROBE).await;
            let Some(failures) = OutageFailures::take() else {
                continue;
            };
            if self.outage().is_some() || self.last_outage.is_recent(3 * PROBE) {
                count = 0;
                continue;
            }
            count += failures.count;
            if reported.is_none_or(|at| at.elapsed() >= REPORT) {
                tracing::warn!(
                    count,
                    error = failures.last,
                    "the database is there, but does not do its work"
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
        self.probe(&mut listener).await.map_err(ConnectError::Away)?;
        Ok(listener)
    }

    /// Why there is no connection. The pool tries again by itself and tells only that its time is over, so that one is
    /// opened without it.
    async fn refused(&self, error: sqlx::Error) -> ConnectError {
        let error = match error {
            sqlx::Error::PoolTimedOut => {
                let options = self.pool.connect_options();
                match tokio::time::timeout(PROBE_TIMEOUT, PgConnection::connect_with(&options)).await {
                    Err(_) => return ConnectError::Away("it does not accept connections".into()),
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
            sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some(FULL) => ConnectError::Full,
            error => ConnectError::Away(error.to_string()),
        }
    }

    /// Waits until the connection breaks or its server does not answer; gives why.
    async fn end_of(&self, mut connection: PgListener) -> String {
        loop {
            match tokio::time::timeout(PROBE, connection.try_recv()).await {
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
        let ask = sqlx::query_as::<_, (bool, bool)>(PROBED).fetch_one(listener);
        match tokio::time::timeout(PROBE_TIMEOUT, ask).await {
            Ok(Ok((false, is_full))) => {
                self.full.store(is_full, Ordering::Relaxed);
                Ok(())
            }
            Ok(Ok((true, _))) => Err("it is a standby, which takes no changes".into()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", PROBE_TIMEOUT.as_secs())),
        }
    }

    fn there(&self, outage: &mut Option<Instant>) {
        if self.away.send_replace(None).is_some() {
            self.last_outage.now();
            let seconds = outage.take().map_or(0.0, |began| began.elapsed().as_secs_f64());
            tracing::info!(seconds, "the database is back");
        }
    }

    fn gone(&self, outage: &mut Option<Instant>, why: &str) {
        if self.away.send_replace(Some(why.into())).is_none() {
            *outage = Some(Instant::now());
            tracing::error!(why, "the database is away");
        }
    }
}

enum ConnectError {
    /// There are too many connections for one more.
    Full,
    Away(String),
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
