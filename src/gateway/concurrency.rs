//! Room for what takes long or lasts: so much at once, and no queue without end.
//!
//! No caller gets all of it: who asks for more than a share waits for the own operations, while others come in.

use super::caller_limit::{CallerLimit, LimitReached, Permit};
use crate::config::GraphqlConfig;
use crate::graphql::response_budget::ResponseBudget;
use crate::http::error::HttpError;
use crate::http::limits;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The room of this process.
pub struct ConcurrencyLimiter {
    /// Queries and mutations.
    operations: CallerLimit,
    wait: Duration,
    subscriptions: CallerLimit,
    /// Subscriptions of a caller that differ, so that each is executed.
    executions: CallerLimit,
    /// Answers that repeat what is in a log already.
    replays: CallerLimit,
    exports: CallerLimit,
    /// Pages of exports that are read or written at this moment.
    export_pages: Arc<Semaphore>,
    /// Kibibytes of answers that are built or wait to be sent, without the small ones.
    responses: CallerLimit,
    response_bytes: usize,
}

impl ConcurrencyLimiter {
    /// Room as configured.
    pub fn new(config: &GraphqlConfig) -> Self {
        let (all, of_caller) = (config.subscriptions, config.caller_subscriptions);
        let response_kib = config.limits.response_bytes.div_ceil(1 << 10);
        Self {
            operations: CallerLimit::new(config.operations, config.caller_operations),
            wait: config.wait,
            subscriptions: CallerLimit::new(all, of_caller),
            executions: CallerLimit::new(all, (of_caller / limits::SUBSCRIPTIONS_ALIKE).max(1)),
            replays: CallerLimit::new(limits::REPLAYS, limits::REPLAYS_OF_CALLER),
            exports: CallerLimit::new(limits::EXPORTS, limits::EXPORTS_OF_CALLER),
            export_pages: Arc::new(Semaphore::new(limits::EXPORT_PAGES)),
            responses: CallerLimit::new(
                limits::RESPONSES * response_kib,
                limits::RESPONSES_OF_CALLER * response_kib,
            ),
            response_bytes: config.limits.response_bytes,
        }
    }

    /// A place for a caller's query or mutation, if there is one, or will be soon.
    pub async fn acquire(&self, caller: &str) -> Result<Permit, HttpError> {
        // Only the time can be over.
        match tokio::time::timeout(self.wait, self.operations.acquire(caller)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(HttpError::full("operations")),
        }
    }

    /// A place for a subscription, if there is one. They last, so that nobody waits for the end of one.
    pub fn try_acquire_subscription(&self, caller: &str) -> Result<Permit, HttpError> {
        at_once(&self.subscriptions, caller, "subscriptions")
    }

    /// Permit for one more subscription that differs from the others of its caller.
    pub fn acquire_execution(&self, caller: &str) -> Result<Permit, HttpError> {
        at_once(&self.executions, caller, "different subscriptions")
    }

    /// Waits until the next answer of a replay may be made: it counts like a query.
    pub async fn acquire_replay(&self, caller: &str) -> Option<(Permit, Permit)> {
        let replay = self.replays.acquire(caller).await.ok()?;
        Some((replay, self.operations.acquire(caller).await.ok()?))
    }

    /// Permit for an export, which lasts as long as its caller reads it.
    pub fn acquire_export(&self, caller: &str) -> Result<Permit, HttpError> {
        at_once(&self.exports, caller, "exports")
    }

    /// Permits for reading or writing a page of an export, of all callers together.
    pub fn export_pages(&self) -> Arc<Semaphore> {
        self.export_pages.clone()
    }

    /// Budget of one answer of a caller.
    pub fn response_budget(&self, caller: &str) -> ResponseBudget {
        ResponseBudget::new(self.response_bytes, self.responses.semaphores(caller))
    }
}

fn at_once(limit: &CallerLimit, caller: &str, what: &str) -> Result<Permit, HttpError> {
    limit.try_acquire(caller).map_err(|reached| match reached {
        LimitReached::Share => HttpError::share_taken(what, limit.share()),
        LimitReached::All => HttpError::full(what),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn concurrency(operations: &str) -> ConcurrencyLimiter {
        let settings = [
            ("GRAPHQL_MAX_OPERATIONS", operations),
            ("GRAPHQL_MAX_WAIT_MS", "20"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        ConcurrencyLimiter::new(&Config::from_variables(&settings.into()).unwrap().graphql)
    }

    #[tokio::test]
    async fn one_caller_leaves_room_for_others() {
        let concurrency = concurrency("4");
        let mut permits = Vec::new();
        for _ in 0..3 {
            permits.push(concurrency.acquire("ann").await.unwrap());
        }
        assert!(concurrency.acquire("ann").await.is_err(), "more than a share");
        let bob = concurrency.acquire("bob").await.unwrap();
        assert!(concurrency.acquire("cleo").await.is_err(), "the house is full");
        drop(permits.pop());
        assert!(concurrency.acquire("ann").await.is_ok());
        drop(bob);
    }

    #[tokio::test]
    async fn a_small_house_takes_one() {
        let concurrency = concurrency("1");
        let _permit = concurrency.acquire("ann").await.unwrap();
        assert!(concurrency.acquire("bob").await.is_err());
    }
}
