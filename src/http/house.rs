//! Room for operations: so many at once, and no queue without end.

use super::refusal::Refusal;
use crate::config::GraphqlConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room of this process.
pub struct House {
    operations: Arc<Semaphore>,
    wait: Duration,
    subscriptions: Arc<Semaphore>,
}

/// A place, which is free again when this is dropped.
pub type Place = OwnedSemaphorePermit;

impl House {
    /// Room as configured.
    pub fn new(config: &GraphqlConfig) -> Self {
        Self {
            operations: Arc::new(Semaphore::new(config.operations)),
            wait: config.wait,
            subscriptions: Arc::new(Semaphore::new(config.subscriptions)),
        }
    }

    /// A place for a query or a mutation, if there is one, or will be soon.
    pub async fn enter(&self) -> Result<Place, Refusal> {
        if let Ok(place) = self.operations.clone().try_acquire_owned() {
            return Ok(place);
        }
        // It is never closed, so that only the time can be over.
        match tokio::time::timeout(self.wait, self.operations.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Refusal::full("operations")),
        }
    }

    /// A place for a subscription, if there is one. They last, so that nobody waits for the end of one.
    pub fn enter_to_stay(&self) -> Result<Place, Refusal> {
        let place = self.subscriptions.clone().try_acquire_owned();
        place.map_err(|_| Refusal::full("subscriptions"))
    }
}
