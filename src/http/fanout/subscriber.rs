//! A member of a group.

use super::shared_subscription::{End, NextAnswer, SharedSubscription};
use crate::domain::events::{LogPosition, LogRange};
use crate::http::SharedHttpState;
use crate::http::graphql::executor::GraphqlResponse;
use crate::http::graphql::executor::payload::Payload;
use crate::telemetry::names;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// What comes next for a member.
pub enum Step {
    /// An answer.
    Next(Arc<Payload>),
    /// The operation was refused, and nothing follows.
    Failed(Arc<GraphqlResponse>),
    /// Nothing follows.
    Complete,
}

/// One caller's part in a group. Dropping it leaves the group.
pub struct Subscriber {
    state: SharedHttpState,
    shared: Arc<SharedSubscription>,
    caller: Arc<str>,
    changes: watch::Receiver<()>,
    /// It has everything up to here.
    position: LogPosition,
    /// Answers up to here count as delivered to it, or will when they are.
    counted: LogPosition,
    catching_up: Option<CatchUp>,
}

/// An execution of a member's own, up to where the group has answers for it.
struct CatchUp {
    answers: BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>>,
    until: LogPosition,
}

impl Subscriber {
    pub(super) fn new(
        state: SharedHttpState,
        shared: Arc<SharedSubscription>,
        caller: Arc<str>,
        position: LogPosition,
    ) -> Self {
        shared.attached.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!(names::MEMBERS).increment(1);
        Self {
            changes: shared.changes(),
            position: shared.entry(position),
            counted: LogPosition::default(),
            state,
            shared,
            caller,
            catching_up: None,
        }
    }

    /// What comes next. Nothing is lost when this is dropped before it is ready.
    pub async fn next(&mut self) -> Step {
        loop {
            if self.catching_up.is_some() {
                if let Some(step) = self.catch_up().await {
                    return step;
                }
                continue;
            }
            self.changes.mark_unchanged();
            match self.shared.find(self.position) {
                NextAnswer::Next(payload) => {
                    self.position = payload.delivered_range().to;
                    self.counted = payload.delivered_range().last;
                    return Step::Next(payload);
                }
                NextAnswer::Missing(range) => self.start_catch_up(range),
                NextAnswer::End(End::Complete) => return Step::Complete,
                NextAnswer::End(End::Failed(answer)) => return Step::Failed(answer),
                NextAnswer::Nothing(newest) => {
                    if let Some(newest) = newest.filter(|newest| newest.delivered_range().last > self.counted)
                    {
                        self.counted = newest.delivered_range().last;
                        newest.mark_delivered();
                    }
                    // The group is there as long as its member.
                    let _always = self.changes.changed().await;
                }
            }
        }
    }

    fn start_catch_up(&mut self, range: LogRange) {
        let shared = &self.shared;
        let Some(until) = range.until.filter(|until| *until > self.position) else {
            return;
        };
        let (actor, id) = (shared.actor.clone(), shared.request_id.clone());
        let answers = self
            .state
            .executor
            .subscribe(&shared.operation, actor, id, Some(range));
        self.catching_up = Some(CatchUp { answers, until });
        shared.attached.fetch_sub(1, Ordering::Relaxed);
        metrics::counter!(names::CATCH_UPS).increment(1);
    }

    /// The next answer of its own; nothing when it can go on with the group.
    async fn catch_up(&mut self) -> Option<Step> {
        let catch_up = self.catching_up.as_mut()?;
        let answers = &mut catch_up.answers;
        match self.state.executor.next_replayed(&self.caller, answers).await {
            Some(Ok(payload)) => {
                self.position = payload.delivered_range().to;
                Some(Step::Next(Arc::new(payload)))
            }
            Some(Err(refused)) => Some(Step::Failed(refused)),
            None => {
                self.position = self.position.max(catch_up.until);
                self.catching_up = None;
                self.shared.attached.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.catching_up.is_none() {
            self.shared.attached.fetch_sub(1, Ordering::Relaxed);
        }
        metrics::gauge!(names::MEMBERS).decrement(1);
        self.state.subscriptions.leave(&self.shared, &self.caller);
    }
}
