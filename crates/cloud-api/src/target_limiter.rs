//! Token buckets: one for each API, account and region, as the clouds grant their rates.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::{ApiTarget, Platform};

/// Number of buckets at which those that are full again are forgotten.
const MANY_BUCKETS: usize = 10_000;

#[derive(PartialEq, Eq, Hash)]
struct BucketKey {
    platform: Platform,
    api: &'static str,
    account: String,
    region: String,
}

/// Token buckets of all targets.
#[derive(Default)]
pub struct TargetLimiter {
    /// Time at which each bucket is full again.
    buckets: Mutex<HashMap<BucketKey, Instant>>,
}

impl TargetLimiter {
    /// Waits until the target grants a request.
    pub async fn acquire(&self, target: &ApiTarget) {
        let at = self.reserve(target, Instant::now());
        sleep_until(at).await;
    }

    /// Grants the target no request for a while: it refused one because of its rate.
    pub fn pause(&self, target: &ApiTarget, delay: Duration) {
        // The bucket counts as empty until then.
        let burst = target.rate.interval() * (target.rate.burst() - 1);
        let until = Instant::now() + delay + burst;
        let mut buckets = self.buckets.lock();
        let full_at = buckets.entry(key(target)).or_insert(until);
        *full_at = until.max(*full_at);
    }

    /// Time from which on the request may be sent.
    fn reserve(&self, target: &ApiTarget, now: Instant) -> Instant {
        let interval = target.rate.interval();
        let burst = interval * (target.rate.burst() - 1);
        let mut buckets = self.buckets.lock();
        if buckets.len() > MANY_BUCKETS {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let full_at = buckets.entry(key(target)).or_insert(now);
        let begin = now.max(*full_at);
        *full_at = begin + interval;
        begin.checked_sub(burst).map_or(now, |at| at.max(now))
    }
}

fn key(target: &ApiTarget) -> BucketKey {
    BucketKey {
        platform: target.platform,
        api: target.api,
        account: target.account.clone(),
        region: target.region.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::TargetLimiter;
    use crate::{ApiRate, ApiTarget, Platform};

    fn target(region: &str, rate: ApiRate) -> ApiTarget {
        ApiTarget {
            platform: Platform::Aws,
            api: "tagging:GetResources",
            account: "111122223333".into(),
            region: region.into(),
            rate,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_has_more_requests_than_the_rate() {
        for rate in [
            ApiRate::per_second(15),
            ApiRate::per_second(1),
            ApiRate::per_second(4),
            ApiRate {
                requests: 15,
                per: Duration::from_secs(5),
            },
        ] {
            let limiter = TargetLimiter::default();
            let target = target("eu-west-1", rate);
            let mut sent = Vec::new();
            for _ in 0..100 {
                limiter.acquire(&target).await;
                sent.push(Instant::now());
            }
            for (first, begin) in sent.iter().enumerate() {
                let window = sent[first..].iter().take_while(|at| **at - *begin < rate.per);
                assert!(window.count() <= rate.requests as usize, "{rate:?}");
            }
            // Not far below the rate either.
            let took = sent[99] - sent[0];
            assert!(
                took <= rate.per * 100 / rate.requests * 3 / 2,
                "{rate:?}: {took:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn targets_do_not_wait_for_each_other_and_a_pause_is_kept() {
        let limiter = TargetLimiter::default();
        let (one, other) = (
            target("eu-west-1", ApiRate::per_second(15)),
            target("us-east-1", ApiRate::per_second(15)),
        );
        limiter.pause(&one, Duration::from_secs(9));
        let begin = Instant::now();
        limiter.acquire(&other).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        limiter.acquire(&one).await;
        assert!(begin.elapsed() >= Duration::from_secs(9), "{:?}", begin.elapsed());
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }
}
