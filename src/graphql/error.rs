//! Error codes, and the conversion of the domain's errors to GraphQL errors.

use crate::error::{Error, ProblemCode};
use async_graphql::{ErrorExtensions, ServerError, Value};

/// Value of `extensions.code`: a closed list, mostly with the names that Apollo Server uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Document that is not GraphQL.
    GraphqlParseFailed,
    /// Document that is not valid for the schema, or exceeds a limit.
    GraphqlValidationFailed,
    /// Argument that cannot be used.
    BadUserInput,
    /// HTTP request that is not a GraphQL request.
    BadRequest,
    /// Document without an operation, without the named one, or with an operation of a kind that the transport refuses.
    OperationResolutionFailure,
    /// Automatic persisted queries are off: the client sends the whole query.
    PersistedQueryNotSupported,
    /// Hash or id without a known document.
    PersistedQueryNotFound,
    /// Document where only ids of known documents are accepted.
    PersistedQueryIdRequired,
    /// Introspection without the right to it.
    IntrospectionDisabled,
    /// Credentials that are missing or not valid.
    Unauthenticated,
    /// Operation that the actor may not perform.
    Forbidden,
    /// Object that does not exist for the actor.
    NotFound,
    /// Rate limit exceeded.
    RateLimited,
    /// Time limit exceeded.
    Timeout,
    /// Size limit of responses exceeded.
    ResponseTooLarge,
    /// Database that is unavailable at the moment.
    ServiceUnavailable,
    /// Internal fault; the log has the cause beside the request's id.
    InternalServerError,
}

impl Code {
    /// Code as clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::BadRequest => "BAD_REQUEST",
            Self::OperationResolutionFailure => "OPERATION_RESOLUTION_FAILURE",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryIdRequired => "PERSISTED_QUERY_ID_REQUIRED",
            Self::IntrospectionDisabled => "INTROSPECTION_DISABLED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::ResponseTooLarge => "RESPONSE_TOO_LARGE",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }

    /// Message for a fault with this code, without the cause.
    pub const fn fault(self) -> &'static str {
        match self {
            Self::ServiceUnavailable => "the database is not available; try again in a moment",
            Self::Timeout => "the database took too long and was stopped; try again, or ask for less",
            _ => "the service failed; it has logged why",
        }
    }

    /// Code of an error.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Unauthenticated => Self::Unauthenticated,
            Error::Forbidden(_) => Self::Forbidden,
            Error::Validation(problems) if problems.iter().all(|p| p.code == ProblemCode::NotFound) => {
                Self::NotFound
            }
            Error::BadInput(_) | Error::Validation(_) => Self::BadUserInput,
            Error::Unavailable(_) => Self::ServiceUnavailable,
            Error::TimedOut(_) => Self::Timeout,
            Error::Database(_) | Error::Internal(_) => Self::InternalServerError,
        }
    }

    /// Code that a server error carries, if any.
    pub fn in_error(error: &ServerError) -> Option<&str> {
        match error.extensions.as_ref()?.get("code") {
            Some(Value::String(code)) => Some(code),
            Some(_) | None => None,
        }
    }

    /// GraphQL error with this code.
    pub fn error(self, message: impl Into<String>) -> async_graphql::Error {
        async_graphql::Error::new(message).extend_with(|_, e| e.set("code", self.as_str()))
    }

    /// Server error with this code, outside of any resolver.
    pub fn server_error(self, message: impl Into<String>) -> ServerError {
        let mut error = ServerError::new(message, None);
        error
            .extensions
            .get_or_insert_default()
            .set("code", self.as_str());
        error
    }
}

/// Error of a resolver. It has no `Display`: only the conversion below, which hides the cause of a fault, can turn it
/// into a GraphQL error.
#[derive(Debug)]
pub enum ResolverError {
    /// Error that is not in the log yet.
    New(Error),
    /// Fault that is in the log already: several resolvers wait for one lookup.
    Logged(Code),
}

/// Result of a resolver.
pub type FieldResult<T> = Result<T, ResolverError>;

/// Result of a resolver of a nullable field. An error makes such a field null, and nothing around it: the library
/// passes errors of a resolver to the parent, except those that are the value of an option.
pub type Nullable<T> = Option<Result<T, async_graphql::Error>>;

/// Resolves a nullable field.
pub async fn nullable<T, R: Into<T>>(answer: impl Future<Output = FieldResult<Option<R>>>) -> Nullable<T> {
    let answer = answer.await.map_err(Into::into).transpose();
    answer.map(|found| found.map(Into::into))
}

impl ResolverError {
    /// Argument that cannot be used.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::New(Error::BadInput(message.into()))
    }
}

impl From<Error> for ResolverError {
    fn from(error: Error) -> Self {
        Self::New(error)
    }
}

impl From<ResolverError> for async_graphql::Error {
    fn from(resolver_error: ResolverError) -> Self {
        let error = match resolver_error {
            ResolverError::Logged(code) => return code.error(code.fault()),
            ResolverError::New(error) => error,
        };
        let code = Code::of(&error);
        if error.is_fault() {
            error.log("a resolver failed");
            return code.error(code.fault());
        }
        code.error(error.to_string())
    }
}
