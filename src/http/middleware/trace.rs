//! Tracing layer: request ids, the span of the log, latency metrics, and the bodies of errors.

use crate::graphql::state::RequestId;
use crate::http::auth::security_events::record_forbidden;
use crate::http::error::HttpError;
use crate::telemetry::names;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument;

/// Header with the id, in both directions.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Bytes of the longest id of a caller that is kept.
const ID_MAX_BYTES: usize = 64;

/// Fresh id: 128 random bits in hexadecimal digits.
fn random_id() -> RequestId {
    RequestId(format!("{:032x}", rand::random::<u128>()))
}

/// Id of the caller when it is sane (1 to 64 letters, digits, `.`, `_`, `-`), otherwise a fresh one.
fn id_of(request: &Request) -> RequestId {
    let sent = request
        .headers()
        .get(REQUEST_ID_HEADER)
        .and_then(|value| value.to_str().ok());
    let is_sane = |id: &&str| {
        (1..=ID_MAX_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    sent.filter(is_sane)
        .map_or_else(random_id, |id| RequestId(id.to_owned()))
}

/// Gives the request its id and its span, measures it, and writes the body of an error.
pub async fn trace(mut request: Request, next: Next) -> Response {
    let id = id_of(&request);
    // The pattern of the route, never the path: the labels of a metric must be few.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", |path| static_route(path.as_str()));
    let span = tracing::info_span!("request", request_id = %id.0, method = %request.method(), route);
    request.extensions_mut().insert(id.clone());
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(http_error) = response.extensions_mut().remove::<HttpError>() {
        span.in_scope(|| tracing::debug!(code = http_error.code.as_str(), "{}", http_error.message));
        if http_error.status == StatusCode::FORBIDDEN {
            span.in_scope(|| record_forbidden("", &http_error.message, &id));
        }
        let headers = std::mem::take(response.headers_mut());
        response = http_error.respond(&id);
        response.headers_mut().extend(headers);
    }
    let elapsed = started.elapsed();
    let status = response.status();
    metrics::counter!(names::REQUESTS, "route" => route, "status" => status.as_str().to_owned()).increment(1);
    metrics::histogram!(names::REQUEST_SECONDS, "route" => route).record(elapsed);
    let ms = elapsed.as_millis() as u64;
    span.in_scope(|| tracing::debug!(status = status.as_u16(), ms, "answered"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

/// Label of a route in metrics.
fn static_route(path: &str) -> &'static str {
    const ROUTES: [&str; 8] = [
        "/graphql",
        "/csv/template",
        "/csv/export",
        "/csv/rejections",
        "/csv/downloads/{secret}",
        "/healthz",
        "/readyz",
        "/metrics",
    ];
    ROUTES.into_iter().find(|route| *route == path).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn id_for(sent: &str) -> String {
        let request = Request::builder()
            .header(REQUEST_ID_HEADER, sent)
            .body(Body::empty())
            .unwrap();
        id_of(&request).0
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_for("edge-7.a_B"), "edge-7.a_B");
        for sent in ["", "a b", "a\tb", &"a".repeat(65), "\u{e9}"] {
            let id = id_for(sent);
            assert!(id != sent && id.len() == 32, "{sent}: {id}");
        }
    }
}
