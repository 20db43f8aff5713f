//! The time of day, passed in so that a test can choose it.
//!
//! Timestamps of rows come from PostgreSQL (`now()`), the one clock that all replicas share; this clock serves
//! what is decided outside of a statement: ticks of schedules, expiry of tokens.

use chrono::{DateTime, Utc};

/// Tells what time it is.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
