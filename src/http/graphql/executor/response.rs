//! GraphQL responses as they are serialised.

use crate::gateway::ErrorContext;
use crate::graphql::error::Code;
use crate::graphql::execution::annotate_errors;
use crate::graphql::response_budget::Reservation;
use crate::graphql::state::RequestId;
use crate::http::limits;
use async_graphql::{Response, ServerError, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::sync::Arc;

/// Response as JSON, with the bytes that its callers are charged for it.
#[derive(Debug)]
pub struct WrittenResponse {
    pub json: Box<RawValue>,
    pub charged: usize,
}

/// GraphQL response, serialised as the specification says: without `data` when the request was refused.
#[derive(Debug)]
pub struct GraphqlResponse {
    response: Response,
    executed: bool,
    /// Memory that is reserved for it.
    reservation: Reservation,
    /// The same as JSON, in place of the response of the schema.
    written: Option<Arc<WrittenResponse>>,
}

impl GraphqlResponse {
    /// Response that was written already; it has data, and no errors.
    pub(super) fn written(written: Arc<WrittenResponse>) -> Self {
        Self {
            response: Response::default(),
            executed: true,
            reservation: Reservation::default(),
            written: Some(written),
        }
    }

    /// JSON of a response that was written already.
    pub fn json(&self) -> Option<&Arc<WrittenResponse>> {
        self.written.as_ref()
    }

    /// Response to a request that is not executed.
    pub fn refused(error: ServerError, id: &RequestId) -> Self {
        let mut response = Response::from_errors(vec![error]);
        annotate_errors(&mut response, id);
        Self {
            response,
            executed: false,
            reservation: Reservation::default(),
            written: None,
        }
    }

    /// Response of the schema to an operation. Errors without data, and none of them at a field, mean that nothing was
    /// executed.
    pub(super) fn of(mut response: Response, context: &ErrorContext, id: &RequestId) -> Self {
        let errors = &mut response.errors;
        let executed = response.data != Value::Null
            || errors.is_empty()
            || errors.iter().any(|error| !error.path.is_empty());
        if !executed {
            errors.truncate(limits::MISTAKES);
        }
        context.rewrite(errors, executed);
        annotate_errors(&mut response, id);
        Self {
            response,
            executed,
            reservation: Reservation::default(),
            written: None,
        }
    }

    /// The same response with the memory that is reserved for it.
    pub(super) fn holding(self, reservation: Reservation) -> Self {
        Self { reservation, ..self }
    }

    /// Takes the memory that is reserved for it: the body written from it keeps the reservation.
    pub fn take_reservation(&mut self) -> Reservation {
        std::mem::take(&mut self.reservation)
    }

    /// The same response, marked as executed if its error is no mistake in the request.
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

    /// The operation was executed, be it with errors. Otherwise parsing, validation or coercion failed.
    pub fn was_executed(&self) -> bool {
        self.executed
    }

    /// The response has errors and no data.
    pub fn has_no_data(&self) -> bool {
        self.written.is_none() && self.response.data == Value::Null
    }

    /// Nothing was done because the database is away: the same request is worth another try.
    pub fn is_unavailable(&self) -> bool {
        self.has_no_data() && self.code() == Code::ServiceUnavailable.as_str()
    }

    /// The caller lacks a right for some of it.
    pub fn is_forbidden(&self) -> bool {
        let mut codes = self.response.errors.iter().filter_map(Code::in_error);
        codes.any(|code| code == Code::Forbidden.as_str())
    }

    /// Errors of the response.
    pub fn errors(&self) -> &[ServerError] {
        &self.response.errors
    }

    /// Code of the first error, or `OK`; one of a closed list.
    pub fn code(&self) -> &str {
        let first = self.response.errors.first();
        first.and_then(Code::in_error).unwrap_or("OK")
    }
}

impl Serialize for GraphqlResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(written) = &self.written {
            return written.json.serialize(serializer);
        }
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

/// Response of async-graphql with one error and no data.
pub(super) fn fault(code: Code, message: &str) -> Response {
    Response::from_errors(vec![code.server_error(message)])
}
