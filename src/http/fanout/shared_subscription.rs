//! A group: one execution and the answers of it that are kept for the members.

use super::share_key::{ShareKey, ShareableOperation, SubscriptionSource};
use super::subscriber::Subscriber;
use crate::auth::Actor;
use crate::domain::events::{LogPosition, LogRange};
use crate::gateway::caller_limit::Permit;
use crate::graphql::state::RequestId;
use crate::graphql::subscriptions::progress::DeliveredRange;
use crate::http::SharedHttpState;
use crate::http::error::HttpError;
use crate::http::graphql::executor::payload::Payload;
use crate::http::graphql::executor::{GraphqlResponse, Operation};
use crate::telemetry::names;
use futures::StreamExt;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Answers that a group keeps for members that are a little late.
const KEPT_ANSWERS: usize = 64;
/// Bytes of them for each member; so a group of one keeps little.
const KEPT_BYTES_PER_MEMBER: usize = 16 << 10;
/// Bytes of them at most.
const KEPT_BYTES: usize = 1 << 20;
/// How long an answer waits for the one before to reach nine in ten of the members. So a burst comes as fast as most
/// of them can take it, in larger answers, instead of leaving them behind.
const LAGGARD_TIMEOUT: Duration = Duration::from_millis(500);

/// The groups of this process.
#[derive(Default)]
pub struct SharedSubscriptions {
    by_key: Arc<Mutex<HashMap<ShareKey, Arc<SharedSubscription>>>>,
}

impl SharedSubscriptions {
    /// Makes the caller a member of the group with this subscription, the first one if there is none. Gives nothing
    /// when the operation cannot be shared. Refused to a caller with as many different subscriptions as one may have.
    pub fn join(
        state: &SharedHttpState,
        operation: &Arc<Operation>,
        actor: &Actor,
        id: &RequestId,
    ) -> Result<Option<Subscriber>, HttpError> {
        let Some(shareable) = ShareableOperation::of(operation, actor) else {
            return Ok(None);
        };
        let head = shareable.source.head(state.executor.services());
        let position = shareable.after.unwrap_or(head);
        let mut by_key = lock(&state.subscriptions.by_key);
        let known = by_key.get(&shareable.key).cloned();
        let caller: Arc<str> = actor.subject.as_str().into();
        let permit = match &known {
            Some(shared) if shared.has(&caller) => None,
            _ => Some(state.executor.concurrency().acquire_execution(&caller)?),
        };
        let shared = known.unwrap_or_else(|| {
            // At the present, wherever its first member begins: the others are neither to wait for what that one missed,
            // nor for a place that the log may never reach.
            let shared =
                SharedSubscription::new(&shareable, head, operation.clone(), actor.clone(), id.clone());
            shared.start(state, head);
            by_key.insert(shareable.key, shared.clone());
            shared
        });
        // Under the lock, as the leaving.
        shared.subscribers.fetch_add(1, Ordering::Relaxed);
        shared.add_caller(caller.clone(), permit);
        drop(by_key);
        Ok(Some(Subscriber::new(state.clone(), shared, caller, position)))
    }

    /// A member goes; the last one ends its group.
    pub(super) fn leave(&self, shared: &Arc<SharedSubscription>, caller: &str) {
        let mut by_key = lock(&self.by_key);
        shared.remove_caller(caller);
        if shared.subscribers.fetch_sub(1, Ordering::Relaxed) == 1 {
            shared.abort();
            forget(&mut by_key, shared);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(by_key: &mut HashMap<ShareKey, Arc<SharedSubscription>>, shared: &Arc<SharedSubscription>) {
    if by_key
        .get(&shared.key)
        .is_some_and(|known| Arc::ptr_eq(known, shared))
    {
        by_key.remove(&shared.key);
    }
}

/// How an execution ends.
#[derive(Clone)]
pub enum End {
    /// There is no more to tell.
    Complete,
    /// The operation is not executed, and why.
    Failed(Arc<GraphqlResponse>),
}

/// What a member finds in its group.
pub enum NextAnswer {
    /// The next answer.
    Next(Arc<Payload>),
    /// The group has no answer that follows where the member is: first comes this stretch.
    Missing(LogRange),
    /// Nothing new; the newest answer, which it has, or need not have.
    Nothing(Option<Arc<Payload>>),
    /// Nothing will follow.
    End(End),
}

pub struct SharedSubscription {
    key: ShareKey,
    source: SubscriptionSource,
    /// What is executed, for whom.
    pub operation: Arc<Operation>,
    pub actor: Actor,
    pub request_id: RequestId,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
    subscribers: AtomicUsize,
    drain: Mutex<HashMap<Arc<str>, MembersOfCaller>>,
    /// Those of them that do not catch up by themselves.
    pub attached: AtomicUsize,
    pump: Mutex<Option<AbortHandle>>,
}

/// The members of a group that one caller has.
struct MembersOfCaller {
    count: usize,
    /// Counts the group among the different subscriptions of the caller.
    _permit: Option<Permit>,
}

/// The last answers. They tell the log without gaps.
struct Kept {
    answers: VecDeque<Arc<Payload>>,
    bytes: usize,
    /// Where the first of them begins; where the next will when there is none.
    from: LogPosition,
    end: Option<End>,
}

impl SharedSubscription {
    fn new(
        shareable: &ShareableOperation,
        position: LogPosition,
        operation: Arc<Operation>,
        actor: Actor,
        request_id: RequestId,
    ) -> Arc<Self> {
        Arc::new(Self {
            key: shareable.key.clone(),
            source: shareable.source,
            operation,
            actor,
            request_id,
            kept: Mutex::new(Kept {
                answers: VecDeque::new(),
                bytes: 0,
                from: position,
                end: None,
            }),
            changed: watch::Sender::new(()),
            subscribers: AtomicUsize::new(0),
            drain: Mutex::default(),
            attached: AtomicUsize::new(0),
            pump: Mutex::default(),
        })
    }

    fn start(self: &Arc<Self>, state: &SharedHttpState, position: LogPosition) {
        let pump = tokio::spawn(pump(state.clone(), self.clone(), position));
        *lock(&self.pump) = Some(pump.abort_handle());
    }

    fn abort(&self) {
        if let Some(pump) = lock(&self.pump).take() {
            pump.abort();
        }
    }

    fn has(&self, caller: &str) -> bool {
        lock(&self.drain).contains_key(caller)
    }

    fn add_caller(&self, caller: Arc<str>, permit: Option<Permit>) {
        let mut callers = lock(&self.drain);
        let subscribers = callers.entry(caller).or_insert(MembersOfCaller {
            count: 0,
            _permit: permit,
        });
        subscribers.count += 1;
    }

    fn remove_caller(&self, caller: &str) {
        let mut callers = lock(&self.drain);
        if let Some(subscribers) = callers.get_mut(caller) {
            subscribers.count -= 1;
            if subscribers.count == 0 {
                callers.remove(caller);
            }
        }
    }

    /// Changes whenever there may be something new to find.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whether its answers tell a log, which has places to go on from.
    fn is_log(&self) -> bool {
        self.source != SubscriptionSource::State
    }

    /// Where a member begins that does not say where: for a log at `head`; a state is told as it is now.
    pub fn entry(&self, head: LogPosition) -> LogPosition {
        if self.is_log() {
            return head;
        }
        let kept = lock(&self.kept);
        kept.answers
            .back()
            .map_or(kept.from, |last| last.delivered_range().from)
    }

    /// What comes for a member that has everything up to `position`.
    pub fn find(&self, position: LogPosition) -> NextAnswer {
        let kept = lock(&self.kept);
        if position < kept.from && self.is_log() {
            // By the time that it has come so far, the first half may be gone.
            let middle = kept.answers.get(kept.answers.len() / 2);
            return NextAnswer::Missing(LogRange {
                after: Some(position),
                until: Some(middle.map_or(kept.from, |answer| answer.delivered_range().from)),
            });
        }
        let next = kept
            .answers
            .partition_point(|answer| answer.delivered_range().last <= position);
        match (kept.answers.get(next), &kept.end) {
            (Some(answer), _) if self.is_log() && answer.delivered_range().first <= position => {
                NextAnswer::Missing(LogRange {
                    after: Some(position),
                    until: Some(answer.delivered_range().to),
                })
            }
            (Some(answer), _) => NextAnswer::Next(answer.clone()),
            (None, Some(end)) => NextAnswer::End(end.clone()),
            (None, None) => NextAnswer::Nothing(kept.answers.back().cloned()),
        }
    }

    fn publish(&self, payload: Payload) {
        let mut kept = lock(&self.kept);
        kept.bytes += payload.json().len();
        kept.answers.push_back(Arc::new(payload));
        let subscribers = self.subscribers.load(Ordering::Relaxed);
        let most = KEPT_BYTES.min(KEPT_BYTES_PER_MEMBER * subscribers);
        while kept.answers.len() > 1 && (kept.answers.len() > KEPT_ANSWERS || kept.bytes > most) {
            if let Some(gone) = kept.answers.pop_front() {
                kept.bytes -= gone.json().len();
                kept.from = gone.delivered_range().to;
            }
        }
        drop(kept);
        self.changed.send_replace(());
    }

    fn finish(&self, end: End) {
        lock(&self.kept).end = Some(end);
        self.changed.send_replace(());
    }

    fn last(&self) -> Option<Arc<Payload>> {
        lock(&self.kept).answers.back().cloned()
    }
}

/// Executes the operation for the group.
async fn pump(state: SharedHttpState, shared: Arc<SharedSubscription>, position: LogPosition) {
    let gauge = metrics::gauge!(names::GROUPS);
    gauge.increment(1);
    let _counted = Counted(gauge);
    let range = shared.is_log().then(|| LogRange::after(position));
    let (operation, actor, id) = (&shared.operation, shared.actor.clone(), shared.request_id.clone());
    let mut answers = state.executor.subscribe(operation, actor, id, range);
    let (mut backpressure, mut number) = (Backpressure::default(), 0);
    let end = loop {
        match answers.next().await {
            None => break End::Complete,
            Some(Err(refused)) => break End::Failed(refused),
            Some(Ok(payload)) if shared.is_log() => shared.publish(payload),
            Some(Ok(payload)) => {
                number += 1;
                shared.publish(payload.numbered(nth(number)));
            }
        }
        metrics::counter!(names::PAYLOADS).increment(1);
        backpressure.wait(&shared).await;
    };
    // Whoever comes later begins anew.
    forget(&mut lock(&state.subscriptions.by_key), &shared);
    shared.finish(end);
}

/// Where a state stands in the log of its answers.
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

/// Keeps a group from telling faster than its members can listen.
#[derive(Default)]
struct Backpressure {
    /// So many were waited for in vain. Nobody waits for as many again: those who do not read are not to hold up the
    /// others.
    laggards: usize,
    before: Option<Arc<Payload>>,
}

impl Backpressure {
    /// Waits until the last answer has reached, or need not reach, nine in ten of the members.
    async fn wait(&mut self, shared: &SharedSubscription) {
        let Some(last) = shared.last() else {
            return;
        };
        let attached = || shared.attached.load(Ordering::Relaxed);
        if let Some(before) = self.before.replace(last.clone()) {
            // Some of them may read again.
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

struct Counted(metrics::Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
