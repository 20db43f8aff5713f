//! What each caller's operations may cost within a minute.
//!
//! A token bucket for each caller: it holds what a minute allows, fills steadily, and an operation takes what it costs.
//! Each process keeps its own. The headers are those of draft-ietf-httpapi-ratelimit-headers-10, with a quota in the
//! units of costs.

use super::refusal::Refusal;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tells what a caller may still spend.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Tells how much it is in all, and in which time.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What each request takes before anybody looks at it, be it refused or not.
const REQUEST_COST: u64 = 10;

/// So many bytes of a document's text take one more: to parse a hundred kilobytes keeps a processor busy for ten
/// milliseconds, whatever comes of it.
const TEXT_BYTES: u64 = 100;

/// What a request with a text of this length takes before its document is known.
pub const fn request_cost(text: usize) -> u64 {
    REQUEST_COST + text as u64 / TEXT_BYTES
}

/// What an address spends with credentials that are not valid.
pub const REFUSED_COST: u64 = 1_000;

/// What an export takes.
pub const EXPORT_COST: u64 = 1_000;

/// The time in which an empty bucket fills.
const WINDOW: Duration = Duration::from_mins(1);

/// Callers that are remembered.
const CALLERS: usize = 10_000;

/// The callers' buckets.
pub struct Rates {
    quota: Option<f64>,
    buckets: Mutex<HashMap<Box<str>, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    /// Lets each caller spend so much a minute; any amount when there is no quota.
    pub fn new(quota: Option<u32>) -> Self {
        Self {
            quota: quota.map(f64::from),
            buckets: Mutex::default(),
        }
    }

    /// Takes a cost from a caller's bucket; otherwise gives the time until it will have enough.
    pub fn take(&self, caller: &str, cost: u64) -> Result<(), Duration> {
        self.take_at(caller, cost, Instant::now())
    }

    fn take_at(&self, caller: &str, cost: u64, now: Instant) -> Result<(), Duration> {
        let Some(quota) = self.quota else {
            return Ok(());
        };
        let cost = cost as f64;
        let mut buckets = self.lock();
        if let Some(bucket) = buckets.get_mut(caller) {
            return bucket.take(cost, quota, now);
        }
        if buckets.len() >= CALLERS {
            // A full one is as good as none. When all of them are in use, which so many callers take, all begin anew.
            buckets.retain(|_, bucket| bucket.filled(quota, now) < quota);
            if buckets.len() >= CALLERS {
                buckets.clear();
            }
        }
        let mut bucket = Bucket { left: quota, at: now };
        let taken = bucket.take(cost, quota, now);
        buckets.insert(caller.into(), bucket);
        taken
    }

    /// Notes credentials that are not valid, and refuses them: with 401, or with 429 where too many came from there.
    pub fn refuse(&self, peer: IpAddr) -> Refusal {
        // No caller has such a name.
        match self.take(&format!("system:peer:{peer}"), REFUSED_COST) {
            Err(wait) => Refusal::rate_limited(wait),
            Ok(()) => Refusal::unauthenticated(),
        }
    }

    /// Tells a caller in the headers of an answer what may still be spent.
    pub fn tell(&self, caller: &str, headers: &mut HeaderMap) {
        let Some(quota) = self.quota else {
            return;
        };
        let bucket = self.lock().get(caller).copied();
        let left = bucket.map_or(quota, |bucket| bucket.filled(quota, Instant::now()));
        let full_in = ((quota - left) / quota * WINDOW.as_secs_f64()).ceil();
        let rate = format!("\"cost\";r={left:.0};t={full_in:.0}", left = left.floor());
        let policy = format!("\"cost\";q={quota:.0};w={}", WINDOW.as_secs());
        for (name, value) in [(RATE_LIMIT, rate), (RATE_LIMIT_POLICY, policy)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn filled(&self, quota: f64, now: Instant) -> f64 {
        let share = now.duration_since(self.at).as_secs_f64() / WINDOW.as_secs_f64();
        (self.left + share * quota).min(quota)
    }

    fn take(&mut self, cost: f64, quota: f64, now: Instant) -> Result<(), Duration> {
        *self = Self {
            left: self.filled(quota, now),
            at: now,
        };
        if cost > self.left {
            let share = (cost - self.left) / quota;
            return Err(WINDOW.mul_f64(share.min(1.0)));
        }
        self.left -= cost;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rates, now) = (Rates::new(Some(600)), Instant::now());
        assert_eq!(rates.take_at("ann", 600, now), Ok(()));
        let wait = rates.take_at("ann", 10, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(rates.take_at("bob", 600, now), Ok(()));
        let later = now + wait + Duration::from_millis(1);
        assert_eq!(rates.take_at("ann", 10, later), Ok(()));
        assert!(rates.take_at("ann", 10, later).is_err());
        assert_eq!(rates.take_at("ann", 600, later + WINDOW), Ok(()));
    }

    #[test]
    fn headers_tell_the_quota_and_what_is_left() {
        let rates = Rates::new(Some(600));
        let told = |caller| {
            let mut headers = HeaderMap::new();
            rates.tell(caller, &mut headers);
            headers
        };
        assert_eq!(told("ann")[RATE_LIMIT], "\"cost\";r=600;t=0");
        assert_eq!(told("ann")[RATE_LIMIT_POLICY], "\"cost\";q=600;w=60");
        rates.take("ann", 300).unwrap();
        let left = told("ann")[RATE_LIMIT].to_str().unwrap().to_owned();
        assert!(
            left.starts_with("\"cost\";r=30") && left.contains(";t="),
            "{left}"
        );
        let mut headers = HeaderMap::new();
        Rates::new(None).tell("ann", &mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn callers_who_are_remembered_are_bounded() {
        let (rates, now) = (Rates::new(Some(600)), Instant::now());
        for number in 0..=CALLERS {
            rates.take_at(&number.to_string(), 1, now).unwrap();
        }
        assert_eq!(rates.lock().len(), 1);
        for number in 0..CALLERS - 1 {
            let cost = u64::from(number == 7);
            rates.take_at(&number.to_string(), cost, now + WINDOW).unwrap();
        }
        // Who spent something is remembered, the others are as if they had never come.
        rates.take_at("one more", 1, now + WINDOW).unwrap();
        assert_eq!(rates.lock().len(), 2);
    }
}
