//! The one way from a GraphQL request to its answer, for POST, GET and websockets alike.

use super::document::{Document, DocumentCache};
use super::payload::Payload;
use super::{limits, values};
use crate::db::Watch;
use crate::domain::auth::Actor;
use crate::domain::events::Stretch;
use crate::graphql::context::{self, RequestId, Services};
use crate::graphql::course::Course;
use crate::graphql::error::{Code, finish};
use crate::graphql::schema::{self, Schema};
use crate::telemetry::names;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Request, Response, ServerError, Value, Variables};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

/// Executes operations.
pub struct Executor {
    schema: Schema,
    services: Services,
    documents: DocumentCache,
    database: Watch,
}

/// A request whose document was parsed and is within the limits.
pub struct Operation {
    request: Request,
    kind: OperationType,
    document: Arc<Document>,
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
        &self.request.query
    }

    /// The values of its variables.
    pub fn variables(&self) -> &Variables {
        &self.request.variables
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
    values::drop_absent(&mut parsed, operation, variables);
    parsed
}

/// An answer, as the specification wants it serialised: without `data` when the request was refused.
#[derive(Debug)]
pub struct Answer {
    response: Response,
    executed: bool,
}

impl Answer {
    /// The answer to a request that is not executed.
    pub fn refused(errors: Vec<ServerError>, id: &RequestId) -> Self {
        let mut response = Response::from_errors(errors);
        finish(&mut response, id);
        Self {
            response,
            executed: false,
        }
    }

    /// What the schema gave to a document. Only errors, and none at a field, say that nothing was executed.
    fn of(mut response: Response, document: &Document, id: &RequestId) -> Self {
        let errors = &mut response.errors;
        let executed = response.data != Value::Null
            || errors.is_empty()
            || errors.iter().any(|error| !error.path.is_empty());
        if !executed {
            values::blame_variables(&document.parsed, errors);
        }
        finish(&mut response, id);
        Self { response, executed }
    }

    /// Whether the operation was executed, be it with errors. Otherwise parsing, validation or coercion failed.
    pub fn was_executed(&self) -> bool {
        self.executed
    }

    /// Whether nothing could be done because the database is away: the same request is worth another try.
    pub fn is_unavailable(&self) -> bool {
        self.response.data == Value::Null && self.code() == Code::ServiceUnavailable.as_str()
    }

    /// The errors, if there are any.
    pub fn errors(&self) -> &[ServerError] {
        &self.response.errors
    }

    /// The code of the first error, or `OK`; one of a closed list.
    fn code(&self) -> String {
        let first = self.response.errors.first();
        let code = first.and_then(|error| error.extensions.as_ref()?.get("code"));
        match code {
            Some(Value::String(code)) => code.clone(),
            Some(_) | None => "OK".into(),
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.response.errors.is_empty() {
            map.serialize_entry("errors", &self.response.errors)?;
        }
        if self.executed {
            map.serialize_entry("data", &self.response.data)?;
        }
        if !self.response.extensions.is_empty() {
            map.serialize_entry("extensions", &self.response.extensions)?;
        }
        map.end()
    }
}

impl Executor {
    /// Executes against the schema over these services, and refuses what needs the database while it is away.
    pub fn new(services: Services, database: Watch) -> Self {
        Self {
            schema: schema::build(services.clone()),
            services,
            documents: DocumentCache::default(),
            database,
        }
    }

    /// What resolvers use.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Parses the request's document, or finds it parsed, and checks it against the limits.
    pub fn parse(&self, mut request: Request) -> Result<Operation, ServerError> {
        let document = self.documents.get(&request.query)?;
        if request.operation_name.as_deref() == Some("") {
            request.operation_name = None;
        }
        let operation = document.operation(request.operation_name.as_deref())?;
        let kind = operation.ty;
        Document::check_variables(operation, &request.variables)?;
        values::check_variables(&request.variables)?;
        request.set_parsed_query(executable(&document, operation, &request.variables));
        Ok(Operation {
            request,
            kind,
            document,
        })
    }

    /// Executes a query or a mutation. It is given up after [`limits::OPERATION_TIME`], and when this future is
    /// dropped because its caller went away.
    pub async fn execute(&self, operation: Operation, actor: Actor, id: &RequestId) -> Answer {
        let kind = operation.kind.to_string();
        let started = Instant::now();
        let (request, actor) = (operation.request, Some(actor));
        let execution = context::execute(&self.schema, &self.services, request, actor, id.clone());
        // A panic in a resolver is a fault of one operation, not the end of a socket with all its others.
        let execution = AssertUnwindSafe(execution).catch_unwind();
        let execution = async {
            // Who waited for a connection would hear the same in some seconds.
            match self.database.away() {
                Some(_) => Ok(fault(Code::ServiceUnavailable, Code::ServiceUnavailable.fault())),
                None => execution.await,
            }
        };
        let response = match tokio::time::timeout(limits::OPERATION_TIME, execution).await {
            Ok(Ok(response)) => response,
            Ok(Err(_panic)) => fault(Code::InternalServerError, Code::InternalServerError.fault()),
            Err(_late) => {
                let seconds = limits::OPERATION_TIME.as_secs();
                fault(
                    Code::Timeout,
                    &format!("the operation took longer than {seconds} s and was given up"),
                )
            }
        };
        let mut answer = Answer::of(response, &operation.document, id);
        // What began and was given up is not a mistake in the request.
        let faults = [Code::Timeout, Code::InternalServerError, Code::ServiceUnavailable];
        answer.executed |= faults.iter().any(|code| code.as_str() == answer.code());
        metrics::histogram!(names::OPERATION_SECONDS, "type" => kind).record(started.elapsed());
        count(operation.kind, &answer);
        answer
    }

    /// Executes a subscription until the stream is dropped or its source ends: through this stretch of its log, or as
    /// the operation says. An answer that says why nothing is executed is the last.
    pub fn subscribe(
        &self,
        operation: &Operation,
        actor: Actor,
        id: RequestId,
        stretch: Option<Stretch>,
    ) -> BoxStream<'static, Result<Payload, Arc<Answer>>> {
        let course = Arc::new(Course::new(stretch));
        let (request, document) = (operation.again(), operation.document.clone());
        let answers = context::subscribe(
            &self.schema,
            &self.services,
            request,
            Some(actor),
            id.clone(),
            course.clone(),
        );
        let answers = AssertUnwindSafe(answers).catch_unwind().map(move |response| {
            let failed = |_| fault(Code::InternalServerError, Code::InternalServerError.fault());
            let answer = Answer::of(response.unwrap_or_else(failed), &document, &id);
            if !answer.was_executed() {
                return Err(Arc::new(answer));
            }
            let payload = Payload::new(&answer, course.told());
            course.written(payload.json().len());
            Ok(payload)
        });
        answers.boxed()
    }

    /// Counts an operation that was refused, or a subscription that ended.
    pub fn count_refused(answer: &Answer) {
        metrics::counter!(names::OPERATIONS, "type" => "refused", "code" => answer.code()).increment(1);
    }
}

fn count(kind: OperationType, answer: &Answer) {
    metrics::counter!(names::OPERATIONS, "type" => kind.to_string(), "code" => answer.code()).increment(1);
}

fn fault(code: Code, message: &str) -> Response {
    Response::from_errors(vec![code.server_error(message)])
}
