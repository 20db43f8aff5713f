//! Executor: admission and execution of operations, the same for POST, GET and websockets.

mod payload;
mod response;
mod response_cache;
mod subscription;

pub use payload::Payload;
pub use response::{GraphqlResponse, WrittenResponse};

use crate::auth::{Actor, Role};
use crate::db::{HealthMonitor, cancel_aware};
use crate::domain::events::LogRange;
use crate::gateway::rate_limit::{REPLAY_COST, response_cost, sent_cost};
use crate::gateway::{AdmittedOperation, ErrorContext, Gateway, GatewayCaller};
use crate::graphql::error::Code;
use crate::graphql::execution;
use crate::graphql::response_budget::ResponseBudget;
use crate::graphql::schema::{self, Schema};
use crate::graphql::state::{RequestId, Services};
use crate::http::auth::security_events::record_forbidden;
use crate::http::error::{HttpError, RequestError};
use crate::http::middleware::access_log::AccessEntry;
use crate::telemetry::names;
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use response::fault;
use response_cache::{CacheLookup, ResponseCache};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Executor of the operations that the gateway admits.
pub struct Executor {
    schema: Schema,
    services: Services,
    gateway: Gateway,
    database: HealthMonitor,
    access_log: bool,
    responses: Option<ResponseCache>,
}

impl Executor {
    /// Builds an executor of the schema over these services. It refuses operations while the database is away.
    pub fn new(services: Services, database: HealthMonitor, gateway: Gateway) -> Self {
        Self {
            schema: schema::build(services.clone()),
            services,
            gateway,
            database,
            access_log: false,
            responses: None,
        }
    }

    /// Keeps responses to repeated queries, so many bytes of them; 0 keeps none.
    #[must_use]
    pub fn with_response_cache(self, bytes: usize) -> Self {
        let responses = (bytes > 0).then(|| ResponseCache::new(bytes, self.services.reads.clone()));
        Self { responses, ..self }
    }

    /// Writes a line to the access log for each operation and export, or not.
    #[must_use]
    pub fn with_access_log(self, access_log: bool) -> Self {
        Self { access_log, ..self }
    }

    /// Begins an entry of the access log.
    pub fn access(
        &self,
        actor: &Actor,
        kind: &'static str,
        operation: Option<&str>,
        cost: u64,
        id: Option<&RequestId>,
    ) -> AccessEntry {
        AccessEntry::begin(self.access_log, actor, kind, operation, cost, id)
    }

    /// Services that resolvers use.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Gateway that each request passes.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Sends a request that was charged through the gateway. A refusal has its line in the access log; an admitted
    /// operation has its own when it is executed.
    pub fn admit(&self, request: Request, actor: &Actor) -> Result<AdmittedOperation, RequestError> {
        let mut entry = self.access(actor, "refused", request.operation_name.as_deref(), 0, None);
        let caller = GatewayCaller {
            subject: &actor.subject,
            is_admin: actor.role == Role::Admin,
        };
        let admitted = self.gateway.admit(caller, request).map_err(RequestError::from);
        match &admitted {
            Ok(_) => entry.discard(),
            Err(request_error) => entry.end(request_error.code()),
        }
        admitted
    }

    /// Executes a query or a mutation, or refuses it when there is no permit in time. It is given up after its time
    /// limit, and when this future is dropped because the client has gone; its statements are cancelled.
    pub async fn execute(
        &self,
        operation: AdmittedOperation,
        actor: Actor,
        id: &RequestId,
    ) -> Result<GraphqlResponse, HttpError> {
        let kind = kind_name(operation.kind());
        let mut entry = self.access(&actor, kind, operation.name(), operation.cost(), Some(id));
        let (subject, charged) = (actor.subject.clone(), operation.charged());
        let executed = self.execute_admitted(operation, actor, id).await;
        match &executed {
            Ok(response) => {
                entry.end(response.code());
                if response.is_unavailable() {
                    // An outage costs callers nothing.
                    self.gateway.rate_limiter().give_back(&subject, charged);
                }
                if response.is_forbidden() {
                    record_forbidden(&subject, "an operation", id);
                }
            }
            Err(http_error) => entry.end(http_error.code.as_str()),
        }
        executed
    }

    async fn execute_admitted(
        &self,
        operation: AdmittedOperation,
        actor: Actor,
        id: &RequestId,
    ) -> Result<GraphqlResponse, HttpError> {
        let (context, kind) = (ErrorContext::from(&operation), operation.kind());
        // Waiting for a connection would end with the same response some seconds later.
        if self.database.outage().is_some() {
            let code = Code::ServiceUnavailable;
            let response = GraphqlResponse::of(fault(code, code.fault()), &context, id).begun();
            count(kind, &response);
            return Ok(response);
        }
        let _permit = self.gateway.concurrency().acquire(&actor.subject).await?;
        let started = Instant::now();
        let (caller, budget) = (actor.subject.clone(), self.response_budget(&actor));
        let time = self.gateway.limits().time;
        let vacant = match self.look_up(&operation, &actor, time).await {
            CacheLookup::Hit(written) => {
                self.gateway
                    .rate_limiter()
                    .charge(&caller, response_cost(written.charged));
                let response = GraphqlResponse::written(written);
                metrics::histogram!(names::OPERATION_SECONDS, "type" => kind.to_string())
                    .record(started.elapsed());
                count(kind, &response);
                return Ok(response);
            }
            CacheLookup::Miss(vacant) => Some(vacant),
            CacheLookup::Uncached => None,
        };
        let request = operation.into_request().data(budget.clone());
        let execution = execution::execute(&self.schema, &self.services, request, Some(actor), id.clone());
        // A panic in a resolver is a fault of one operation, not the end of a websocket with all its others.
        let execution = cancel_aware(AssertUnwindSafe(execution).catch_unwind());
        let response = match tokio::time::timeout(time, execution).await {
            Ok(Ok(response)) => response,
            Ok(Err(_panic)) => fault(Code::InternalServerError, Code::InternalServerError.fault()),
            Err(_late) => {
                let seconds = time.as_secs();
                let message = format!("the operation took longer than {seconds} s and was given up");
                fault(Code::Timeout, &message)
            }
        };
        let response = bounded(response, &budget);
        let rate_limiter = self.gateway.rate_limiter();
        rate_limiter.charge(&caller, response_cost(budget.bytes()));
        let response = GraphqlResponse::of(response, &context, id).begun();
        let response = match vacant {
            Some(vacant) => vacant.fill(response, budget.bytes()),
            None => response,
        };
        let response = response.holding(budget.take());
        metrics::histogram!(names::OPERATION_SECONDS, "type" => kind.to_string()).record(started.elapsed());
        count(kind, &response);
        Ok(response)
    }

    /// Executes a subscription until the stream is dropped or its source ends: through this range of its log, or as the
    /// operation says. A response in place of a payload says why nothing is executed, or nothing more, and is the last.
    pub fn subscribe(
        &self,
        operation: &Arc<AdmittedOperation>,
        actor: Actor,
        id: RequestId,
        range: Option<LogRange>,
    ) -> BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>> {
        let budget = self.response_budget(&actor);
        let (schema, services) = (self.schema.clone(), self.services.clone());
        subscription::execute(schema, services, operation.clone(), actor, id, range, budget)
    }

    /// Next of the payloads that repeat what is in a log already. It takes part in the caller's rate and in the limit of
    /// running operations; the payloads must be those of a range with an end.
    pub async fn next_replayed(
        &self,
        caller: &str,
        payloads: &mut BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>>,
    ) -> Option<Result<Payload, Arc<GraphqlResponse>>> {
        let rate_limiter = self.gateway.rate_limiter();
        rate_limiter.spend(caller, REPLAY_COST).await;
        let _permits = self.gateway.concurrency().acquire_replay(caller).await;
        let next = payloads.next().await;
        if let Some(Ok(payload)) = &next {
            rate_limiter.charge(caller, sent_cost(payload.json().len()));
        }
        next
    }

    /// Looks for a kept response; an operation that waits long for another one like it is executed.
    async fn look_up(&self, operation: &AdmittedOperation, actor: &Actor, time: Duration) -> CacheLookup<'_> {
        let Some(responses) = &self.responses else {
            return CacheLookup::Uncached;
        };
        let vocabulary = self.services.engine.vocabulary();
        let lookup = responses.find(operation, actor, vocabulary.fingerprint());
        let lookup = cancel_aware(lookup);
        tokio::time::timeout(time, lookup)
            .await
            .unwrap_or(CacheLookup::Uncached)
    }

    fn response_budget(&self, actor: &Actor) -> Arc<ResponseBudget> {
        Arc::new(self.gateway.concurrency().response_budget(&actor.subject))
    }

    /// Counts an operation that was refused.
    pub fn count_refused(code: &str) {
        metrics::counter!(names::OPERATIONS, "type" => "refused", "code" => code.to_owned()).increment(1);
    }
}

/// Kind of an operation in the access log.
fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

fn count(kind: OperationType, response: &GraphqlResponse) {
    metrics::counter!(names::OPERATIONS, "type" => kind.to_string(), "code" => response.code().to_owned())
        .increment(1);
}

/// Response, or the error that takes its place when it is over its budget.
fn bounded(response: Response, budget: &ResponseBudget) -> Response {
    match budget.finish(&response.data) {
        Ok(()) => response,
        Err(over_budget) => Response::from_errors(vec![over_budget]),
    }
}
