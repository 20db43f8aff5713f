//! Routes of the web client.

use crate::http::error::HttpError;
use crate::http::state::SharedHttpState;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// `GET /`: the page.
pub async fn page(State(state): State<SharedHttpState>) -> Response {
    state.web_client.page()
}

/// Request for a path without a route.
pub async fn fallback(State(state): State<SharedHttpState>, request: Request) -> Result<Response, HttpError> {
    let (method, path) = (request.method(), request.uri().path());
    state.web_client.respond(method, path, request.headers()).await
}

/// `GET /client/config.json`: the settings that pages need, before anybody has logged in.
pub async fn config(State(state): State<SharedHttpState>) -> impl IntoResponse {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Json(state.web_client.public_config.clone()))
}
