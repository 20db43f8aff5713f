//! Router: routes and the layers around them.

use super::error::HttpError;
use super::graphql::{Media, accepted, handlers, render};
use super::middleware::drain::{DrainState, connection_close};
use super::middleware::hosts::{HostPolicy, check_host};
use super::middleware::rate_limit_headers::{RATE_LIMIT, RATE_LIMIT_POLICY};
use super::middleware::trace::{REQUEST_ID_HEADER, trace};
use super::pages::{client_routes, csv, graphiql, health};
use super::state::{HttpState, SharedHttpState};
use super::{limits, ws};
use crate::graphql::state::RequestId;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Duration;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// Builds the router of the whole service.
pub fn router(state: HttpState) -> Router {
    let cors = cors(&state.config.cors_origins);
    let body_bytes = state.executor.gateway().limits().body_bytes;
    let hosts = HostPolicy::new(&state.config.allowed_hosts, state.authenticator.is_required());
    let drain = DrainState {
        tracker: state.drain.clone(),
        draining: state.draining.clone(),
    };
    let state: SharedHttpState = Arc::new(state);
    let router = Router::new()
        .route("/", get(client_routes::page))
        .route("/client/config.json", get(client_routes::config))
        .route(
            "/graphql",
            get(get_graphql).post(handlers::post).fallback(handlers::other),
        )
        .route("/graphiql", get(|| async { graphiql::page() }))
        .route("/graphiql/{file}", get(graphiql::asset))
        .route("/csv/template", get(csv::template))
        .route("/csv/export", get(csv::export))
        .route("/csv/rejections", get(csv::rejections))
        .route("/csv/downloads/{secret}", get(csv::download_by_link))
        .merge(health::routes(state.health.clone()))
        .fallback(client_routes::fallback)
        .method_not_allowed_fallback(|| async {
            HttpError::method("GET, HEAD", "this method is not allowed here")
        })
        .with_state(state)
        .layer(RequestBodyTimeoutLayer::new(limits::BODY_PAUSE))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(axum::middleware::from_fn_with_state(hosts, check_host))
        .layer(axum::middleware::from_fn(trace))
        .layer(axum::middleware::from_fn_with_state(drain, connection_close));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// `GET /graphql`: a websocket, GraphiQL for a browser, or a query.
async fn get_graphql(
    state: State<SharedHttpState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, HttpError> {
    if ws::is_handshake(request.headers()) {
        let (mut parts, _) = request.into_parts();
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
            .await
            .map_err(|_| HttpError::bad_request("this is not a websocket handshake"))?;
        return ws::open(state.0, upgrade, &parts, id).await;
    }
    if accepted(request.headers()) == Some(Media::Html) {
        return Ok(graphiql::page());
    }
    handlers::get(state, Extension(id), request).await
}

/// CORS for pages of the configured origins, and no others.
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
                render::COST,
                RATE_LIMIT,
                RATE_LIMIT_POLICY,
                header::RETRY_AFTER,
            ])
            .max_age(Duration::from_hours(1)),
    )
}
