//! Requests that an API grants in a time.

use std::time::Duration;

/// Requests that an API grants in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiRate {
    pub requests: u32,
    pub per: Duration,
}

impl ApiRate {
    /// Requests per second.
    pub const fn per_second(requests: u32) -> Self {
        Self {
            requests,
            per: Duration::from_secs(1),
        }
    }

    /// Requests that may be sent at the same time: a fifth of the rate.
    pub(crate) fn burst(self) -> u32 {
        (self.requests / 5).max(1)
    }

    /// Time between two requests, by which no window as long as `per` has more than `requests`, a burst among them.
    pub(crate) fn interval(self) -> Duration {
        let steady = if self.requests < 5 {
            self.requests.max(1)
        } else {
            self.requests - self.burst()
        };
        self.per / steady
    }
}
