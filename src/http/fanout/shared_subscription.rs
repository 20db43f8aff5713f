//! Shared subscription: its operation, its subscribers, and the last payloads.

use super::share_key::{ShareKey, ShareableOperation, SubscriptionSource};
use crate::auth::Actor;
use crate::domain::events::{LogPosition, LogRange};
use crate::gateway::AdmittedOperation;
use crate::gateway::caller_limit::Permit;
use crate::graphql::state::RequestId;
use crate::http::graphql::executor::{GraphqlResponse, Payload};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Payloads that are kept for subscribers that are a little late.
const KEPT_PAYLOADS: usize = 64;
/// Bytes of them for each subscriber, so that a subscription of one keeps little.
const KEPT_BYTES_PER_SUBSCRIBER: usize = 16 << 10;
/// Bytes of them at most.
const KEPT_BYTES: usize = 1 << 20;

/// End of a subscription.
#[derive(Clone)]
pub enum SubscriptionEnd {
    /// The source has ended.
    Complete,
    /// The operation is not executed, or not any further, for the reason in the response.
    Failed(Arc<GraphqlResponse>),
}

/// Payload that follows a subscriber's position.
pub enum NextPayload {
    /// The next payload.
    Next(Arc<Payload>),
    /// No payload that is kept follows: first comes this range.
    Missing(LogRange),
    /// Nothing new. The newest payload, which the subscriber has, or need not have.
    None(Option<Arc<Payload>>),
    /// Nothing will follow.
    End(SubscriptionEnd),
}

/// Subscription that is executed once for its subscribers.
pub struct SharedSubscription {
    key: ShareKey,
    source: SubscriptionSource,
    /// Operation that is executed.
    pub operation: Arc<AdmittedOperation>,
    /// Actor of the first subscriber, for whom it is executed. The others may read the same.
    pub actor: Actor,
    /// Id of the request that began it.
    pub request_id: RequestId,
    kept: Mutex<KeptPayloads>,
    changed: watch::Sender<()>,
    /// All subscribers.
    pub subscribers: AtomicUsize,
    callers: Mutex<HashMap<Arc<str>, SubscribersOfCaller>>,
    /// Subscribers that are not catching up.
    pub attached: AtomicUsize,
    execution: Mutex<Option<AbortHandle>>,
}

/// Subscribers of one caller.
struct SubscribersOfCaller {
    count: usize,
    /// Counts the subscription among the different ones of the caller.
    _permit: Option<Permit>,
}

/// The last payloads. They tell the log without gaps.
struct KeptPayloads {
    payloads: VecDeque<Arc<Payload>>,
    bytes: usize,
    /// Position where the first of them begins; where the next will begin if there is none.
    from: LogPosition,
    end: Option<SubscriptionEnd>,
}

impl SharedSubscription {
    /// Builds a subscription that begins at this position and has no subscribers yet.
    pub fn new(
        shareable: &ShareableOperation,
        position: LogPosition,
        operation: Arc<AdmittedOperation>,
        actor: Actor,
        request_id: RequestId,
    ) -> Arc<Self> {
        Arc::new(Self {
            key: shareable.key.clone(),
            source: shareable.source,
            operation,
            actor,
            request_id,
            kept: Mutex::new(KeptPayloads {
                payloads: VecDeque::new(),
                bytes: 0,
                from: position,
                end: None,
            }),
            changed: watch::Sender::new(()),
            subscribers: AtomicUsize::new(0),
            callers: Mutex::default(),
            attached: AtomicUsize::new(0),
            execution: Mutex::default(),
        })
    }

    /// Key of the subscription.
    pub fn key(&self) -> &ShareKey {
        &self.key
    }

    /// Notes the task that executes the operation.
    pub fn set_execution(&self, execution: AbortHandle) {
        *lock(&self.execution) = Some(execution);
    }

    /// Ends the execution.
    pub fn abort_execution(&self) {
        if let Some(execution) = lock(&self.execution).take() {
            execution.abort();
        }
    }

    /// Has a subscriber of this caller.
    pub fn has_caller(&self, caller: &str) -> bool {
        lock(&self.callers).contains_key(caller)
    }

    /// Counts one more subscriber of a caller. The permit is for the first of them.
    pub fn add_caller(&self, caller: Arc<str>, permit: Option<Permit>) {
        let mut callers = lock(&self.callers);
        let subscribers = callers.entry(caller).or_insert(SubscribersOfCaller {
            count: 0,
            _permit: permit,
        });
        subscribers.count += 1;
    }

    /// Counts one subscriber of a caller less.
    pub fn remove_caller(&self, caller: &str) {
        let mut callers = lock(&self.callers);
        if let Some(subscribers) = callers.get_mut(caller) {
            subscribers.count -= 1;
            if subscribers.count == 0 {
                callers.remove(caller);
            }
        }
    }

    /// Receiver that is notified whenever there may be a new payload.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Delivers a log, with positions to go on from, and not a state.
    pub fn is_log(&self) -> bool {
        self.source != SubscriptionSource::State
    }

    /// Position where a subscriber begins that asks for `wanted`: a state is sent as it is now.
    pub fn start_position(&self, wanted: LogPosition) -> LogPosition {
        if self.is_log() {
            return wanted;
        }
        let kept = lock(&self.kept);
        kept.payloads
            .back()
            .map_or(kept.from, |last| last.delivered_range().from)
    }

    /// Next payload for a subscriber that has everything up to `position`.
    pub fn find(&self, position: LogPosition) -> NextPayload {
        let kept = lock(&self.kept);
        if position < kept.from && self.is_log() {
            // When the subscriber has caught up, the first half may be gone.
            let middle = kept.payloads.get(kept.payloads.len() / 2);
            return NextPayload::Missing(LogRange {
                after: Some(position),
                until: Some(middle.map_or(kept.from, |payload| payload.delivered_range().from)),
            });
        }
        let next = kept
            .payloads
            .partition_point(|payload| payload.delivered_range().last <= position);
        match (kept.payloads.get(next), &kept.end) {
            (Some(payload), _) if self.is_log() && payload.delivered_range().first <= position => {
                NextPayload::Missing(LogRange {
                    after: Some(position),
                    until: Some(payload.delivered_range().to),
                })
            }
            (Some(payload), _) => NextPayload::Next(payload.clone()),
            (None, Some(end)) => NextPayload::End(end.clone()),
            (None, None) => NextPayload::None(kept.payloads.back().cloned()),
        }
    }

    /// Makes a payload the newest one, and lets go of old ones.
    pub fn publish(&self, payload: Payload) {
        let mut kept = lock(&self.kept);
        kept.bytes += payload.json().len();
        kept.payloads.push_back(Arc::new(payload));
        let subscribers = self.subscribers.load(Ordering::Relaxed);
        let most = KEPT_BYTES.min(KEPT_BYTES_PER_SUBSCRIBER * subscribers);
        while kept.payloads.len() > 1 && (kept.payloads.len() > KEPT_PAYLOADS || kept.bytes > most) {
            if let Some(gone) = kept.payloads.pop_front() {
                kept.bytes -= gone.json().len();
                kept.from = gone.delivered_range().to;
            }
        }
        drop(kept);
        self.changed.send_replace(());
    }

    /// Notes that no payload will follow.
    pub fn finish(&self, end: SubscriptionEnd) {
        lock(&self.kept).end = Some(end);
        self.changed.send_replace(());
    }

    /// The newest payload.
    pub fn last(&self) -> Option<Arc<Payload>> {
        lock(&self.kept).payloads.back().cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}
