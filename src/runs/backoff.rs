//! Backoff: the wait of a failed run before its next attempt.

use std::time::Duration;

const BASE: Duration = Duration::from_secs(2);
const CAP: Duration = Duration::from_mins(5);

/// The wait after the given failed attempt (the first is 1): doubles from 2 s up to 5 min, of which `jitter` (0 to 1)
/// decides the upper half, so that runs that failed together do not come back together.
pub(super) fn after(attempt: i32, jitter: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).clamp(0, 16).unsigned_abs();
    let full = BASE.saturating_mul(1 << doublings).min(CAP);
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_cap() {
        let seconds = |attempt| after(attempt, 1.0).as_secs();
        assert_eq!([1, 2, 3, 4].map(seconds), [2, 4, 8, 16]);
        assert_eq!([8, 9, 100, i32::MAX].map(seconds), [256, 300, 300, 300]);
    }

    #[test]
    fn jitter_takes_at_most_half() {
        assert_eq!(after(3, 0.0), Duration::from_secs(4));
        assert_eq!(after(3, 0.5), Duration::from_secs(6));
        assert_eq!(after(3, 7.0), Duration::from_secs(8));
        assert_eq!(after(0, 0.0), Duration::from_secs(1));
    }
}
