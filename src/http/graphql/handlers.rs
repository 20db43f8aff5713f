//! Handlers of `/graphql`: requests in, responses out in the form that the caller accepts.

use super::body;
use super::executor::{Executor, GraphqlResponse};
use super::negotiation::{Media, accepted};
use super::render::{render, render_one};
use super::request::{self, Content, Incoming};
use super::upload;
use crate::auth::Actor;
use crate::gateway::AdmittedOperation;
use crate::graphql::error::Code;
use crate::graphql::state::RequestId;
use crate::http::auth::Caller;
use crate::http::error::{HttpError, RequestError};
use crate::http::middleware::rate_limit_headers::write_headers;
use crate::http::state::SharedHttpState;
use async_graphql::Request as GraphqlRequest;
use async_graphql::parser::types::OperationType;
use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;

/// `GET /graphql`: a query in the parameters.
pub async fn get(
    State(state): State<SharedHttpState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, HttpError> {
    let (mut parts, _) = request.into_parts();
    let media = json_media(&parts.headers)?;
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let (actor, query) = (&caller.actor, parts.uri.query().unwrap_or_default());
    let incoming = charge(&state, actor, query.len()).and_then(|()| request::from_parameters(query));
    let incoming = incoming.map(|request| Incoming::One(Box::new(request)));
    let form = ResponseForm { media, is_get: true };
    Ok(serve(&state, incoming, actor, id, form).await)
}

/// `POST /graphql`: queries or mutations, as JSON or with uploads.
pub async fn post(
    State(state): State<SharedHttpState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, HttpError> {
    // Checked before the body is read: nobody uploads what will be refused.
    let (mut parts, body) = request.into_parts();
    let form = ResponseForm {
        media: json_media(&parts.headers)?,
        is_get: false,
    };
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let actor = &caller.actor;
    let content = charge(&state, actor, 0).and_then(|()| request::content(&parts.headers));
    let incoming = match content {
        Ok(Content::Multipart { boundary }) => {
            return Ok(serve_upload(&state, boundary, body, actor, id, form).await);
        }
        Ok(Content::Json) => read_json(&state, body, actor).await,
        Err(http_error) => Err(http_error),
    };
    Ok(serve(&state, incoming, actor, id, form).await)
}

/// Charges a request to its caller before it is parsed, with the bytes that are here already.
fn charge(state: &SharedHttpState, actor: &Actor, bytes: usize) -> Result<(), HttpError> {
    let gateway = state.executor.gateway();
    gateway.charge_requests(&actor.subject, 1)?;
    Ok(gateway.text_meter(&actor.subject).try_acquire(bytes)?)
}

async fn read_json(state: &SharedHttpState, body: Body, actor: &Actor) -> Result<Incoming, HttpError> {
    let gateway = state.executor.gateway();
    let meter = gateway.text_meter(&actor.subject);
    let text = body::read(body, gateway.limits().body_bytes, meter).await?;
    let incoming = request::from_json(&text, gateway.config())?;
    if let Incoming::Batch(requests) = &incoming {
        gateway.charge_requests(&actor.subject, requests.len() - 1)?;
    }
    Ok(incoming)
}

/// Any other method.
pub async fn other() -> HttpError {
    HttpError::method("GET, HEAD, POST", "GraphQL takes GET and POST")
}

/// Form of a response: its media type, and whether the request was a GET.
#[derive(Clone, Copy)]
struct ResponseForm {
    media: Media,
    is_get: bool,
}

/// Executes a request and gives its response the form that the caller accepts.
async fn serve(
    state: &SharedHttpState,
    incoming: Result<Incoming, HttpError>,
    actor: &Actor,
    id: RequestId,
    form: ResponseForm,
) -> Response {
    let mut response = match incoming {
        Ok(Incoming::One(request)) => {
            let operated = operate(state, *request, actor, &id, form.is_get).await;
            respond(operated, &id, form.media)
        }
        Ok(Incoming::Batch(requests)) => batch(state, requests, actor, &id, form.media).await,
        Err(http_error) => http_error.into_response(),
    };
    let rate_limiter = state.executor.gateway().rate_limiter();
    write_headers(rate_limiter, &actor.subject, response.headers_mut());
    response
}

/// Executes a request with files, which are kept until the operation has ended.
async fn serve_upload(
    state: &SharedHttpState,
    boundary: String,
    body: Body,
    actor: &Actor,
    id: RequestId,
    form: ResponseForm,
) -> Response {
    let operated = match upload::receive(state, actor, boundary, body).await {
        Ok(upload) => {
            let operated = run(state, upload.operation, actor, &id, form.is_get).await;
            drop(upload.permit);
            operated
        }
        Err(request_error) => Err(request_error),
    };
    let mut response = respond(operated, &id, form.media);
    let rate_limiter = state.executor.gateway().rate_limiter();
    write_headers(rate_limiter, &actor.subject, response.headers_mut());
    response
}

/// Response of one operation in its form.
fn respond(
    operated: Result<(GraphqlResponse, Option<u64>), RequestError>,
    id: &RequestId,
    media: Media,
) -> Response {
    match operated {
        Ok((response, cost)) => render_one(response, media, cost),
        Err(RequestError::Http(http_error)) => {
            Executor::count_refused(http_error.code.as_str());
            http_error.into_response()
        }
        Err(RequestError::Request(error)) => render_one(refused(error, id), media, None),
    }
}

/// Executes each request as if it had come alone. The error of one takes the place of its response.
async fn batch(
    state: &SharedHttpState,
    requests: Vec<Result<GraphqlRequest, HttpError>>,
    actor: &Actor,
    id: &RequestId,
    media: Media,
) -> Response {
    let responses = requests.into_iter().map(|request| async move {
        let operated = match request {
            Ok(request) => operate(state, request, actor, id, false).await,
            Err(http_error) => Err(http_error.into()),
        };
        operated.unwrap_or_else(|request_error| (refused(request_error.into_error(), id), None))
    });
    let (mut responses, costs): (Vec<_>, Vec<_>) = join_all(responses).await.into_iter().unzip();
    let cost = costs.into_iter().flatten().sum();
    let reservations = responses
        .iter_mut()
        .map(GraphqlResponse::take_reservation)
        .collect();
    render(&responses, reservations, media, StatusCode::OK, Some(cost))
}

/// Executes a request. Gives the response and its cost.
async fn operate(
    state: &SharedHttpState,
    request: GraphqlRequest,
    actor: &Actor,
    id: &RequestId,
    is_get: bool,
) -> Result<(GraphqlResponse, Option<u64>), RequestError> {
    let operation = state.executor.admit(request, actor)?;
    run(state, operation, actor, id, is_get).await
}

/// Executes an operation that was admitted.
async fn run(
    state: &SharedHttpState,
    operation: AdmittedOperation,
    actor: &Actor,
    id: &RequestId,
    is_get: bool,
) -> Result<(GraphqlResponse, Option<u64>), RequestError> {
    match operation.kind() {
        OperationType::Subscription => {
            return Err(HttpError::new(
                StatusCode::BAD_REQUEST,
                Code::OperationResolutionFailure,
                "subscriptions go over a websocket (graphql-transport-ws)",
            )
            .into());
        }
        OperationType::Mutation if is_get => {
            return Err(HttpError::method("POST", "a GET runs queries only: send mutations by POST").into());
        }
        _ => {}
    }
    let cost = operation.cost();
    let response = state.executor.execute(operation, actor.clone(), id).await?;
    Ok((response, Some(cost)))
}

fn refused(error: async_graphql::ServerError, id: &RequestId) -> GraphqlResponse {
    let response = GraphqlResponse::refused(error, id);
    Executor::count_refused(response.code());
    response
}

/// JSON media type that the caller accepts.
fn json_media(headers: &HeaderMap) -> Result<Media, HttpError> {
    match accepted(headers) {
        Some(Media::Html) | None => Err(HttpError::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadRequest,
            "answers are application/json or application/graphql-response+json",
        )),
        Some(media) => Ok(media),
    }
}
