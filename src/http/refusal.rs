//! Refusals: every error body is JSON in the form of a GraphQL error.

use super::trace::RequestId;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// `extensions.code` of the error.
    pub code: &'static str,
    /// One sentence for a human.
    pub message: String,
    /// `Allow`, for 405.
    pub allow: Option<&'static str>,
}

impl Refusal {
    /// A refusal with a status, a code and a sentence.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            allow: None,
        }
    }

    /// 405, with the methods that are allowed.
    pub fn method(allow: &'static str, message: impl Into<String>) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message)
        }
    }

    /// The answer, with the request's id.
    pub fn respond(&self, id: &RequestId) -> Response {
        let body = json!({
            "errors": [{
                "message": self.message,
                "extensions": { "code": self.code, "requestId": id.as_str() },
            }],
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Bearer realm="virtual-tagging""#);
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The body follows in [`super::trace::trace`], which knows the request's id.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
