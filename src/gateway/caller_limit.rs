//! Concurrency limit with a share for each caller, so that none of them can take all of it.

use super::error::LimitError;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Shares of callers that are remembered, besides those with permits.
const CALLERS: usize = 1_000;

/// Limit of the permits that all callers hold together, and each of them.
#[derive(Debug)]
pub struct CallerLimit {
    all: Arc<Semaphore>,
    share: usize,
    /// One caller may hold all permits, so that no error speaks of shares.
    is_whole: bool,
    shares: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
}

/// Permit for one unit, released when this is dropped.
#[derive(Debug)]
pub struct Permit {
    _share: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl CallerLimit {
    /// Limits all callers to `all` permits and each of them to `share`.
    pub fn new(all: usize, share: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            share: share.min(all),
            is_whole: share >= all,
            shares: Mutex::default(),
        }
    }

    /// Waits for a permit. Neither semaphore is ever closed.
    pub async fn acquire(&self, caller: &str) -> Result<Permit, AcquireError> {
        let [share, all] = self.semaphores(caller);
        Ok(Permit {
            _share: share.acquire_owned().await?,
            _all: all.acquire_owned().await?,
        })
    }

    /// Takes a permit if there is one. The error names what is limited.
    pub fn try_acquire(&self, caller: &str, what: &'static str) -> Result<Permit, LimitError> {
        let [share, all] = self.semaphores(caller);
        let share_in_use = if self.is_whole {
            LimitError::AllInUse(what)
        } else {
            LimitError::ShareInUse {
                what,
                share: self.share,
            }
        };
        Ok(Permit {
            _share: share.try_acquire_owned().map_err(|_| share_in_use)?,
            _all: all.try_acquire_owned().map_err(|_| LimitError::AllInUse(what))?,
        })
    }

    /// Semaphore of the caller and that of all. The first is remembered while permits of it are held.
    pub fn semaphores(&self, caller: &str) -> [Arc<Semaphore>; 2] {
        let mut shares = self.shares.lock();
        if let Some(share) = shares.get(caller) {
            return [share.clone(), self.all.clone()];
        }
        if shares.len() >= CALLERS {
            shares.retain(|_, share| Arc::strong_count(share) > 1);
        }
        let share = Arc::new(Semaphore::new(self.share));
        shares.insert(caller.into(), share.clone());
        [share, self.all.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caller_has_a_share_and_all_have_a_limit() {
        let limit = CallerLimit::new(3, 2);
        let first = limit.try_acquire("ann", "units").unwrap();
        let _second = limit.acquire("ann").await.unwrap();
        let share_in_use = LimitError::ShareInUse {
            what: "units",
            share: 2,
        };
        assert_eq!(limit.try_acquire("ann", "units").unwrap_err(), share_in_use);
        let _third = limit.try_acquire("bob", "units").unwrap();
        let all_in_use = LimitError::AllInUse("units");
        assert_eq!(limit.try_acquire("bob", "units").unwrap_err(), all_in_use);
        drop(first);
        assert!(limit.try_acquire("bob", "units").is_ok());
    }

    #[test]
    fn callers_without_permits_are_forgotten() {
        let limit = CallerLimit::new(2, 1);
        let _held = limit.try_acquire("ann", "units").unwrap();
        for number in 0..3 * CALLERS {
            let caller = format!("caller-{number}");
            drop(limit.try_acquire(&caller, "units").unwrap());
        }
        assert!(limit.shares.lock().len() <= CALLERS);
        assert!(limit.try_acquire("ann", "units").is_err());
    }
}
