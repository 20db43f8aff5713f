//! GraphQL over HTTP: which requests are GraphQL requests, and in which form the answer goes back.

use crate::http::auth::Caller;
use crate::http::error::HttpError;
pub mod body;
pub mod executor;
mod negotiation;
pub mod request;
mod upload;

use crate::auth::Actor;
use crate::gateway::rate_limit::TEXT_BYTES;
use crate::graphql::error::Code;
use crate::graphql::response_budget::Reservation;
use crate::graphql::state::RequestId;
use crate::http::pages::graphiql;
use crate::http::{SharedHttpState, ws};
use async_graphql::Request as GraphqlRequest;
use async_graphql::parser::types::OperationType;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use executor::{Executor, GraphqlResponse, Operation, RequestError};
use futures::future::join_all;
use negotiation::{Media, accepted};
use request::{Content, Incoming};
use serde::Serialize;

/// Tells what the operations of a request cost.
pub const COST: HeaderName = HeaderName::from_static("graphql-cost");

/// `GET /graphql`: a websocket, GraphiQL for a browser, or a query.
pub async fn get(
    State(state): State<SharedHttpState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, HttpError> {
    let (mut parts, _) = request.into_parts();
    if ws::is_wanted(&parts.headers) {
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
            .await
            .map_err(|_| HttpError::bad_request("this is not a websocket handshake"))?;
        return ws::open(state, upgrade, &parts, id).await;
    }
    if accepted(&parts.headers) == Some(Media::Html) {
        return Ok(graphiql::page());
    }
    let media = media_for_json(&parts.headers)?;
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let (actor, query) = (&caller.actor, parts.uri.query().unwrap_or_default());
    let incoming = pay(&state, actor, query.len()).and_then(|()| request::from_parameters(query));
    let incoming = incoming.map(|request| Incoming::One(Box::new(request)));
    Ok(serve(&state, incoming, actor, id, Form { media, is_get: true }).await)
}

/// `POST /graphql`: queries or mutations, as JSON or with uploads.
pub async fn post(
    State(state): State<SharedHttpState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, HttpError> {
    // Before the body is read: nobody uploads what will not be answered.
    let (mut parts, body) = request.into_parts();
    let form = Form {
        media: media_for_json(&parts.headers)?,
        is_get: false,
    };
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let actor = &caller.actor;
    let content = pay(&state, actor, 0).and_then(|()| request::content(&parts.headers));
    let incoming = match content {
        Ok(Content::Multipart { boundary }) => {
            return Ok(serve_upload(&state, boundary, body, actor, id, form).await);
        }
        Ok(Content::Json) => read_json(&state, body, actor).await,
        Err(http_error) => Err(http_error),
    };
    Ok(serve(&state, incoming, actor, id, form).await)
}

/// Takes what a request costs before it is parsed, with those of its bytes that are here.
fn pay(state: &SharedHttpState, actor: &Actor, bytes: usize) -> Result<(), HttpError> {
    let executor = &state.executor;
    executor.charge(actor, 1)?;
    executor
        .rate_limiter()
        .meter(&actor.subject, TEXT_BYTES)
        .try_acquire(bytes)
}

async fn read_json(state: &SharedHttpState, body: Body, actor: &Actor) -> Result<Incoming, HttpError> {
    let executor = &state.executor;
    let meter = executor.rate_limiter().meter(&actor.subject, TEXT_BYTES);
    let text = body::read(body, executor.limits().body_bytes, meter).await?;
    let incoming = request::from_json(&text, executor.config())?;
    if let Incoming::Batch(requests) = &incoming {
        executor.charge(actor, requests.len() - 1)?;
    }
    Ok(incoming)
}

/// Anything else.
pub async fn other() -> HttpError {
    HttpError::method("GET, HEAD, POST", "GraphQL takes GET and POST")
}

/// How a request came, and what its answer is to be.
#[derive(Clone, Copy)]
struct Form {
    media: Media,
    is_get: bool,
}

/// Executes what a request asks and gives its answer the form that the caller accepts.
async fn serve(
    state: &SharedHttpState,
    incoming: Result<Incoming, HttpError>,
    actor: &Actor,
    id: RequestId,
    form: Form,
) -> Response {
    let mut response = match incoming {
        Ok(Incoming::One(request)) => {
            let operated = operate(state, *request, actor, &id, form.is_get).await;
            respond(operated, &id, form.media)
        }
        Ok(Incoming::Batch(requests)) => batch(state, requests, actor, &id, form.media).await,
        Err(http_error) => http_error.into_response(),
    };
    state
        .executor
        .rate_limiter()
        .write_headers(&actor.subject, response.headers_mut());
    response
}

/// The same for a request with files, which are there until the operation has ended.
async fn serve_upload(
    state: &SharedHttpState,
    boundary: String,
    body: Body,
    actor: &Actor,
    id: RequestId,
    form: Form,
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
    state
        .executor
        .rate_limiter()
        .write_headers(&actor.subject, response.headers_mut());
    response
}

/// The answer of one operation in its form.
fn respond(
    operated: Result<(GraphqlResponse, Option<u64>), RequestError>,
    id: &RequestId,
    media: Media,
) -> Response {
    match operated {
        Ok((answer, cost)) => render_one(answer, media, cost),
        Err(RequestError::Http(http_error)) => {
            Executor::count_refused(http_error.code.as_str());
            http_error.into_response()
        }
        Err(RequestError::Request(error)) => render_one(refused(error, id), media, None),
    }
}

/// Executes each of the requests as if it had come alone. What went wrong with one stands in its place.
async fn batch(
    state: &SharedHttpState,
    requests: Vec<Result<GraphqlRequest, HttpError>>,
    actor: &Actor,
    id: &RequestId,
    media: Media,
) -> Response {
    let answers = requests.into_iter().map(|request| async move {
        let operated = match request {
            Ok(request) => operate(state, request, actor, id, false).await,
            Err(http_error) => Err(http_error.into()),
        };
        operated.unwrap_or_else(|request_error| (refused(request_error.into_error(), id), None))
    });
    let (mut answers, costs): (Vec<_>, Vec<_>) = join_all(answers).await.into_iter().unzip();
    let cost = costs.into_iter().flatten().sum();
    let reservations = answers
        .iter_mut()
        .map(GraphqlResponse::take_reservation)
        .collect();
    render(&answers, reservations, media, StatusCode::OK, Some(cost))
}

/// Executes a request. Gives the answer and what it cost.
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

/// Executes an operation that was let in.
async fn run(
    state: &SharedHttpState,
    operation: Operation,
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
    let answer = state.executor.execute(operation, actor.clone(), id).await?;
    Ok((answer, Some(cost)))
}

fn refused(error: async_graphql::ServerError, id: &RequestId) -> GraphqlResponse {
    let answer = GraphqlResponse::refused(error, id);
    Executor::count_refused(answer.code());
    answer
}

/// `application/json` says 200 to every GraphQL request, as its clients expect; the newer type says 400 when the
/// operation was not executed, and 503 when the database is away.
fn status(answer: &GraphqlResponse, media: Media) -> StatusCode {
    match media {
        Media::GraphqlResponse if answer.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
        Media::GraphqlResponse if !answer.was_executed() => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// A body whose memory is set aside until it has been sent.
struct RenderedBody {
    json: Vec<u8>,
    _reservations: Vec<Reservation>,
}

impl AsRef<[u8]> for RenderedBody {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

fn render_one(mut answer: GraphqlResponse, media: Media, cost: Option<u64>) -> Response {
    let reservations = vec![answer.take_reservation()];
    render(&answer, reservations, media, status(&answer, media), cost)
}

fn render(
    answer: &impl Serialize,
    reservations: Vec<Reservation>,
    media: Media,
    status: StatusCode,
    cost: Option<u64>,
) -> Response {
    let body = match serde_json::to_vec(answer) {
        Ok(json) => Bytes::from_owner(RenderedBody {
            json,
            _reservations: reservations,
        }),
        Err(error) => {
            tracing::error!("an answer cannot be written as JSON: {error}");
            return HttpError::fault().into_response();
        }
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(media.content_type()),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Accept")),
    ];
    let mut response = (status, headers, body).into_response();
    if let Some(cost) = cost {
        response.headers_mut().insert(COST, cost.into());
    }
    response
}

/// The JSON type that the caller accepts.
fn media_for_json(headers: &HeaderMap) -> Result<Media, HttpError> {
    match accepted(headers) {
        Some(Media::Html) | None => Err(HttpError::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadRequest,
            "answers are application/json or application/graphql-response+json",
        )),
        Some(media) => Ok(media),
    }
}
