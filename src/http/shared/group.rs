//! A group: one execution and the answers of it that are kept for the members.

use super::member::Member;
use super::sharing::{Key, Sharing, Source};
use crate::domain::auth::Actor;
use crate::domain::events::{Cursor, Stretch};
use crate::graphql::context::RequestId;
use crate::graphql::course::Told;
use crate::http::SharedEdge;
use crate::http::caller_limit::Permit;
use crate::http::executor::{Answer, Operation};
use crate::http::payload::Payload;
use crate::http::refusal::Refusal;
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
const PATIENCE: Duration = Duration::from_millis(500);

/// The groups of this process.
#[derive(Default)]
pub struct Groups {
    groups: Arc<Mutex<HashMap<Key, Arc<Group>>>>,
}

impl Groups {
    /// Makes the caller a member of the group with this subscription, the first one if there is none. Gives nothing
    /// when the operation cannot be shared. Refused to a caller with as many different subscriptions as one may have.
    pub fn join(
        edge: &SharedEdge,
        operation: &Arc<Operation>,
        actor: &Actor,
        id: &RequestId,
    ) -> Result<Option<Member>, Refusal> {
        let Some(sharing) = Sharing::of(operation, actor) else {
            return Ok(None);
        };
        let head = sharing.source.head(edge.executor.services());
        let position = sharing.after.unwrap_or(head);
        let mut groups = lock(&edge.groups.groups);
        let known = groups.get(&sharing.key).cloned();
        let caller: Arc<str> = actor.subject.as_str().into();
        let permit = match &known {
            Some(group) if group.has(&caller) => None,
            _ => Some(edge.executor.house().acquire_execution(&caller)?),
        };
        let group = known.unwrap_or_else(|| {
            // At the present, wherever its first member begins: the others are neither to wait for what that one missed,
            // nor for a place that the log may never reach.
            let group = Group::new(&sharing, head, operation.clone(), actor.clone(), id.clone());
            group.start(edge, head);
            groups.insert(sharing.key, group.clone());
            group
        });
        // Under the lock, as the leaving.
        group.members.fetch_add(1, Ordering::Relaxed);
        group.add_caller(caller.clone(), permit);
        drop(groups);
        Ok(Some(Member::new(edge.clone(), group, caller, position)))
    }

    /// A member goes; the last one ends its group.
    pub(super) fn leave(&self, group: &Arc<Group>, caller: &str) {
        let mut groups = lock(&self.groups);
        group.remove_caller(caller);
        if group.members.fetch_sub(1, Ordering::Relaxed) == 1 {
            group.abort();
            forget(&mut groups, group);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(groups: &mut HashMap<Key, Arc<Group>>, group: &Arc<Group>) {
    if groups
        .get(&group.key)
        .is_some_and(|known| Arc::ptr_eq(known, group))
    {
        groups.remove(&group.key);
    }
}

/// How an execution ends.
#[derive(Clone)]
pub enum End {
    /// There is no more to tell.
    Complete,
    /// The operation is not executed, and why.
    Refused(Arc<Answer>),
}

/// What a member finds in its group.
pub enum Found {
    /// The next answer.
    Next(Arc<Payload>),
    /// The group has no answer that follows where the member is: first comes this stretch.
    Missing(Stretch),
    /// Nothing new; the newest answer, which it has, or need not have.
    Nothing(Option<Arc<Payload>>),
    /// Nothing will follow.
    End(End),
}

pub struct Group {
    key: Key,
    source: Source,
    /// What is executed, for whom.
    pub operation: Arc<Operation>,
    pub actor: Actor,
    pub request_id: RequestId,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
    members: AtomicUsize,
    callers: Mutex<HashMap<Arc<str>, MembersOfCaller>>,
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
    from: Cursor,
    end: Option<End>,
}

impl Group {
    fn new(
        sharing: &Sharing,
        position: Cursor,
        operation: Arc<Operation>,
        actor: Actor,
        request_id: RequestId,
    ) -> Arc<Self> {
        Arc::new(Self {
            key: sharing.key.clone(),
            source: sharing.source,
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
            members: AtomicUsize::new(0),
            callers: Mutex::default(),
            attached: AtomicUsize::new(0),
            pump: Mutex::default(),
        })
    }

    fn start(self: &Arc<Self>, edge: &SharedEdge, position: Cursor) {
        let pump = tokio::spawn(pump(edge.clone(), self.clone(), position));
        *lock(&self.pump) = Some(pump.abort_handle());
    }

    fn abort(&self) {
        if let Some(pump) = lock(&self.pump).take() {
            pump.abort();
        }
    }

    fn has(&self, caller: &str) -> bool {
        lock(&self.callers).contains_key(caller)
    }

    fn add_caller(&self, caller: Arc<str>, permit: Option<Permit>) {
        let mut callers = lock(&self.callers);
        let members = callers.entry(caller).or_insert(MembersOfCaller {
            count: 0,
            _permit: permit,
        });
        members.count += 1;
    }

    fn remove_caller(&self, caller: &str) {
        let mut callers = lock(&self.callers);
        if let Some(members) = callers.get_mut(caller) {
            members.count -= 1;
            if members.count == 0 {
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
        self.source != Source::State
    }

    /// Where a member begins that does not say where: for a log at `head`; a state is told as it is now.
    pub fn entry(&self, head: Cursor) -> Cursor {
        if self.is_log() {
            return head;
        }
        let kept = lock(&self.kept);
        kept.answers.back().map_or(kept.from, |last| last.told().from)
    }

    /// What comes for a member that has everything up to `position`.
    pub fn find(&self, position: Cursor) -> Found {
        let kept = lock(&self.kept);
        if position < kept.from && self.is_log() {
            // By the time that it has come so far, the first half may be gone.
            let middle = kept.answers.get(kept.answers.len() / 2);
            return Found::Missing(Stretch {
                after: Some(position),
                until: Some(middle.map_or(kept.from, |answer| answer.told().from)),
            });
        }
        let next = kept
            .answers
            .partition_point(|answer| answer.told().last <= position);
        match (kept.answers.get(next), &kept.end) {
            (Some(answer), _) if self.is_log() && answer.told().first <= position => {
                Found::Missing(Stretch {
                    after: Some(position),
                    until: Some(answer.told().to),
                })
            }
            (Some(answer), _) => Found::Next(answer.clone()),
            (None, Some(end)) => Found::End(end.clone()),
            (None, None) => Found::Nothing(kept.answers.back().cloned()),
        }
    }

    fn publish(&self, payload: Payload) {
        let mut kept = lock(&self.kept);
        kept.bytes += payload.json().len();
        kept.answers.push_back(Arc::new(payload));
        let members = self.members.load(Ordering::Relaxed);
        let most = KEPT_BYTES.min(KEPT_BYTES_PER_MEMBER * members);
        while kept.answers.len() > 1 && (kept.answers.len() > KEPT_ANSWERS || kept.bytes > most) {
            if let Some(gone) = kept.answers.pop_front() {
                kept.bytes -= gone.json().len();
                kept.from = gone.told().to;
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
async fn pump(edge: SharedEdge, group: Arc<Group>, position: Cursor) {
    let gauge = metrics::gauge!(names::GROUPS);
    gauge.increment(1);
    let _counted = Counted(gauge);
    let stretch = group.is_log().then(|| Stretch::after(position));
    let (operation, actor, id) = (&group.operation, group.actor.clone(), group.request_id.clone());
    let mut answers = edge.executor.subscribe(operation, actor, id, stretch);
    let (mut pace, mut number) = (Pace::default(), 0);
    let end = loop {
        match answers.next().await {
            None => break End::Complete,
            Some(Err(refused)) => break End::Refused(refused),
            Some(Ok(payload)) if group.is_log() => group.publish(payload),
            Some(Ok(payload)) => {
                number += 1;
                group.publish(payload.numbered(nth(number)));
            }
        }
        metrics::counter!(names::PAYLOADS).increment(1);
        pace.keep(&group).await;
    };
    // Whoever comes later begins anew.
    forget(&mut lock(&edge.groups.groups), &group);
    group.finish(end);
}

/// Where a state stands in the log of its answers.
fn nth(number: i64) -> Told {
    let at = |id| Cursor { xid: 0, id };
    Told {
        from: at(number - 1),
        first: at(number),
        last: at(number),
        to: at(number),
        count: 1,
    }
}

/// Keeps a group from telling faster than its members can listen.
#[derive(Default)]
struct Pace {
    /// So many were waited for in vain. Nobody waits for as many again: those who do not read are not to hold up the
    /// others.
    laggards: usize,
    before: Option<Arc<Payload>>,
}

impl Pace {
    /// Waits until the last answer has reached, or need not reach, nine in ten of the members.
    async fn keep(&mut self, group: &Group) {
        let Some(last) = group.last() else {
            return;
        };
        let attached = || group.attached.load(Ordering::Relaxed);
        if let Some(before) = self.before.replace(last.clone()) {
            // Some of them may read again.
            self.laggards = self.laggards.min(attached().saturating_sub(before.delivered()));
        }
        let end = Instant::now() + PATIENCE;
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
