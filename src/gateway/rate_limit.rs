//! Rate limit: a token bucket per caller, in units of cost.
//!
//! A bucket holds the quota of a minute, fills steadily, and each operation takes its cost. Each process has its own.

use super::error::LimitError;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Cost of each request before it is read, be it refused or not.
pub const REQUEST_COST: u64 = 10;

/// Bytes of a request that cost one unit, be it document, variables or anything else: to parse a hundred kilobytes keeps
/// a processor busy for ten milliseconds, whatever comes of it.
pub const TEXT_BYTES: u64 = 100;

/// Bytes of a file that cost one unit: they are stored as they are, and read by a job.
pub const FILE_BYTES: u64 = 4_096;

/// Cost of a message on a websocket that starts no operation.
pub const fn message_cost(bytes: usize) -> u64 {
    1 + bytes as u64 / TEXT_BYTES
}

/// Cost of credentials that are not valid, for the address that they come from.
const WRONG_TOKEN_COST: u64 = 1_000;

/// Cost of an export without its bytes.
pub const EXPORT_COST: u64 = 1_000;

/// Cost of a response of a replay without its bytes.
pub const REPLAY_COST: u64 = 1;

/// Bytes sent that cost one unit.
const SENT_BYTES: usize = 1 << 10;

/// Bytes of a response that the cost of its operation covers.
const COVERED_BYTES: usize = 64 << 10;

/// Cost of bytes that are streamed to a caller.
pub const fn sent_cost(bytes: usize) -> u64 {
    (bytes / SENT_BYTES) as u64
}

/// Cost of a response of so many bytes besides that of its operation.
pub const fn response_cost(bytes: usize) -> u64 {
    sent_cost(bytes.saturating_sub(COVERED_BYTES))
}

/// Time in which an empty bucket fills.
pub const WINDOW: Duration = Duration::from_mins(1);

/// Buckets of callers, at most.
const CALLERS: usize = 10_000;

/// Buckets of the callers.
pub struct RateLimiter {
    quota: Option<f64>,
    buckets: Mutex<HashMap<Box<str>, Bucket>>,
}

/// Fill of a bucket at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketFill {
    /// Units that the bucket holds.
    pub quota: u64,
    /// Units in it.
    pub left: u64,
    /// Time until it is full.
    pub full_in: Duration,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimiter {
    /// Gives each caller a quota of so many units a minute; no limit without a quota.
    pub fn new(quota: Option<u32>) -> Self {
        Self {
            quota: quota.map(f64::from),
            buckets: Mutex::default(),
        }
    }

    /// Takes a cost from a caller's bucket; otherwise gives the time until it will have enough.
    pub fn try_acquire(&self, caller: &str, cost: u64) -> Result<(), LimitError> {
        self.try_acquire_at(caller, cost, Instant::now())
            .map_err(LimitError::RateLimited)
    }

    fn try_acquire_at(&self, caller: &str, cost: u64, now: Instant) -> Result<(), Duration> {
        self.with_bucket(caller, now, |bucket, quota| {
            bucket.try_acquire(cost as f64, quota, now)
        })
        .unwrap_or(Ok(()))
    }

    /// Takes from a caller's bucket a cost that is incurred already, even if it is more than there is. The debt, which
    /// is never greater than the quota, is paid before anything else.
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
            match self.try_acquire_at(caller, part.min(left), Instant::now()) {
                Ok(()) => left -= part.min(left),
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Changes a caller's bucket; does nothing without a quota.
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
            // A full bucket is as good as none. When none is full, which takes so many callers, all begin anew.
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

    /// Gives back the cost of something that could not be done.
    pub fn give_back(&self, caller: &str, cost: u64) {
        if let (Some(quota), Some(bucket)) = (self.quota, self.lock().get_mut(caller)) {
            bucket.left = (bucket.left + cost as f64).min(quota);
        }
    }

    /// Takes the cost of a wrong token from an address; otherwise gives the time until it may show another one.
    pub fn take_wrong_token(&self, peer: Option<IpAddr>) -> Result<(), Duration> {
        self.try_acquire_at(&peer_key(peer), WRONG_TOKEN_COST, Instant::now())
    }

    /// Gives back the cost of a wrong token, for it was right after all.
    pub fn give_back_wrong_token(&self, peer: Option<IpAddr>) {
        self.give_back(&peer_key(peer), WRONG_TOKEN_COST);
    }

    /// Meter for bytes that a caller sends, so many of which cost one unit.
    pub fn meter<'a>(&'a self, caller: &'a str, unit_bytes: u64) -> Meter<'a> {
        Meter {
            rate_limiter: self,
            caller,
            unit_bytes,
            bytes: 0,
        }
    }

    /// Fill of a caller's bucket; none without a quota.
    pub fn fill(&self, caller: &str) -> Option<BucketFill> {
        let quota = self.quota?;
        let bucket = self.lock().get(caller).copied();
        let left = bucket.map_or(quota, |bucket| bucket.filled(quota, Instant::now()).max(0.0));
        Some(BucketFill {
            quota: quota as u64,
            left: left.floor() as u64,
            full_in: WINDOW.mul_f64((quota - left) / quota),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Bucket>> {
        self.buckets.lock()
    }
}

/// Bucket of an address, with a name that no caller has. One address of IPv6 stands for its network of 64 bits, which
/// usually belongs to one party.
pub fn peer_key(peer: Option<IpAddr>) -> String {
    match peer.map(|peer| peer.to_canonical()) {
        None => "system:peer".into(),
        Some(IpAddr::V4(address)) => format!("system:peer:{address}"),
        Some(IpAddr::V6(address)) => format!("system:peer:{:x}", address.to_bits() >> 64),
    }
}

/// Meter that takes the cost of bytes as they come, before they are kept or parsed.
pub struct Meter<'a> {
    rate_limiter: &'a RateLimiter,
    caller: &'a str,
    unit_bytes: u64,
    /// Bytes below a whole unit.
    bytes: u64,
}

impl Meter<'_> {
    /// Takes the cost of these bytes, or refuses them.
    pub fn try_acquire(&mut self, bytes: usize) -> Result<(), LimitError> {
        self.bytes += bytes as u64;
        let cost = self.bytes / self.unit_bytes;
        self.bytes %= self.unit_bytes;
        match cost {
            0 => Ok(()),
            _ => self.rate_limiter.try_acquire(self.caller, cost),
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
    async fn a_debt_is_paid_before_anything_else() {
        let limiter = RateLimiter::new(Some(60_000));
        limiter.charge("ann", 1_000_000);
        let now = Instant::now();
        assert!(limiter.try_acquire_at("ann", 1, now).unwrap_err() >= WINDOW.mul_f64(0.9));
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
        assert!(matches!(meter.try_acquire(300), Err(LimitError::RateLimited(_))));
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
    fn the_fill_of_a_bucket_is_shown_as_it_is() {
        let limiter = RateLimiter::new(Some(600));
        let full = BucketFill {
            quota: 600,
            left: 600,
            full_in: Duration::ZERO,
        };
        assert_eq!(limiter.fill("ann"), Some(full));
        limiter.try_acquire("ann", 300).unwrap();
        let fill = limiter.fill("ann").unwrap();
        assert!((300..310).contains(&fill.left), "{fill:?}");
        assert!(
            fill.full_in > WINDOW.mul_f64(0.45) && fill.full_in <= WINDOW / 2,
            "{fill:?}"
        );
        assert_eq!(RateLimiter::new(None).fill("ann"), None);
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
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
        // Buckets from which something was spent are kept; full ones are dropped.
        limiter.try_acquire_at("one more", 1, now + WINDOW).unwrap();
        assert_eq!(limiter.lock().len(), 2);
    }
}
