//! Execution of a subscription, answer by answer.

use super::payload::Payload;
use super::response::{GraphqlResponse, ResponseContext};
use super::{Operation, fault};
use crate::auth::Actor;
use crate::domain::events::LogRange;
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

struct Execution {
    schema: Schema,
    services: Services,
    operation: Arc<Operation>,
    actor: Actor,
    id: RequestId,
    context: ResponseContext,
    budget: Arc<ResponseBudget>,
    course: Arc<SubscriptionProgress>,
    responses: Responses,
    is_over: bool,
}

/// Executes an operation through a stretch of its log, or as the operation says. Each answer has the whole budget.
pub(super) fn execute(
    schema: Schema,
    services: Services,
    operation: Arc<Operation>,
    actor: Actor,
    id: RequestId,
    range: Option<LogRange>,
    budget: Arc<ResponseBudget>,
) -> BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>> {
    let execution = Execution {
        context: ResponseContext::from(&*operation),
        schema,
        services,
        operation,
        actor,
        id,
        budget,
        course: Arc::new(SubscriptionProgress::new(range)),
        responses: futures::stream::empty().boxed(),
        is_over: false,
    };
    let execution = execution.started();
    let answers = futures::stream::unfold(execution, |mut execution| async move {
        let next = execution.next().await?;
        Some((next, execution))
    });
    answers.boxed()
}

impl Execution {
    fn started(mut self) -> Self {
        self.start();
        self
    }

    fn start(&mut self) {
        let responses = execution::subscribe(
            &self.schema,
            &self.services,
            self.operation.again().data(self.budget.clone()),
            Some(self.actor.clone()),
            self.id.clone(),
            self.course.clone(),
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
            if let Err(excess) = finished {
                drop(response);
                if self.tell_less() {
                    continue;
                }
                // What it leaves out would be missing without a word: the client is told where it ended.
                self.is_over = true;
                return Some(Err(Arc::new(GraphqlResponse::refused(excess, &self.id))));
            }
            let answer = GraphqlResponse::of(response, &self.context, &self.id);
            // An answer that tells nothing of a log has no place in it: nobody would find it there.
            let is_lost = self.course.range().is_some()
                && answer.has_no_data()
                && self.course.delivered_range().count == 0;
            if !answer.was_executed() || is_lost {
                return Some(Err(Arc::new(answer)));
            }
            let payload = Payload::new(&answer, self.course.delivered_range(), reservation);
            self.course.written(payload.json().len());
            return Some(Ok(payload));
        }
        None
    }

    /// Begins again where the answer began that was too large, with fewer events to an answer; gives whether that is
    /// possible.
    fn tell_less(&mut self) -> bool {
        let Some(course) = self.course.with_less() else {
            return false;
        };
        self.course = Arc::new(course);
        self.start();
        true
    }
}
