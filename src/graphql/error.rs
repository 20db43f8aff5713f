//! The codes that errors carry, in one place, and how the domain's errors become GraphQL's.

use crate::error::{Error, ProblemCode};
use async_graphql::{ErrorExtensions, ServerError, Value};

/// `extensions.code` of an error: a closed list, most of it named as Apollo Server names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema, or is larger than allowed.
    GraphqlValidationFailed,
    /// An argument that cannot be used.
    BadUserInput,
    /// The HTTP request is not a GraphQL request.
    BadRequest,
    /// The document has no operation, or not the named one, or one of a kind that may not come this way.
    OperationResolutionFailure,
    /// Queries are not kept by their hashes: send the whole one.
    PersistedQueryNotSupported,
    /// No document is known by this hash or id.
    PersistedQueryNotFound,
    /// Only documents that are known are executed, and by their ids.
    PersistedQueryIdRequired,
    /// The schema may not be read.
    IntrospectionDisabled,
    /// Nobody is signed in, or the credentials are not valid.
    Unauthenticated,
    /// The actor may not do this.
    Forbidden,
    /// There is no such thing for this actor.
    NotFound,
    /// Too many requests.
    RateLimited,
    /// The operation took too long.
    Timeout,
    /// The answer is larger than an answer may be.
    ResponseTooLarge,
    /// The database is away for the moment.
    ServiceUnavailable,
    /// A fault of ours; the log has its cause beside the request's id.
    InternalServerError,
}

impl Code {
    /// The code as clients see it.
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

    /// What a caller is told of a fault with this code; never its cause.
    pub const fn fault(self) -> &'static str {
        match self {
            Self::ServiceUnavailable => "the database is not available; try again in a moment",
            Self::Timeout => "the database took too long and was stopped; try again, or ask for less",
            _ => "the service failed; it has logged why",
        }
    }

    /// The code of an error.
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

    /// The code that an error has, if it has one.
    pub fn in_error(error: &ServerError) -> Option<&str> {
        match error.extensions.as_ref()?.get("code") {
            Some(Value::String(code)) => Some(code),
            Some(_) | None => None,
        }
    }

    /// An error with this code.
    pub fn error(self, message: impl Into<String>) -> async_graphql::Error {
        async_graphql::Error::new(message).extend_with(|_, e| e.set("code", self.as_str()))
    }

    /// An error with this code, outside of any resolver.
    pub fn server_error(self, message: impl Into<String>) -> ServerError {
        let mut error = ServerError::new(message, None);
        error
            .extensions
            .get_or_insert_default()
            .set("code", self.as_str());
        error
    }
}

/// What a resolver gives in place of its answer. It has no `Display`, so that nothing but the conversion below,
/// which shows no fault's cause, can turn it into GraphQL's error.
#[derive(Debug)]
pub enum ResolverError {
    /// An error that nobody has seen yet.
    New(Error),
    /// A fault that is in the log already, for several resolvers wait for one lookup.
    Logged(Code),
}

/// What resolvers give.
pub type Result<T> = std::result::Result<T, ResolverError>;

/// What resolvers of nullable fields give. An error makes such a field null, and nothing around it: the library lets
/// errors of a resolver pass to the parent, but not those that are the value of an option.
pub type Nullable<T> = Option<std::result::Result<T, async_graphql::Error>>;

/// The answer of a nullable field.
pub async fn nullable<T, R: Into<T>>(answer: impl Future<Output = Result<Option<R>>>) -> Nullable<T> {
    let answer = answer.await.map_err(Into::into).transpose();
    answer.map(|found| found.map(Into::into))
}

impl ResolverError {
    /// An argument that cannot be used.
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
