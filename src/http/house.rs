//! Room for operations: so many at once, and no queue without end.
//!
//! No caller gets all of it: who asks for more than a share waits for the own operations, while others come in.

use super::refusal::Refusal;
use crate::config::GraphqlConfig;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Callers whose shares are remembered, besides those who have operations under way.
const CALLERS: usize = 1_000;

/// The room of this process.
pub struct House {
    operations: Arc<Semaphore>,
    /// Operations of one caller: three quarters of all.
    share: usize,
    shares: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
    wait: Duration,
    subscriptions: Arc<Semaphore>,
}

/// A place, which is free again when this is dropped.
pub type Place = OwnedSemaphorePermit;

/// A place for an operation, out of its caller's share.
#[derive(Debug)]
pub struct Seat {
    _share: Place,
    _place: Place,
}

impl House {
    /// Room as configured.
    pub fn new(config: &GraphqlConfig) -> Self {
        Self {
            operations: Arc::new(Semaphore::new(config.operations)),
            share: config.operations - config.operations / 4,
            shares: Mutex::default(),
            wait: config.wait,
            subscriptions: Arc::new(Semaphore::new(config.subscriptions)),
        }
    }

    /// A place for a caller's query or mutation, if there is one, or will be soon.
    pub async fn enter(&self, caller: &str) -> Result<Seat, Refusal> {
        let (share, operations) = (self.share_of(caller), self.operations.clone());
        let entering = async {
            Ok::<_, AcquireError>(Seat {
                _share: share.acquire_owned().await?,
                _place: operations.acquire_owned().await?,
            })
        };
        // Neither is ever closed, so that only the time can be over.
        match tokio::time::timeout(self.wait, entering).await {
            Ok(Ok(seat)) => Ok(seat),
            Ok(Err(_)) | Err(_) => Err(Refusal::full("operations")),
        }
    }

    fn share_of(&self, caller: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(caller) {
            return share.clone();
        }
        if shares.len() >= CALLERS {
            // Each operation under way, or about to be, holds its caller's.
            shares.retain(|_, share| Arc::strong_count(share) > 1);
        }
        let share = Arc::new(Semaphore::new(self.share));
        shares.insert(caller.into(), share.clone());
        share
    }

    /// A place for a subscription, if there is one. They last, so that nobody waits for the end of one.
    pub fn enter_to_stay(&self) -> Result<Place, Refusal> {
        let place = self.subscriptions.clone().try_acquire_owned();
        place.map_err(|_| Refusal::full("subscriptions"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn house(operations: &str) -> House {
        let settings = [
            ("GRAPHQL_MAX_OPERATIONS", operations),
            ("GRAPHQL_MAX_WAIT_MS", "20"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        House::new(&Config::from_variables(&settings.into()).unwrap().graphql)
    }

    #[tokio::test]
    async fn one_caller_leaves_room_for_others() {
        let house = house("4");
        let mut seats = Vec::new();
        for _ in 0..3 {
            seats.push(house.enter("ann").await.unwrap());
        }
        assert!(house.enter("ann").await.is_err(), "more than a share");
        let bob = house.enter("bob").await.unwrap();
        assert!(house.enter("cleo").await.is_err(), "the house is full");
        drop(seats.pop());
        assert!(house.enter("ann").await.is_ok());
        drop(bob);
    }

    #[tokio::test]
    async fn a_small_house_takes_one_and_callers_who_left_are_forgotten() {
        let house = house("1");
        for number in 0..3 * CALLERS {
            drop(house.enter(&format!("caller-{number}")).await.unwrap());
        }
        assert!(house.shares.lock().unwrap().len() <= CALLERS);
        let _seat = house.enter("ann").await.unwrap();
        assert!(house.enter("bob").await.is_err());
    }
}
