//! Retries: exponential backoff with full jitter, within a time limit.

use std::time::Duration;

use rand::RngExt as _;

/// Limits of a call and of its retries.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Time for one attempt: connection, request and answer.
    pub attempt: Duration,
    /// Time for a call with all of its attempts.
    pub total: Duration,
    /// Number of attempts.
    pub attempts: u32,
    /// Longest wait before the second attempt; it doubles with each.
    pub base: Duration,
    /// Longest wait before any attempt that the cloud does not ask for.
    pub cap: Duration,
    /// Bytes of the largest answer.
    pub max_answer: usize,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(30),
            total: Duration::from_mins(5),
            attempts: 8,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            max_answer: 32 << 20,
        }
    }
}

impl RetryPolicy {
    /// Wait after this many attempts: anything up to the exponential limit, so that many callers do not come back together;
    /// what the cloud asked for comes first, a little prolonged for the same reason.
    pub(crate) fn delay(&self, attempts: u32, asked: Option<Duration>) -> Duration {
        let limit = self.base.saturating_mul(1 << attempts.saturating_sub(1).min(16));
        let jitter = limit.min(self.cap).mul_f64(rand::rng().random_range(0.0..1.0));
        asked.map_or(jitter, |asked| asked + jitter.min(asked / 4))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RetryPolicy;

    #[test]
    fn delays_grow_up_to_the_cap_and_are_spread() {
        let policy = RetryPolicy::default();
        for attempts in 1..20 {
            let limit = (policy.base * (1 << (attempts - 1).min(10))).min(policy.cap);
            let delays: Vec<_> = (0..100).map(|_| policy.delay(attempts, None)).collect();
            assert!(delays.iter().all(|delay| *delay <= limit), "{attempts}");
            assert!(delays.iter().any(|delay| *delay < limit / 3), "{attempts}");
            assert!(delays.iter().any(|delay| *delay > limit / 2), "{attempts}");
        }
        let asked = policy.delay(1, Some(Duration::from_secs(7)));
        assert!((7..9).contains(&asked.as_secs()), "{asked:?}");
    }
}
