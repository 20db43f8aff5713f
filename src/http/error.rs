//! Refusals: every error body is JSON in the form of a GraphQL error.

use super::auth::AuthError;
use super::limits;
use crate::error::Error;
use crate::graphql::error::Code;
use crate::graphql::state::RequestId;
use async_graphql::ServerError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// The HTTP status.
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
    /// A refusal with a status, a code and a sentence.
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

    /// 429: the caller spent what it may, and will have enough for this in that time.
    pub fn rate_limited(wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        let message = format!("too many requests, or too expensive ones: try again in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, message)
        }
    }

    /// 503: there is no room for one more of these.
    pub fn full(what: &str) -> Self {
        let message = format!("the service is busy with as many {what} as it takes; try again in a moment");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::ServiceUnavailable, message)
    }

    /// 429: the caller has as many of these under way as one may.
    pub fn share_taken(what: &str, most: usize) -> Self {
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

    /// 500: a fault of ours, which the log tells.
    pub fn fault() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::InternalServerError,
            Code::InternalServerError.fault(),
        )
    }

    /// 503: what is needed is away.
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

    /// 413: the body of a request that is not an upload, or what of an upload is no file.
    pub fn body_too_large(most: usize) -> Self {
        let message = format!("the body has more than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, message)
    }

    /// 404: no route has this path.
    pub fn nothing_here() -> Self {
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

    /// 507 where the disk is full, 503 for any other reason: a file of the caller cannot be kept. The operator has to mend it,
    /// and finds it in the log; the caller may try again.
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

    /// The same as an error of GraphQL, for a transport without status codes.
    pub fn server_error(&self) -> ServerError {
        self.code.server_error(self.message.clone())
    }

    /// The answer, with the request's id.
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

/// The body follows in [`super::trace::trace`], which knows the request's id.
impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Who calls is not known, or cannot be.
impl From<AuthError> for HttpError {
    fn from(refused: AuthError) -> Self {
        match refused {
            AuthError::Invalid => Self::unauthenticated(),
            AuthError::Exhausted(wait) => Self::rate_limited(wait),
            AuthError::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::ServiceUnavailable,
                "the credentials cannot be checked at the moment; try again",
            ),
        }
    }
}

/// What domain verbs refuse, outside of GraphQL.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_one_that_is_not_there_and_neither_is_the_callers_mistake() {
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
