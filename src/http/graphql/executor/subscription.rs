//! Execution of a subscription, payload by payload.

use super::payload::Payload;
use super::response::{GraphqlResponse, fault};
use crate::auth::Actor;
use crate::domain::events::LogRange;
use crate::gateway::{AdmittedOperation, ErrorContext};
use crate::graphql::error::Code;
use crate::graphql::execution;
use crate::graphql::response_budget::ResponseBudget;
use crate::graphql::schema::Schema;
use crate::graphql::state::{RequestId, Services};
use crate::graphql::subscriptions::progress::SubscriptionProgress;
use async_graphql::Response;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

type Responses = BoxStream<'static, Result<Response, Box<dyn Any + Send>>>;

struct SubscriptionExecution {
    schema: Schema,
    services: Services,
    operation: Arc<AdmittedOperation>,
    actor: Actor,
    id: RequestId,
    context: ErrorContext,
    budget: Arc<ResponseBudget>,
    progress: Arc<SubscriptionProgress>,
    responses: Responses,
    is_over: bool,
}

/// Executes an operation through a range of its log, or as the operation says. Each response has the whole budget.
pub(super) fn execute(
    schema: Schema,
    services: Services,
    operation: Arc<AdmittedOperation>,
    actor: Actor,
    id: RequestId,
    range: Option<LogRange>,
    budget: Arc<ResponseBudget>,
) -> BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>> {
    let execution = SubscriptionExecution {
        context: ErrorContext::from(&*operation),
        schema,
        services,
        operation,
        actor,
        id,
        budget,
        progress: Arc::new(SubscriptionProgress::new(range)),
        responses: futures::stream::empty().boxed(),
        is_over: false,
    };
    let execution = execution.started();
    let payloads = futures::stream::unfold(execution, |mut execution| async move {
        let next = execution.next().await?;
        Some((next, execution))
    });
    payloads.boxed()
}

impl SubscriptionExecution {
    fn started(mut self) -> Self {
        self.start();
        self
    }

    fn start(&mut self) {
        let responses = execution::subscribe(
            &self.schema,
            &self.services,
            self.operation.new_request().data(self.budget.clone()),
            Some(self.actor.clone()),
            self.id.clone(),
            self.progress.clone(),
        );
        self.responses = AssertUnwindSafe(responses).catch_unwind().boxed();
    }

    async fn next(&mut self) -> Option<Result<Payload, Arc<GraphqlResponse>>> {
        while !self.is_over {
            let response = self.responses.next().await?;
            let failed = |_| fault(Code::InternalServerError, Code::InternalServerError.fault());
            let response = response.unwrap_or_else(failed);
            let finished = self.budget.finish(&response.data);
            let reservation = self.budget.take();
            if let Err(over_budget) = finished {
                drop(response);
                if self.restart_with_less() {
                    continue;
                }
                // Going on would leave events out without a word.
                self.is_over = true;
                return Some(Err(Arc::new(GraphqlResponse::refused(over_budget, &self.id))));
            }
            let response = GraphqlResponse::of(response, &self.context, &self.id);
            // A response that delivers nothing of a log has no position in it, where subscribers would find it.
            let is_lost = self.progress.range().is_some()
                && response.has_no_data()
                && self.progress.delivered_range().count == 0;
            if !response.was_executed() || is_lost {
                return Some(Err(Arc::new(response)));
            }
            let payload = Payload::new(&response, self.progress.delivered_range(), reservation);
            self.progress.written(payload.json().len());
            return Some(Ok(payload));
        }
        None
    }

    /// Begins again where the response began that was too large, with fewer events to a response. Gives whether that is
    /// possible.
    fn restart_with_less(&mut self) -> bool {
        let Some(progress) = self.progress.with_less() else {
            return false;
        };
        self.progress = Arc::new(progress);
        self.start();
        true
    }
}
