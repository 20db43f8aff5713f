//! Answers, and why there is none.

use super::Operation;
use crate::gateway::document::Document;
use crate::gateway::{redact, values};
use crate::graphql::error::Code;
use crate::graphql::execution::annotate_errors;
use crate::graphql::response_budget::Reservation;
use crate::graphql::state::RequestId;
use crate::http::error::HttpError;
use crate::http::limits;
use async_graphql::{Response, ServerError, Value, Variables};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::sync::Arc;

/// Why an operation is not executed.
#[derive(Clone, Debug)]
pub enum RequestError {
    /// The request is at fault, in GraphQL's terms: the answer's form depends on the media type.
    Request(ServerError),
    /// HTTP has a status for it, whatever the media type.
    Http(HttpError),
}

impl RequestError {
    /// The code of what the caller is told.
    pub fn code(&self) -> &str {
        match self {
            Self::Request(error) => Code::in_error(error).unwrap_or(Code::GraphqlValidationFailed.as_str()),
            Self::Http(http_error) => http_error.code.as_str(),
        }
    }

    /// The same as an error of GraphQL, for a transport without status codes.
    pub fn into_error(self) -> ServerError {
        match self {
            Self::Request(error) => error,
            Self::Http(http_error) => http_error.server_error(),
        }
    }
}

impl From<ServerError> for RequestError {
    fn from(error: ServerError) -> Self {
        Self::Request(error)
    }
}

impl From<HttpError> for RequestError {
    fn from(http_error: HttpError) -> Self {
        Self::Http(http_error)
    }
}

/// What an answer is about.
pub(super) struct ResponseContext {
    document: Arc<Document>,
    /// Where names are hidden.
    variables: Variables,
    hides_names: bool,
}

impl From<&Operation> for ResponseContext {
    fn from(operation: &Operation) -> Self {
        let hides_names = operation.hides_names;
        Self {
            document: operation.document.clone(),
            variables: if hides_names {
                operation.variables().clone()
            } else {
                Variables::default()
            },
            hides_names,
        }
    }
}

/// An answer, as the specification wants it serialised: without `data` when the request was refused.
#[derive(Debug)]
pub struct GraphqlResponse {
    response: Response,
    executed: bool,
    /// Memory that is set aside for it.
    reservation: Reservation,
}

impl GraphqlResponse {
    /// The answer to a request that is not executed.
    pub fn refused(error: ServerError, id: &RequestId) -> Self {
        let mut response = Response::from_errors(vec![error]);
        annotate_errors(&mut response, id);
        Self {
            response,
            executed: false,
            reservation: Reservation::default(),
        }
    }

    /// What the schema gave to an operation. Only errors, and none at a field, say that nothing was executed.
    pub(super) fn of(mut response: Response, context: &ResponseContext, id: &RequestId) -> Self {
        let errors = &mut response.errors;
        let executed = response.data != Value::Null
            || errors.is_empty()
            || errors.iter().any(|error| !error.path.is_empty());
        if !executed {
            errors.truncate(limits::MISTAKES);
        }
        if context.hides_names {
            redact::hide_names(errors, &context.document.text, &context.variables);
        }
        if !executed {
            values::attribute_errors_to_variables(&context.document.parsed, errors);
        }
        annotate_errors(&mut response, id);
        Self {
            response,
            executed,
            reservation: Reservation::default(),
        }
    }

    /// The same with the memory that is set aside for it.
    pub(super) fn holding(self, reservation: Reservation) -> Self {
        Self { reservation, ..self }
    }

    /// Takes the memory that is set aside for it: what is written of it is to keep it.
    pub fn take_reservation(&mut self) -> Reservation {
        std::mem::take(&mut self.reservation)
    }

    /// Says that it was begun, if what it has is no mistake in the request.
    pub(super) fn begun(mut self) -> Self {
        let faults = [
            Code::Timeout,
            Code::InternalServerError,
            Code::ServiceUnavailable,
            Code::ResponseTooLarge,
        ];
        self.executed |= faults.iter().any(|code| code.as_str() == self.code());
        self
    }

    /// Whether the operation was executed, be it with errors. Otherwise parsing, validation or coercion failed.
    pub fn was_executed(&self) -> bool {
        self.executed
    }

    /// Whether nothing came of it but errors.
    pub fn has_no_data(&self) -> bool {
        self.response.data == Value::Null
    }

    /// Whether nothing could be done because the database is away: the same request is worth another try.
    pub fn is_unavailable(&self) -> bool {
        self.has_no_data() && self.code() == Code::ServiceUnavailable.as_str()
    }

    /// Whether the caller may not do some of it.
    pub fn is_forbidden(&self) -> bool {
        let mut codes = self.response.errors.iter().filter_map(Code::in_error);
        codes.any(|code| code == Code::Forbidden.as_str())
    }

    /// The errors, if there are any.
    pub fn errors(&self) -> &[ServerError] {
        &self.response.errors
    }

    /// The code of the first error, or `OK`; one of a closed list.
    pub fn code(&self) -> &str {
        let first = self.response.errors.first();
        first.and_then(Code::in_error).unwrap_or("OK")
    }
}

impl Serialize for GraphqlResponse {
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
