//! Rendering of GraphQL responses as HTTP.

use super::executor::{GraphqlResponse, WrittenResponse};
use super::negotiation::Media;
use crate::graphql::response_budget::Reservation;
use crate::http::error::HttpError;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;

/// Header with the cost of the operations of a request.
pub const COST: HeaderName = HeaderName::from_static("graphql-cost");

/// Status of a response. `application/json` has 200 for every GraphQL request, as its clients expect; the newer type has
/// 400 when the operation was not executed, and 503 when the database is away.
fn status(response: &GraphqlResponse, media: Media) -> StatusCode {
    match media {
        Media::GraphqlResponse if response.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
        Media::GraphqlResponse if !response.was_executed() => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// Body with the memory that is reserved until it has been sent.
struct RenderedBody {
    json: Vec<u8>,
    _reservations: Vec<Reservation>,
}

impl AsRef<[u8]> for RenderedBody {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

/// Body of a response that was written already: the same bytes for all callers.
struct WrittenBody(Arc<WrittenResponse>);

impl AsRef<[u8]> for WrittenBody {
    fn as_ref(&self) -> &[u8] {
        self.0.json.get().as_bytes()
    }
}

/// Renders the response of one operation.
pub fn render_one(mut response: GraphqlResponse, media: Media, cost: Option<u64>) -> Response {
    let status = status(&response, media);
    if let Some(written) = response.json() {
        let body = Bytes::from_owner(WrittenBody(written.clone()));
        return with_headers(body, media, status, cost);
    }
    let reservations = vec![response.take_reservation()];
    render(&response, reservations, media, status, cost)
}

/// Renders a response, or a list of them, with the memory that is reserved for it.
pub fn render(
    response: &impl Serialize,
    reservations: Vec<Reservation>,
    media: Media,
    status: StatusCode,
    cost: Option<u64>,
) -> Response {
    let body = match serde_json::to_vec(response) {
        Ok(json) => Bytes::from_owner(RenderedBody {
            json,
            _reservations: reservations,
        }),
        Err(error) => {
            tracing::error!("a response cannot be written as JSON: {error}");
            return HttpError::fault().into_response();
        }
    };
    with_headers(body, media, status, cost)
}

fn with_headers(body: Bytes, media: Media, status: StatusCode, cost: Option<u64>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(media.content_type()),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Accept")),
    ];
    let mut rendered = (status, headers, body).into_response();
    if let Some(cost) = cost {
        rendered.headers_mut().insert(COST, cost.into());
    }
    rendered
}
