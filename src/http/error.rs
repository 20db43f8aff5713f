//! Errors of HTTP: every error body is JSON in the form of a GraphQL error.

use super::limits;
use crate::error::Error;
use crate::gateway::error::{AdmissionError, LimitError};
use crate::graphql::error::Code;
use crate::graphql::state::RequestId;
use async_graphql::ServerError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// Error in place of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// HTTP status.
    pub status: StatusCode,
    /// `extensions.code` of the error.
    pub code: Code,
    /// One sentence for a human.
    pub message: String,
    /// `Allow`, for 405.
    pub allow: Option<&'static str>,
    /// `Retry-After` in seconds; 503 has one anyway.
    pub retry_after: Option<u64>,
}

impl HttpError {
    /// Error with a status, a code and a sentence.
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            allow: None,
            retry_after: None,
        }
    }

    /// 400: what was sent is not a GraphQL request.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadRequest, message)
    }

    /// 429: the caller has spent the quota, and will have enough for this in that time.
    pub fn rate_limited(wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        let message = format!("too many requests, or too expensive ones: try again in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, message)
        }
    }

    /// 503: all callers together have as many of these as there may be.
    fn all_in_use(what: &str) -> Self {
        let message = format!("the service is busy with as many {what} as it takes; try again in a moment");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::ServiceUnavailable, message)
    }

    /// 429: the caller has as many of these as one caller may have.
    fn share_in_use(what: &str, most: usize) -> Self {
        let message = format!("a caller may have {most} {what} at a time: end one, or try again in a moment");
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, message)
        }
    }

    /// 401: the credentials are missing or not valid.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            Code::Unauthenticated,
            "a valid bearer token is required",
        )
    }

    /// 500: a fault of the service, which is in the log.
    pub fn fault() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::InternalServerError,
            Code::InternalServerError.fault(),
        )
    }

    /// 503: the service, or what it needs, is away.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::ServiceUnavailable, message)
    }

    /// 408: the body of a request came too slowly.
    pub fn slow_body() -> Self {
        let message = format!("the body did not come within {} s", limits::BODY_TIME.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, Code::BadRequest, message)
    }

    /// 408: the files of a request came too slowly.
    pub fn slow_upload(message: String) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, Code::BadRequest, message)
    }

    /// 413: the body of a request that is not an upload, or the texts of an upload.
    pub fn body_too_large(most: usize) -> Self {
        let message = format!("the body has more than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, message)
    }

    /// 404: no route has this path.
    pub fn no_such_path() -> Self {
        let message = "there is nothing at this path";
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, message)
    }

    /// 413: the files of a request.
    pub fn upload_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::BadRequest,
            "the upload is too large",
        )
    }

    /// 507 when the disk is full, 503 for any other reason: a file of the caller cannot be stored. The log has the reason
    /// for the operator; the caller may try again.
    pub fn not_stored(error: &io::Error) -> Self {
        let directory = std::env::temp_dir();
        tracing::error!(directory = %directory.display(), %error, "an upload cannot be stored");
        let (status, why) = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                (StatusCode::INSUFFICIENT_STORAGE, "the service has no room for it")
            }
            _ => (StatusCode::SERVICE_UNAVAILABLE, "the service cannot store it"),
        };
        let message = format!("the upload was not taken: {why} at the moment; try again later");
        Self::new(status, Code::ServiceUnavailable, message)
    }

    /// 405, with the methods that are allowed.
    pub fn method(allow: &'static str, message: impl Into<String>) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message)
        }
    }

    /// Error of GraphQL with the same code and message, for a transport without status codes.
    pub fn server_error(&self) -> ServerError {
        self.code.server_error(self.message.clone())
    }

    /// Response with the request's id.
    pub fn respond(&self, id: &RequestId) -> Response {
        let body = json!({
            "errors": [{
                "message": self.message,
                "extensions": { "code": self.code.as_str(), "requestId": id.0 },
            }],
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        let is_unavailable = self.status == StatusCode::SERVICE_UNAVAILABLE;
        if let Some(seconds) = self.retry_after.or(is_unavailable.then_some(1)) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Bearer realm="virtual-tagging""#);
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Response without a body: `middleware::trace` knows the request's id and writes it.
impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Limits of the gateway, outside of GraphQL.
impl From<LimitError> for HttpError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::RateLimited(wait) => Self::rate_limited(wait),
            LimitError::AllInUse(what) => Self::all_in_use(what),
            LimitError::ShareInUse { what, share } => Self::share_in_use(what, share),
        }
    }
}

/// Errors of domain verbs, outside of GraphQL.
impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated => Self::unauthenticated(),
            Error::Forbidden(message) => Self::new(StatusCode::FORBIDDEN, Code::Forbidden, message),
            Error::BadInput(_) | Error::Validation(_) => {
                Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, error.to_string())
            }
            Error::Unavailable(_) | Error::TimedOut(_) => {
                error.log("a request failed");
                let code = Code::of(&error);
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, code.fault())
            }
            Error::Database(_) | Error::Internal(_) => {
                error.log("a request failed");
                Self::fault()
            }
        }
    }
}

/// Reason why a GraphQL request is not executed.
#[derive(Clone, Debug)]
pub enum RequestError {
    /// The request is at fault, in the terms of GraphQL: the form of the response depends on the media type.
    Request(ServerError),
    /// HTTP has a status for it, whatever the media type.
    Http(HttpError),
}

impl RequestError {
    /// Code that the caller sees.
    pub fn code(&self) -> &str {
        match self {
            Self::Request(error) => Code::in_error(error).unwrap_or(Code::GraphqlValidationFailed.as_str()),
            Self::Http(http_error) => http_error.code.as_str(),
        }
    }

    /// Error of GraphQL with the same code and message, for a transport without status codes.
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

impl From<LimitError> for RequestError {
    fn from(error: LimitError) -> Self {
        Self::Http(error.into())
    }
}

impl From<AdmissionError> for RequestError {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Request(error) => Self::Request(error),
            AdmissionError::Limit(limit) => limit.into(),
            AdmissionError::BadRequest(message) => HttpError::bad_request(message).into(),
            // 200, as Apollo's clients expect, who then send the whole document.
            AdmissionError::PersistedQuery(code, message) => {
                HttpError::new(StatusCode::OK, code, message).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_missing_one_have_statuses_of_their_own_and_neither_is_the_callers_mistake() {
        for (kind, status) in [
            (ErrorKind::StorageFull, StatusCode::INSUFFICIENT_STORAGE),
            (ErrorKind::QuotaExceeded, StatusCode::INSUFFICIENT_STORAGE),
            (ErrorKind::NotFound, StatusCode::SERVICE_UNAVAILABLE),
            (ErrorKind::PermissionDenied, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let http_error = HttpError::not_stored(&io::Error::new(kind, "/secret/place"));
            assert_eq!(
                (http_error.status, http_error.code),
                (status, Code::ServiceUnavailable),
                "{kind}"
            );
            assert!(!http_error.message.contains("secret"), "{}", http_error.message);
        }
    }
}
