//! Faults of fake clouds, one for each of the next requests.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;

/// Fault of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with the seconds of `Retry-After`.
    Throttled(u32),
    /// 503.
    Unavailable,
    /// 403.
    Forbidden,
    /// 401, as for a token that has expired.
    Expired,
    /// A page without entries, with the token of the page that was asked for.
    EmptyPage,
    /// The page, with the token of a page that was there before.
    RepeatedToken,
    /// Half of the answer, and the connection is closed.
    Cut,
    /// No answer until the client leaves.
    Silence,
}

/// Faults to come, in order.
#[derive(Debug, Default)]
pub struct Faults(Mutex<VecDeque<Option<Fault>>>);

impl Faults {
    /// Adds faults for the requests behind those that have one; `None` is an answer without a fault.
    pub fn add(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.0.lock().unwrap().extend(faults);
    }

    pub fn next(&self) -> Option<Fault> {
        self.0.lock().unwrap().pop_front().flatten()
    }
}

/// Error as the clouds write it.
pub fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": code, "status": code, "message": message } });
    (status, axum::Json(body)).into_response()
}

impl Fault {
    /// Response in place of `page`; `None` for a fault of the page itself.
    pub async fn answer(self, page: &Value) -> Option<Response> {
        Some(match self {
            Self::Throttled(seconds) => {
                let mut answer = error(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "slow down");
                answer.headers_mut().insert("retry-after", seconds.into());
                answer
            }
            Self::Unavailable => error(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "try again"),
            Self::Forbidden => error(
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                "you lack the permission",
            ),
            Self::Expired => error(
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                "the token has expired",
            ),
            Self::Cut => {
                let text = page.to_string();
                let half = text[..text.len() / 2].to_owned();
                let chunks = [Ok(half), Err(io::Error::other("cut"))];
                Body::from_stream(stream::iter(chunks)).into_response()
            }
            Self::Silence => std::future::pending().await,
            Self::EmptyPage | Self::RepeatedToken => return None,
        })
    }
}
