//! Registry of the shared subscriptions of a process: joining and leaving, and the task that executes each.

use super::share_key::{ShareKey, ShareableOperation};
use super::shared_subscription::{SharedSubscription, SubscriptionEnd};
use crate::auth::Actor;
use crate::domain::events::{LogPosition, LogRange};
use crate::gateway::AdmittedOperation;
use crate::gateway::error::LimitError;
use crate::graphql::state::RequestId;
use crate::graphql::subscriptions::progress::DeliveredRange;
use crate::http::graphql::executor::{Executor, Payload};
use crate::telemetry::names;
use futures::StreamExt;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Time that a payload waits for the one before to reach nine in ten of the subscribers. A burst comes as fast as most
/// of them can take it, in larger payloads, instead of leaving them behind.
const LAGGARD_TIMEOUT: Duration = Duration::from_millis(500);

/// Shared subscriptions of this process. Clones share them.
#[derive(Clone)]
pub struct SharedSubscriptions {
    executor: Arc<Executor>,
    by_key: Arc<Mutex<HashMap<ShareKey, Arc<SharedSubscription>>>>,
}

/// Membership of a caller in a shared subscription. Dropping it leaves.
pub struct Membership {
    subscriptions: SharedSubscriptions,
    /// Subscription that is shared.
    pub shared: Arc<SharedSubscription>,
    /// Subject of the caller.
    pub caller: Arc<str>,
    /// Position in the log that the caller wants to go on from.
    pub position: LogPosition,
}

impl SharedSubscriptions {
    /// Builds an empty registry. Subscriptions are executed by this executor.
    pub fn new(executor: Arc<Executor>) -> Self {
        Self {
            executor,
            by_key: Arc::default(),
        }
    }

    /// Executor of the subscriptions.
    pub(super) fn executor(&self) -> &Arc<Executor> {
        &self.executor
    }

    /// Makes a caller a member of the shared subscription with this operation, which begins if there is none. Gives
    /// nothing when the operation cannot be shared. Refused to a caller with as many different subscriptions as allowed.
    pub(super) fn join(
        &self,
        operation: &Arc<AdmittedOperation>,
        actor: &Actor,
        id: &RequestId,
    ) -> Result<Option<Membership>, LimitError> {
        let Some(shareable) = ShareableOperation::of(operation, actor) else {
            return Ok(None);
        };
        let head = shareable.source.head(self.executor.services());
        let position = shareable.after.unwrap_or(head);
        let mut by_key = self.lock();
        let known = by_key.get(&shareable.key).cloned();
        let caller: Arc<str> = actor.subject.as_str().into();
        let permit = match &known {
            Some(shared) if shared.has_caller(&caller) => None,
            _ => Some(self.executor.gateway().concurrency().acquire_execution(&caller)?),
        };
        let shared = known.unwrap_or_else(|| {
            // From the end of the log, wherever its first subscriber begins: the others are not to wait for what that
            // one missed, nor for a position that the log may never reach.
            let shared =
                SharedSubscription::new(&shareable, head, operation.clone(), actor.clone(), id.clone());
            let execution = tokio::spawn(execute(self.clone(), shared.clone(), head));
            shared.set_execution(execution.abort_handle());
            by_key.insert(shareable.key, shared.clone());
            shared
        });
        // Under the lock, as leaving is.
        shared.subscribers.fetch_add(1, Ordering::Relaxed);
        shared.add_caller(caller.clone(), permit);
        drop(by_key);
        Ok(Some(Membership {
            subscriptions: self.clone(),
            shared,
            caller,
            position,
        }))
    }

    /// Takes a member out; the last one ends the execution.
    fn leave(&self, shared: &Arc<SharedSubscription>, caller: &str) {
        let mut by_key = self.lock();
        shared.remove_caller(caller);
        if shared.subscribers.fetch_sub(1, Ordering::Relaxed) == 1 {
            shared.abort_execution();
            remove(&mut by_key, shared);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ShareKey, Arc<SharedSubscription>>> {
        self.by_key.lock()
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.subscriptions.leave(&self.shared, &self.caller);
    }
}

fn remove(by_key: &mut HashMap<ShareKey, Arc<SharedSubscription>>, shared: &Arc<SharedSubscription>) {
    if by_key
        .get(shared.key())
        .is_some_and(|known| Arc::ptr_eq(known, shared))
    {
        by_key.remove(shared.key());
    }
}

/// Executes the operation for all subscribers.
async fn execute(subscriptions: SharedSubscriptions, shared: Arc<SharedSubscription>, position: LogPosition) {
    let gauge = metrics::gauge!(names::GROUPS);
    gauge.increment(1);
    let _counted = SubscriptionGauge(gauge);
    let range = shared.is_log().then(|| LogRange::after(position));
    let (operation, actor, id) = (&shared.operation, shared.actor.clone(), shared.request_id.clone());
    let mut payloads = subscriptions.executor.subscribe(operation, actor, id, range);
    let (mut backpressure, mut number) = (Backpressure::default(), 0);
    let end = loop {
        match payloads.next().await {
            None => break SubscriptionEnd::Complete,
            Some(Err(refused)) => break SubscriptionEnd::Failed(refused),
            Some(Ok(payload)) if shared.is_log() => shared.publish(payload),
            Some(Ok(payload)) => {
                number += 1;
                shared.publish(payload.numbered(nth(number)));
            }
        }
        metrics::counter!(names::PAYLOADS).increment(1);
        backpressure.wait(&shared).await;
    };
    // Later callers begin anew.
    remove(&mut subscriptions.lock(), &shared);
    shared.finish(end);
}

/// Range of the n-th payload of a state, in the log that its payloads make.
fn nth(number: i64) -> DeliveredRange {
    let at = |id| LogPosition { xid: 0, id };
    DeliveredRange {
        from: at(number - 1),
        first: at(number),
        last: at(number),
        to: at(number),
        count: 1,
    }
}

/// Backpressure from subscribers to the execution: it does not go faster than most of them can read.
#[derive(Default)]
struct Backpressure {
    /// Subscribers that were waited for in vain. So many are not waited for again: those who do not read must not hold
    /// up the others.
    laggards: usize,
    before: Option<Arc<Payload>>,
}

impl Backpressure {
    /// Waits until the last payload has reached, or need not reach, nine in ten of the subscribers.
    async fn wait(&mut self, shared: &SharedSubscription) {
        let Some(last) = shared.last() else {
            return;
        };
        let attached = || shared.attached.load(Ordering::Relaxed);
        if let Some(before) = self.before.replace(last.clone()) {
            // Some of the laggards may read again.
            self.laggards = self.laggards.min(attached().saturating_sub(before.delivered()));
        }
        let end = Instant::now() + LAGGARD_TIMEOUT;
        loop {
            let attached = attached();
            let missing = attached.saturating_sub(last.delivered());
            if missing <= self.laggards.max(attached / 10) {
                return;
            }
            if Instant::now() >= end {
                self.laggards = missing;
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Gauge of the running shared subscriptions, decremented when this is dropped.
struct SubscriptionGauge(metrics::Gauge);

impl Drop for SubscriptionGauge {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
