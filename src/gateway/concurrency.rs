//! Concurrency limits of what takes long or lasts. Queues are bounded in time.
//!
//! No caller gets all permits: one who asks for more than a share waits for the end of the own operations, while others
//! go on.

use super::caller_limit::{CallerLimit, Permit};
use super::error::LimitError;
use super::limits;
use crate::config::GraphqlConfig;
use crate::graphql::response_budget::ResponseBudget;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Concurrency limits of this process.
pub struct ConcurrencyLimiter {
    /// Queries and mutations.
    operations: CallerLimit,
    wait: Duration,
    subscriptions: CallerLimit,
    /// Subscriptions of a caller that differ, so that each is executed.
    executions: CallerLimit,
    /// Responses that repeat what is in a log already.
    replays: CallerLimit,
    exports: CallerLimit,
    /// Pages of exports that are read or written at this moment.
    export_pages: Arc<Semaphore>,
    /// Kibibytes of responses that are built or wait to be sent, without the small ones.
    responses: CallerLimit,
    response_bytes: usize,
}

impl ConcurrencyLimiter {
    /// Limits as configured.
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

    /// Permit for a query or mutation of a caller, if there is one within the configured time.
    pub async fn acquire(&self, caller: &str) -> Result<Permit, LimitError> {
        // The semaphores are never closed.
        match tokio::time::timeout(self.wait, self.operations.acquire(caller)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(LimitError::AllInUse("operations")),
        }
    }

    /// Permit for a subscription, if there is one now: subscriptions last, so that waiting for the end of one is in vain.
    pub fn try_acquire_subscription(&self, caller: &str) -> Result<Permit, LimitError> {
        self.subscriptions.try_acquire(caller, "subscriptions")
    }

    /// Permit for one more subscription that differs from the others of its caller.
    pub fn acquire_execution(&self, caller: &str) -> Result<Permit, LimitError> {
        self.executions.try_acquire(caller, "different subscriptions")
    }

    /// Permits for the next response of a replay, which counts like a query. Waits for them.
    pub async fn acquire_replay(&self, caller: &str) -> Option<(Permit, Permit)> {
        let replay = self.replays.acquire(caller).await.ok()?;
        Some((replay, self.operations.acquire(caller).await.ok()?))
    }

    /// Permit for an export, which lasts as long as its caller reads it.
    pub fn acquire_export(&self, caller: &str) -> Result<Permit, LimitError> {
        self.exports.try_acquire(caller, "exports")
    }

    /// Permits for reading or writing a page of an export, of all callers together.
    pub fn export_pages(&self) -> Arc<Semaphore> {
        self.export_pages.clone()
    }

    /// Budget of one response of a caller.
    pub fn response_budget(&self, caller: &str) -> ResponseBudget {
        ResponseBudget::new(self.response_bytes, self.responses.semaphores(caller))
    }
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
        assert!(
            concurrency.acquire("cleo").await.is_err(),
            "all permits are in use"
        );
        drop(permits.pop());
        assert!(concurrency.acquire("ann").await.is_ok());
        drop(bob);
    }

    #[tokio::test]
    async fn a_limit_of_one_lets_one_in() {
        let concurrency = concurrency("1");
        let _permit = concurrency.acquire("ann").await.unwrap();
        assert!(concurrency.acquire("bob").await.is_err());
    }
}
