//! Which path leads where, and the layers around all of them.

use super::error::HttpError;
use super::middleware::drain::connection_close;
use super::middleware::hosts::{HostPolicy, check_host};
use super::middleware::trace::{REQUEST_ID_HEADER, trace};
use super::pages::{csv, graphiql, health};
use super::{HttpState, SharedHttpState, graphql, limits};
use crate::gateway::rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Redirect;
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// The whole service.
pub fn router(state: HttpState) -> Router {
    let cors = cors(&state.config.cors_origins);
    let body_bytes = state.executor.limits().body_bytes;
    let hosts = HostPolicy::new(&state.config.allowed_hosts, state.authenticator.is_required());
    let state: SharedHttpState = Arc::new(state);
    let router = Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphql") }))
        .route(
            "/graphql",
            get(graphql::get).post(graphql::post).fallback(graphql::other),
        )
        .route("/graphiql/{file}", get(graphiql::asset))
        .route("/csv/template", get(csv::template))
        .route("/csv/export", get(csv::export))
        .route("/csv/rejections", get(csv::rejections))
        .merge(health::routes(state.health.clone()))
        .fallback(|| async { HttpError::nothing_here() })
        .method_not_allowed_fallback(|| async {
            HttpError::method("GET, HEAD", "this method is not allowed here")
        })
        .with_state(state.clone())
        .layer(RequestBodyTimeoutLayer::new(limits::BODY_PAUSE))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(axum::middleware::from_fn_with_state(hosts, check_host))
        .layer(axum::middleware::from_fn(trace))
        .layer(axum::middleware::from_fn_with_state(state, connection_close));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// Pages of the configured origins may call, and no others.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let request_headers = [
        header::ACCEPT,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        REQUEST_ID_HEADER,
        HeaderName::from_static("apollo-require-preflight"),
        HeaderName::from_static("x-apollo-operation-name"),
        HeaderName::from_static("apollographql-client-name"),
        HeaderName::from_static("apollographql-client-version"),
    ];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(request_headers)
            .expose_headers([
                REQUEST_ID_HEADER,
                graphql::COST,
                RATE_LIMIT,
                RATE_LIMIT_POLICY,
                header::RETRY_AFTER,
            ])
            .max_age(Duration::from_hours(1)),
    )
}
