//! Errors of the gateway: requests that are not executed. Each transport gives them its own form.

use crate::graphql::error::Code;
use async_graphql::ServerError;
use std::time::Duration;

/// Limit of rate or concurrency that a caller, or all callers together, have reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// The caller's bucket lacks the cost, and will have it in that time.
    RateLimited(Duration),
    /// All callers together hold as many of these as there may be.
    AllInUse(&'static str),
    /// The caller holds as many of these as one caller may hold.
    ShareInUse { what: &'static str, share: usize },
}

/// Reason why a request is not admitted.
#[derive(Clone, Debug)]
pub enum AdmissionError {
    /// The request is at fault, in the terms of GraphQL.
    Request(ServerError),
    /// A limit is reached.
    Limit(LimitError),
    /// The extension `persistedQuery` is not as it must be, or does not fit the document.
    BadRequest(&'static str),
    /// The document must come as text. Clients know these answers by their message or by their code.
    PersistedQuery(Code, &'static str),
}

impl From<ServerError> for AdmissionError {
    fn from(error: ServerError) -> Self {
        Self::Request(error)
    }
}

impl From<LimitError> for AdmissionError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}
