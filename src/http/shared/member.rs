//! A member of a group.

use super::group::{End, Found, Group};
use crate::domain::events::{Cursor, Stretch};
use crate::http::SharedEdge;
use crate::http::executor::Answer;
use crate::http::payload::Payload;
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
    Refused(Arc<Answer>),
    /// Nothing follows.
    Complete,
}

/// One caller's part in a group. Dropping it leaves the group.
pub struct Member {
    edge: SharedEdge,
    group: Arc<Group>,
    caller: Arc<str>,
    changes: watch::Receiver<()>,
    /// It has everything up to here.
    position: Cursor,
    /// Answers up to here count as delivered to it, or will when they are.
    counted: Cursor,
    catching_up: Option<CatchUp>,
}

/// An execution of a member's own, up to where the group has answers for it.
struct CatchUp {
    answers: BoxStream<'static, Result<Payload, Arc<Answer>>>,
    until: Cursor,
}

impl Member {
    pub(super) fn new(edge: SharedEdge, group: Arc<Group>, caller: Arc<str>, position: Cursor) -> Self {
        group.attached.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!(names::MEMBERS).increment(1);
        Self {
            changes: group.changes(),
            position: group.entry(position),
            counted: Cursor::default(),
            edge,
            group,
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
            match self.group.find(self.position) {
                Found::Next(payload) => {
                    self.position = payload.told().to;
                    self.counted = payload.told().last;
                    return Step::Next(payload);
                }
                Found::Missing(stretch) => self.fall_behind(stretch),
                Found::End(End::Complete) => return Step::Complete,
                Found::End(End::Refused(answer)) => return Step::Refused(answer),
                Found::Nothing(newest) => {
                    if let Some(newest) = newest.filter(|newest| newest.told().last > self.counted) {
                        self.counted = newest.told().last;
                        newest.mark_delivered();
                    }
                    // The group is there as long as its member.
                    let _always = self.changes.changed().await;
                }
            }
        }
    }

    fn fall_behind(&mut self, stretch: Stretch) {
        let group = &self.group;
        let Some(until) = stretch.until.filter(|until| *until > self.position) else {
            return;
        };
        let (actor, id) = (group.actor.clone(), group.request_id.clone());
        let answers = self
            .edge
            .executor
            .subscribe(&group.operation, actor, id, Some(stretch));
        self.catching_up = Some(CatchUp { answers, until });
        group.attached.fetch_sub(1, Ordering::Relaxed);
        metrics::counter!(names::CATCH_UPS).increment(1);
    }

    /// The next answer of its own; nothing when it can go on with the group.
    async fn catch_up(&mut self) -> Option<Step> {
        let catch_up = self.catching_up.as_mut()?;
        let answers = &mut catch_up.answers;
        match self.edge.executor.next_replayed(&self.caller, answers).await {
            Some(Ok(payload)) => {
                self.position = payload.told().to;
                Some(Step::Next(Arc::new(payload)))
            }
            Some(Err(refused)) => Some(Step::Refused(refused)),
            None => {
                self.position = self.position.max(catch_up.until);
                self.catching_up = None;
                self.group.attached.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.catching_up.is_none() {
            self.group.attached.fetch_sub(1, Ordering::Relaxed);
        }
        metrics::gauge!(names::MEMBERS).decrement(1);
        self.edge.groups.leave(&self.group, &self.caller);
    }
}
