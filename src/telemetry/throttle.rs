//! Log lines that strangers can cause: one in a while, which tells how many were left out.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Between two lines of one kind.
const PAUSE: Duration = Duration::from_secs(10);

/// Lets a line through now and then.
#[derive(Default)]
pub struct Throttle(Mutex<Option<(Instant, u64)>>);

impl Throttle {
    /// Lets the first line through.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Number of lines left out since the last one, if it is time for one; otherwise this one is left out, too.
    pub fn admit(&self) -> Option<u64> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Option<u64> {
        let mut last = self.0.lock();
        match &mut *last {
            Some((at, left_out)) if now.duration_since(*at) < PAUSE => {
                *left_out += 1;
                None
            }
            before => {
                let left_out = before.map_or(0, |(_, left_out)| left_out);
                *before = Some((now, 0));
                Some(left_out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_counted() {
        let (throttle, now) = (Throttle::new(), Instant::now());
        assert_eq!(throttle.admit_at(now), Some(0));
        assert_eq!(throttle.admit_at(now), None);
        assert_eq!(throttle.admit_at(now + PAUSE / 2), None);
        assert_eq!(throttle.admit_at(now + PAUSE), Some(2));
        assert_eq!(throttle.admit_at(now + PAUSE * 2), Some(0));
    }
}
