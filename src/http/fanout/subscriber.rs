//! Subscriber of a shared subscription: its position, and how it catches up.

use super::registry::{Membership, SharedSubscriptions};
use super::shared_subscription::{NextPayload, SubscriptionEnd};
use crate::auth::Actor;
use crate::domain::events::{LogPosition, LogRange};
use crate::gateway::AdmittedOperation;
use crate::gateway::error::LimitError;
use crate::graphql::state::RequestId;
use crate::http::graphql::executor::{Executor, GraphqlResponse, Payload};
use crate::telemetry::names;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// Step of a subscriber.
pub enum SubscriberStep {
    /// Payload to send.
    Next(Arc<Payload>),
    /// The operation was refused, and nothing follows.
    Failed(Arc<GraphqlResponse>),
    /// Nothing follows.
    Complete,
}

/// One caller's part in a shared subscription. Dropping it leaves the subscription.
pub struct Subscriber {
    executor: Arc<Executor>,
    membership: Membership,
    changes: watch::Receiver<()>,
    /// Position up to which it has everything.
    position: LogPosition,
    /// Position up to which payloads count as delivered to it, or will when they are.
    counted: LogPosition,
    catching_up: Option<CatchUp>,
}

/// Execution for one subscriber, up to the payloads that the shared subscription keeps.
struct CatchUp {
    payloads: BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>>,
    until: LogPosition,
}

impl Subscriber {
    /// Joins the shared subscription with this operation, which begins if there is none. Gives nothing when the operation
    /// cannot be shared. Refused to a caller with as many different subscriptions as allowed.
    pub fn join(
        subscriptions: &SharedSubscriptions,
        operation: &Arc<AdmittedOperation>,
        actor: &Actor,
        id: &RequestId,
    ) -> Result<Option<Self>, LimitError> {
        let membership = subscriptions.join(operation, actor, id)?;
        let executor = subscriptions.executor().clone();
        Ok(membership.map(|membership| Self::new(executor, membership)))
    }

    fn new(executor: Arc<Executor>, membership: Membership) -> Self {
        membership.shared.attached.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!(names::MEMBERS).increment(1);
        Self {
            changes: membership.shared.changes(),
            position: membership.shared.start_position(membership.position),
            counted: LogPosition::default(),
            executor,
            membership,
            catching_up: None,
        }
    }

    /// Waits for the next step. Nothing is lost when this is dropped before it is ready.
    pub async fn next(&mut self) -> SubscriberStep {
        loop {
            if self.catching_up.is_some() {
                if let Some(step) = self.catch_up().await {
                    return step;
                }
                continue;
            }
            self.changes.mark_unchanged();
            match self.membership.shared.find(self.position) {
                NextPayload::Next(payload) => {
                    self.position = payload.delivered_range().to;
                    self.counted = payload.delivered_range().last;
                    return SubscriberStep::Next(payload);
                }
                NextPayload::Missing(range) => self.start_catch_up(range),
                NextPayload::End(SubscriptionEnd::Complete) => return SubscriberStep::Complete,
                NextPayload::End(SubscriptionEnd::Failed(response)) => {
                    return SubscriberStep::Failed(response);
                }
                NextPayload::None(newest) => {
                    if let Some(newest) = newest.filter(|newest| newest.delivered_range().last > self.counted)
                    {
                        self.counted = newest.delivered_range().last;
                        newest.mark_delivered();
                    }
                    // The sender lives as long as the membership.
                    let _always = self.changes.changed().await;
                }
            }
        }
    }

    fn start_catch_up(&mut self, range: LogRange) {
        let shared = &self.membership.shared;
        let Some(until) = range.until.filter(|until| *until > self.position) else {
            return;
        };
        let (actor, id) = (shared.actor.clone(), shared.request_id.clone());
        let payloads = self.executor.subscribe(&shared.operation, actor, id, Some(range));
        self.catching_up = Some(CatchUp { payloads, until });
        shared.attached.fetch_sub(1, Ordering::Relaxed);
        metrics::counter!(names::CATCH_UPS).increment(1);
    }

    /// Next step of the own execution; nothing when the subscriber can go on with the others.
    async fn catch_up(&mut self) -> Option<SubscriberStep> {
        let catch_up = self.catching_up.as_mut()?;
        let (executor, payloads) = (&self.executor, &mut catch_up.payloads);
        match executor.next_replayed(&self.membership.caller, payloads).await {
            Some(Ok(payload)) => {
                self.position = payload.delivered_range().to;
                Some(SubscriberStep::Next(Arc::new(payload)))
            }
            Some(Err(refused)) => Some(SubscriberStep::Failed(refused)),
            None => {
                self.position = self.position.max(catch_up.until);
                self.catching_up = None;
                self.membership.shared.attached.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.catching_up.is_none() {
            self.membership.shared.attached.fetch_sub(1, Ordering::Relaxed);
        }
        metrics::gauge!(names::MEMBERS).decrement(1);
    }
}
