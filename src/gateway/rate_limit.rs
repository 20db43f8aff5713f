//! What each caller's operations may cost within a minute.
//!
//! A token bucket for each caller: it holds what a minute allows, fills steadily, and an operation takes what it costs.
//! Each process keeps its own. The headers are those of draft-ietf-httpapi-ratelimit-headers-10, with a quota in the
//! units of costs.

use crate::http::error::HttpError;
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
pub const REQUEST_COST: u64 = 10;

/// Bytes of a request that take one more, be it document, variables or anything else: to parse a hundred kilobytes keeps
/// a processor busy for ten milliseconds, whatever comes of it.
pub const TEXT_BYTES: u64 = 100;

/// Bytes of a file that take one more: they are stored as they are, and read by a job.
pub const FILE_BYTES: u64 = 4_096;

/// What a message on a websocket takes that is no operation.
pub const fn message_cost(bytes: usize) -> u64 {
    1 + bytes as u64 / TEXT_BYTES
}

/// What an address spends with credentials that are not valid.
const WRONG_TOKEN_COST: u64 = 1_000;

/// What an export takes before its bytes are counted.
pub const EXPORT_COST: u64 = 1_000;

/// What an answer of a replay takes before its bytes are counted.
pub const REPLAY_COST: u64 = 1;

/// So many bytes that are sent take one more.
const SENT_BYTES: usize = 1 << 10;

/// Bytes of an answer that its cost pays for.
const COVERED_BYTES: usize = 64 << 10;

/// What bytes take that are streamed to a caller.
pub const fn sent_cost(bytes: usize) -> u64 {
    (bytes / SENT_BYTES) as u64
}

/// What an answer of so many bytes takes besides its cost.
pub const fn response_cost(bytes: usize) -> u64 {
    sent_cost(bytes.saturating_sub(COVERED_BYTES))
}

/// The time in which an empty bucket fills.
const WINDOW: Duration = Duration::from_mins(1);

/// Callers that are remembered.
const CALLERS: usize = 10_000;

/// The callers' buckets.
pub struct RateLimiter {
    quota: Option<f64>,
    buckets: Mutex<HashMap<Box<str>, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimiter {
    /// Lets each caller spend so much a minute; any amount when there is no quota.
    pub fn new(quota: Option<u32>) -> Self {
        Self {
            quota: quota.map(f64::from),
            buckets: Mutex::default(),
        }
    }

    /// Takes a cost from a caller's bucket; otherwise gives the time until it will have enough.
    pub fn try_acquire(&self, caller: &str, cost: u64) -> Result<(), Duration> {
        self.try_acquire_at(caller, cost, Instant::now())
    }

    fn try_acquire_at(&self, caller: &str, cost: u64, now: Instant) -> Result<(), Duration> {
        self.with_bucket(caller, now, |bucket, quota| {
            bucket.try_acquire(cost as f64, quota, now)
        })
        .unwrap_or(Ok(()))
    }

    /// Takes from a caller's bucket what is spent already, even if it is more than there is: nothing else is to be
    /// had until the debt is paid, which is never greater than what the bucket holds.
    pub fn charge(&self, caller: &str, cost: u64) {
        let now = Instant::now();
        let _no_quota = self.with_bucket(caller, now, |bucket, quota| {
            bucket.left = (bucket.filled(quota, now) - cost as f64).max(-quota);
            bucket.at = now;
        });
    }

    /// Takes a cost from a caller's bucket as it fills: in parts, for the cost may be more than the bucket holds.
    pub async fn spend(&self, caller: &str, cost: u64) {
        let Some(quota) = self.quota else {
            return;
        };
        let part = (quota / 10.0).max(1.0) as u64;
        let mut left = cost;
        while left > 0 {
            match self.try_acquire(caller, part.min(left)) {
                Ok(()) => left -= part.min(left),
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// What is done to a caller's bucket; nothing without a quota.
    fn with_bucket<T>(
        &self,
        caller: &str,
        now: Instant,
        change: impl FnOnce(&mut Bucket, f64) -> T,
    ) -> Option<T> {
        let quota = self.quota?;
        let mut buckets = self.lock();
        if let Some(bucket) = buckets.get_mut(caller) {
            return Some(change(bucket, quota));
        }
        if buckets.len() >= CALLERS {
            // A full one is as good as none. When all of them are in use, which so many callers take, all begin anew.
            buckets.retain(|_, bucket| bucket.filled(quota, now) < quota);
            if buckets.len() >= CALLERS {
                buckets.clear();
            }
        }
        let mut bucket = Bucket { left: quota, at: now };
        let changed = change(&mut bucket, quota);
        buckets.insert(caller.into(), bucket);
        Some(changed)
    }

    /// Gives back what was taken for something that could not be done.
    pub fn give_back(&self, caller: &str, cost: u64) {
        if let (Some(quota), Some(bucket)) = (self.quota, self.lock().get_mut(caller)) {
            bucket.left = (bucket.left + cost as f64).min(quota);
        }
    }

    /// Takes the cost of a wrong token from an address; otherwise gives the time until it may show another one.
    pub fn take_wrong_token(&self, peer: Option<IpAddr>) -> Result<(), Duration> {
        self.try_acquire(&peer_key(peer), WRONG_TOKEN_COST)
    }

    /// Gives it back, for the token was right after all.
    pub fn give_back_wrong_token(&self, peer: Option<IpAddr>) {
        self.give_back(&peer_key(peer), WRONG_TOKEN_COST);
    }

    /// Meters the bytes that a caller sends, so many of which take one unit.
    pub fn meter<'a>(&'a self, caller: &'a str, unit_bytes: u64) -> Meter<'a> {
        Meter {
            rate_limiter: self,
            caller,
            unit_bytes,
            bytes: 0,
        }
    }

    /// Tells a caller in the headers of an answer what may still be spent.
    pub fn write_headers(&self, caller: &str, headers: &mut HeaderMap) {
        let Some(quota) = self.quota else {
            return;
        };
        let bucket = self.lock().get(caller).copied();
        let left = bucket.map_or(quota, |bucket| bucket.filled(quota, Instant::now()).max(0.0));
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

/// The bucket of an address, named as no caller is. Whoever has one address of IPv6 has the whole network of 64 bits.
pub fn peer_key(peer: Option<IpAddr>) -> String {
    match peer.map(|peer| peer.to_canonical()) {
        None => "system:peer".into(),
        Some(IpAddr::V4(address)) => format!("system:peer:{address}"),
        Some(IpAddr::V6(address)) => format!("system:peer:{:x}", address.to_bits() >> 64),
    }
}

/// Takes the cost of bytes as they come, before they are kept or parsed.
pub struct Meter<'a> {
    rate_limiter: &'a RateLimiter,
    caller: &'a str,
    unit_bytes: u64,
    /// Bytes that make no whole unit yet.
    bytes: u64,
}

impl Meter<'_> {
    /// Takes what these bytes cost; refuses them when the caller has spent all.
    pub fn try_acquire(&mut self, bytes: usize) -> Result<(), HttpError> {
        self.bytes += bytes as u64;
        let cost = self.bytes / self.unit_bytes;
        self.bytes %= self.unit_bytes;
        match cost {
            0 => Ok(()),
            _ => self
                .rate_limiter
                .try_acquire(self.caller, cost)
                .map_err(HttpError::rate_limited),
        }
    }
}

impl Bucket {
    fn filled(&self, quota: f64, now: Instant) -> f64 {
        let share = now.duration_since(self.at).as_secs_f64() / WINDOW.as_secs_f64();
        (self.left + share * quota).min(quota)
    }

    fn try_acquire(&mut self, cost: f64, quota: f64, now: Instant) -> Result<(), Duration> {
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
    use axum::http::StatusCode;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (limiter, now) = (RateLimiter::new(Some(600)), Instant::now());
        assert_eq!(limiter.try_acquire_at("ann", 600, now), Ok(()));
        let wait = limiter.try_acquire_at("ann", 10, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(limiter.try_acquire_at("bob", 600, now), Ok(()));
        let later = now + wait + Duration::from_millis(1);
        assert_eq!(limiter.try_acquire_at("ann", 10, later), Ok(()));
        assert!(limiter.try_acquire_at("ann", 10, later).is_err());
        assert_eq!(limiter.try_acquire_at("ann", 600, later + WINDOW), Ok(()));
    }

    #[tokio::test]
    async fn what_is_spent_already_is_paid_before_anything_else() {
        let limiter = RateLimiter::new(Some(60_000));
        limiter.charge("ann", 1_000_000);
        assert!(limiter.try_acquire("ann", 1).unwrap_err() >= WINDOW.mul_f64(0.9));
        assert!(limiter.lock()["ann"].left >= -60_000.0);
        limiter.try_acquire("bob", 60_000).unwrap();
        // More than a bucket holds, of which a thousand come in a second.
        let (limiter, began) = (RateLimiter::new(Some(60_000)), Instant::now());
        limiter.spend("cleo", 60_500).await;
        assert!(began.elapsed() >= Duration::from_millis(400));
        RateLimiter::new(None).spend("ann", u64::MAX).await;
    }

    #[test]
    fn bytes_add_up_to_units_however_they_come() {
        let limiter = RateLimiter::new(Some(600));
        let mut meter = limiter.meter("ann", 100);
        for _ in 0..599 {
            meter.try_acquire(99).unwrap();
            meter.try_acquire(1).unwrap();
        }
        assert_eq!(
            meter.try_acquire(300).unwrap_err().status,
            StatusCode::TOO_MANY_REQUESTS
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let key = |text: &str| peer_key(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"));
        let (limiter, peer) = (RateLimiter::new(Some(1_500)), Some(IpAddr::from([192, 0, 2, 7])));
        for _ in 0..9 {
            limiter.take_wrong_token(peer).unwrap();
            limiter.give_back_wrong_token(peer);
        }
        limiter.take_wrong_token(peer).unwrap();
        assert!(limiter.take_wrong_token(peer).is_err());
    }

    #[test]
    fn headers_tell_the_quota_and_what_is_left() {
        let limiter = RateLimiter::new(Some(600));
        let told = |caller| {
            let mut headers = HeaderMap::new();
            limiter.write_headers(caller, &mut headers);
            headers
        };
        assert_eq!(told("ann")[RATE_LIMIT], "\"cost\";r=600;t=0");
        assert_eq!(told("ann")[RATE_LIMIT_POLICY], "\"cost\";q=600;w=60");
        limiter.try_acquire("ann", 300).unwrap();
        let left = told("ann")[RATE_LIMIT].to_str().unwrap().to_owned();
        assert!(
            left.starts_with("\"cost\";r=30") && left.contains(";t="),
            "{left}"
        );
        let mut headers = HeaderMap::new();
        RateLimiter::new(None).write_headers("ann", &mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn callers_who_are_remembered_are_bounded() {
        let (limiter, now) = (RateLimiter::new(Some(600)), Instant::now());
        for number in 0..=CALLERS {
            limiter.try_acquire_at(&number.to_string(), 1, now).unwrap();
        }
        assert_eq!(limiter.lock().len(), 1);
        for number in 0..CALLERS - 1 {
            let cost = u64::from(number == 7);
            limiter
                .try_acquire_at(&number.to_string(), cost, now + WINDOW)
                .unwrap();
        }
        // Who spent something is remembered, the others are as if they had never come.
        limiter.try_acquire_at("one more", 1, now + WINDOW).unwrap();
        assert_eq!(limiter.lock().len(), 2);
    }
}
