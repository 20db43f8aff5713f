//! The one way from a GraphQL request to its answer, for POST, GET and websockets alike.

pub mod payload;
mod response;
mod subscription;

pub use response::{GraphqlResponse, RequestError};

use crate::auth::{Actor, Role};
use crate::config::{GraphqlConfig, Limits};
use crate::db::{HealthMonitor, cancel_aware};
use crate::domain::events::LogRange;
use crate::gateway::concurrency::ConcurrencyLimiter;
use crate::gateway::cost;
use crate::gateway::document::Document;
use crate::gateway::persisted::{Documents, TrustError};
use crate::gateway::rate_limit::{REPLAY_COST, REQUEST_COST, RateLimiter, response_cost, sent_cost};
use crate::gateway::{redact, values};
use crate::graphql::error::Code;
use crate::graphql::execution;
use crate::graphql::response_budget::ResponseBudget;
use crate::graphql::schema::{self, Schema};
use crate::graphql::state::{RequestId, Services};
use crate::http::auth::denied;
use crate::http::error::HttpError;
use crate::http::middleware::access_log::AccessEntry;
use crate::telemetry::names;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Request, Response, UploadValue, Variables};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use payload::Payload;
use response::ResponseContext;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

/// Executes operations.
pub struct Executor {
    schema: Schema,
    services: Services,
    documents: Documents,
    database: HealthMonitor,
    config: GraphqlConfig,
    rate_limiter: Arc<RateLimiter>,
    concurrency: ConcurrencyLimiter,
    access_log: bool,
}

/// A request whose document was parsed and is within the limits.
pub struct Operation {
    request: Request,
    kind: OperationType,
    document: Arc<Document>,
    cost: u64,
    /// What the caller's rate was charged for it, its cost included.
    charged: u64,
    hides_names: bool,
}

impl Operation {
    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationType {
        self.kind
    }

    /// The document, of which this is an operation.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The operation's name, if it was given.
    pub fn name(&self) -> Option<&str> {
        self.request.operation_name.as_deref()
    }

    /// The document's text.
    pub fn text(&self) -> &str {
        &self.document.text
    }

    /// What it costs, see [`crate::gateway::cost`].
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// The values of its variables.
    pub fn variables(&self) -> &Variables {
        &self.request.variables
    }

    /// Attaches the files that its variables name, in their order.
    pub fn attach(&mut self, files: Vec<UploadValue>) {
        self.request.uploads = files;
    }

    /// A request for executing it once more. Files do not come along.
    fn again(&self) -> Request {
        let mut request = Request::new("").variables(self.variables().clone());
        request.operation_name.clone_from(&self.request.operation_name);
        // It was found before.
        if let Ok(operation) = self.document.operation(self.name()) {
            request.set_parsed_query(executable(&self.document, operation, self.variables()));
        }
        request
    }
}

/// The document as it is executed with these variables.
fn executable(
    document: &Document,
    operation: &OperationDefinition,
    variables: &Variables,
) -> ExecutableDocument {
    let mut parsed = document.parsed.clone();
    values::omit_unset_variables(&mut parsed, operation, variables);
    parsed
}

impl Executor {
    /// Executes against the schema over these services, and refuses what needs the database while it is away.
    ///
    /// Refused when the trusted documents cannot be read.
    pub fn new(
        services: Services,
        database: HealthMonitor,
        config: &GraphqlConfig,
    ) -> Result<Self, TrustError> {
        Ok(Self {
            schema: schema::build(services.clone()),
            services,
            documents: Documents::open(config)?,
            database,
            rate_limiter: Arc::new(RateLimiter::new(config.rate)),
            concurrency: ConcurrencyLimiter::new(config),
            config: config.clone(),
            access_log: false,
        })
    }

    /// Refuses the settings that [`Executor::new`] would refuse.
    pub fn check_config(config: &GraphqlConfig) -> Result<(), TrustError> {
        Documents::open(config).map(drop)
    }

    /// Has a line in the access log for each operation.
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

    /// What resolvers use.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// What an operation may ask for.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// How it is configured.
    pub fn config(&self) -> &GraphqlConfig {
        &self.config
    }

    /// What callers may still spend.
    pub fn rate_limiter(&self) -> &Arc<RateLimiter> {
        &self.rate_limiter
    }

    /// Takes what `requests` requests cost before anybody looks at them. Their bytes are metered where they come in.
    pub fn charge(&self, actor: &Actor, requests: usize) -> Result<(), HttpError> {
        self.spend(actor, REQUEST_COST * requests as u64)
    }

    /// Lets a request in that was charged: finds its document parsed, or parses it, and checks it against the limits, the
    /// caller's rate included.
    pub fn admit(&self, request: Request, actor: &Actor) -> Result<Operation, RequestError> {
        let mut entry = self.access(actor, "refused", request.operation_name.as_deref(), 0, None);
        let admitted = self.check(request, actor);
        match &admitted {
            // Its entry begins when it is executed.
            Ok(_) => entry.discard(),
            Err(request_error) => entry.end(request_error.code()),
        }
        admitted
    }

    fn check(&self, mut request: Request, actor: &Actor) -> Result<Operation, RequestError> {
        let document = self.documents.find(&request)?;
        if request.operation_name.as_deref() == Some("") {
            request.operation_name = None;
        }
        let operation = document.operation(request.operation_name.as_deref())?;
        let kind = operation.ty;
        let is_open = self.config.is_open || actor.role == Role::Admin;
        if document.asks_for_schema && !is_open {
            let message = "the schema can be read by admins, or in development";
            return Err(Code::IntrospectionDisabled.server_error(message).into());
        }
        if let Some(mut invalid) = document.invalid.clone() {
            if !is_open {
                let errors = std::slice::from_mut(&mut invalid);
                redact::hide_names(errors, &document.text, &request.variables);
            }
            return Err(RequestError::Request(invalid));
        }
        Document::check_variables(operation, &request.variables)?;
        values::check_variables(&request.variables)?;
        let cost = cost::of(&document.parsed, operation, &request.variables);
        let most = u64::from(self.limits().cost);
        if cost > most {
            let message = format!(
                "the operation costs {cost}, and may cost {most}: ask for smaller pages, or for fewer lists within lists"
            );
            return Err(Code::GraphqlValidationFailed.server_error(message).into());
        }
        self.spend(actor, cost)?;
        request.set_parsed_query(executable(&document, operation, &request.variables));
        Ok(Operation {
            request,
            kind,
            document,
            cost,
            charged: REQUEST_COST + cost,
            hides_names: !is_open,
        })
    }

    fn spend(&self, actor: &Actor, cost: u64) -> Result<(), HttpError> {
        let taken = self.rate_limiter.try_acquire(&actor.subject, cost);
        taken.map_err(HttpError::rate_limited)
    }

    /// Where operations, exports and answers find room.
    pub fn concurrency(&self) -> &ConcurrencyLimiter {
        &self.concurrency
    }

    /// Executes a query or a mutation, or refuses it when there is no room. It is given up after its time, and when
    /// this future is dropped because its caller went away; so are its statements.
    pub async fn execute(
        &self,
        operation: Operation,
        actor: Actor,
        id: &RequestId,
    ) -> Result<GraphqlResponse, HttpError> {
        let kind = kind_name(operation.kind);
        let mut entry = self.access(&actor, kind, operation.name(), operation.cost, Some(id));
        let (subject, charged) = (actor.subject.clone(), operation.charged);
        let answered = self.answer(operation, actor, id).await;
        match &answered {
            Ok(answer) => {
                entry.end(answer.code());
                if answer.is_unavailable() {
                    // An outage is not to be paid for.
                    self.rate_limiter.give_back(&subject, charged);
                }
                if answer.is_forbidden() {
                    denied::forbidden(&subject, "an operation", id);
                }
            }
            Err(http_error) => entry.end(http_error.code.as_str()),
        }
        answered
    }

    async fn answer(
        &self,
        operation: Operation,
        actor: Actor,
        id: &RequestId,
    ) -> Result<GraphqlResponse, HttpError> {
        // Who waited for a connection would hear the same in some seconds.
        if self.database.outage().is_some() {
            let code = Code::ServiceUnavailable;
            let answer =
                GraphqlResponse::of(fault(code, code.fault()), &ResponseContext::from(&operation), id)
                    .begun();
            count(operation.kind, &answer);
            return Ok(answer);
        }
        let _permit = self.concurrency.acquire(&actor.subject).await?;
        let started = Instant::now();
        let (context, kind) = (ResponseContext::from(&operation), operation.kind);
        let (caller, budget) = (actor.subject.clone(), self.response_budget(&actor));
        let request = operation.request.data(budget.clone());
        let execution = execution::execute(&self.schema, &self.services, request, Some(actor), id.clone());
        // A panic in a resolver is a fault of one operation, not the end of a socket with all its others.
        let execution = cancel_aware(AssertUnwindSafe(execution).catch_unwind());
        let time = self.limits().time;
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
        self.rate_limiter.charge(&caller, response_cost(budget.bytes()));
        let answer = GraphqlResponse::of(response, &context, id).begun();
        let answer = answer.holding(budget.take());
        metrics::histogram!(names::OPERATION_SECONDS, "type" => kind.to_string()).record(started.elapsed());
        count(kind, &answer);
        Ok(answer)
    }

    /// Executes a subscription until the stream is dropped or its source ends: through this stretch of its log, or as
    /// the operation says. An answer that says why nothing is executed, or nothing more, is the last.
    pub fn subscribe(
        &self,
        operation: &Arc<Operation>,
        actor: Actor,
        id: RequestId,
        range: Option<LogRange>,
    ) -> BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>> {
        let budget = self.response_budget(&actor);
        let (schema, services) = (self.schema.clone(), self.services.clone());
        subscription::execute(schema, services, operation.clone(), actor, id, range, budget)
    }

    /// The next answer of those that repeat what is in a log already. It takes part in the caller's rate and in the
    /// limit of operations under way; the answers must be those of a stretch that ends.
    pub async fn next_replayed(
        &self,
        caller: &str,
        answers: &mut BoxStream<'static, Result<Payload, Arc<GraphqlResponse>>>,
    ) -> Option<Result<Payload, Arc<GraphqlResponse>>> {
        self.rate_limiter.spend(caller, REPLAY_COST).await;
        let _permits = self.concurrency.acquire_replay(caller).await;
        let next = answers.next().await;
        if let Some(Ok(payload)) = &next {
            self.rate_limiter.charge(caller, sent_cost(payload.json().len()));
        }
        next
    }

    fn response_budget(&self, actor: &Actor) -> Arc<ResponseBudget> {
        Arc::new(self.concurrency.response_budget(&actor.subject))
    }

    /// Counts an operation that was refused.
    pub fn count_refused(code: &str) {
        metrics::counter!(names::OPERATIONS, "type" => "refused", "code" => code.to_owned()).increment(1);
    }
}

/// The kind in the access log.
pub fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

fn count(kind: OperationType, answer: &GraphqlResponse) {
    metrics::counter!(names::OPERATIONS, "type" => kind.to_string(), "code" => answer.code().to_owned())
        .increment(1);
}

/// The response, or the error that takes its place when it is over its budget.
fn bounded(response: Response, budget: &ResponseBudget) -> Response {
    match budget.finish(&response.data) {
        Ok(()) => response,
        Err(excess) => Response::from_errors(vec![excess]),
    }
}

fn fault(code: Code, message: &str) -> Response {
    Response::from_errors(vec![code.server_error(message)])
}
