//! GraphQL over HTTP: which requests are GraphQL requests, and in which form the answer goes back.

use super::auth::Caller;
use super::executor::{Answer, Executor};
use super::negotiation::{Media, accepted};
use super::refusal::Refusal;
use super::{SharedEdge, graphiql, limits, websocket};
use crate::graphql::context::RequestId;
use crate::graphql::error::Code;
use async_graphql::parser::types::OperationType;
use async_graphql::{ParseRequestError, Request as GraphqlRequest, Variables};
use async_graphql_axum::GraphQLRequest;
use axum::Extension;
use axum::RequestExt;
use axum::body::{Bytes, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Headers of which one must come with a POST that a page of another origin could send without a preflight.
const PREFLIGHT_HEADERS: [&str; 2] = ["apollo-require-preflight", "x-apollo-operation-name"];

/// `GET /graphql`: a websocket, GraphiQL for a browser, or a query.
pub async fn get(
    State(edge): State<SharedEdge>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    if websocket::is_wanted(&parts.headers) {
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
            .await
            .map_err(|_| Refusal::bad_request("this is not a websocket handshake"))?;
        return websocket::open(edge, upgrade, &parts.headers, id);
    }
    let query = parts.uri.query().unwrap_or_default();
    if accepted(&parts.headers) == Some(Media::Html) {
        return Ok(graphiql::page());
    }
    let caller = authenticate(&edge, &parts.headers)?;
    let request = query_parameters(query)?;
    answer(&edge, &parts.headers, request, caller, id, Method::Get).await
}

/// `POST /graphql`: a query or a mutation, as JSON or with uploads.
pub async fn post(
    State(edge): State<SharedEdge>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, Refusal> {
    let headers = request.headers().clone();
    // Before the body is read: nobody uploads what will not be answered.
    media_for_json(&headers)?;
    let caller = authenticate(&edge, &headers)?;
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let request = match essence(content_type).as_str() {
        "application/json" => json(request, content_type).await?,
        other => {
            require_preflight(&headers)?;
            if other != "multipart/form-data" {
                return Err(Refusal::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    Code::BadRequest,
                    "the content type must be application/json, or multipart/form-data for uploads",
                ));
            }
            uploads(request).await?
        }
    };
    answer(&edge, &headers, request, caller, id, Method::Post).await
}

fn authenticate(edge: &SharedEdge, headers: &HeaderMap) -> Result<Caller, Refusal> {
    edge.authenticator
        .request(headers)
        .map_err(|_| Refusal::unauthenticated())
}

/// Anything else.
pub async fn other() -> Refusal {
    Refusal::method("GET, HEAD, POST", "GraphQL takes GET and POST")
}

/// How a request came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

/// Executes a request and gives its answer the form that the caller accepts.
async fn answer(
    edge: &SharedEdge,
    headers: &HeaderMap,
    request: GraphqlRequest,
    caller: Caller,
    id: RequestId,
    method: Method,
) -> Result<Response, Refusal> {
    let media = media_for_json(headers)?;
    let operation = match edge.executor.parse(request) {
        Ok(operation) => operation,
        Err(error) => {
            let answer = Answer::refused(vec![error], &id);
            Executor::count_refused(&answer);
            return Ok(render(&answer, media));
        }
    };
    match (operation.kind(), method) {
        (OperationType::Subscription, _) => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                Code::OperationResolutionFailure,
                "subscriptions go over a websocket (graphql-transport-ws)",
            ));
        }
        (OperationType::Mutation, Method::Get) => {
            return Err(Refusal::method(
                "POST",
                "a GET runs queries only: send mutations by POST",
            ));
        }
        _ => {}
    }
    let answer = edge.executor.execute(operation, caller.actor, &id).await;
    Ok(render(&answer, media))
}

/// `application/json` says 200 to every GraphQL request, as its clients expect; the newer type says 400 when the
/// operation was not executed, and 503 when the database is away.
fn render(answer: &Answer, media: Media) -> Response {
    let status = match media {
        Media::GraphqlResponse if answer.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
        Media::GraphqlResponse if !answer.was_executed() => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let body = match serde_json::to_vec(answer) {
        Ok(body) => Bytes::from(body),
        Err(error) => {
            tracing::error!("an answer cannot be written as JSON: {error}");
            return Refusal::fault().into_response();
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
    (status, headers, body).into_response()
}

/// The JSON type that the caller accepts.
fn media_for_json(headers: &HeaderMap) -> Result<Media, Refusal> {
    match accepted(headers) {
        Some(Media::Html) | None => Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadRequest,
            "answers are application/json or application/graphql-response+json",
        )),
        Some(media) => Ok(media),
    }
}

/// The parameters of a query by GET.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn query_parameters(text: &str) -> Result<GraphqlRequest, Refusal> {
    let uri: axum::http::Uri = format!("/?{text}")
        .parse()
        .map_err(|_| Refusal::bad_request("the parameters cannot be read"))?;
    let parameters = axum::extract::Query::<Parameters>::try_from_uri(&uri)
        .map_err(|error| Refusal::bad_request(error.body_text()))?
        .0;
    let object = |name: &str, text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        let value = text.map_or(Ok(serde_json::Value::Null), |text| serde_json::from_str(&text));
        value.map_err(|error| Refusal::bad_request(format!("{name} must be a JSON object: {error}")))
    };
    Body {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables: object("variables", parameters.variables)?,
        extensions: object("extensions", parameters.extensions)?,
    }
    .request()
}

/// A request as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: serde_json::Value,
    #[serde(default)]
    extensions: serde_json::Value,
}

impl Body {
    fn request(self) -> Result<GraphqlRequest, Refusal> {
        let Some(query) = self.query.filter(|query| !query.trim().is_empty()) else {
            if self.extensions.get("persistedQuery").is_some() {
                return Err(Refusal::persisted_query());
            }
            return Err(Refusal::bad_request("query is missing"));
        };
        if !self.variables.is_null() && !self.variables.is_object() {
            return Err(Refusal::bad_request("variables must be an object"));
        }
        let extensions = serde_json::from_value(self.extensions)
            .map_err(|_| Refusal::bad_request("extensions must be an object"))?;
        let mut request = GraphqlRequest::new(query).variables(Variables::from_json(self.variables));
        request.operation_name = self.operation_name;
        request.extensions = extensions;
        Ok(request)
    }
}

/// Makes a request of what a websocket's `subscribe` carries.
pub fn request_from_json(payload: serde_json::Value) -> Result<GraphqlRequest, Refusal> {
    if !payload.is_object() {
        return Err(Refusal::bad_request("the payload must be an object with a query"));
    }
    serde_json::from_value::<Body>(payload)
        .map_err(|error| Refusal::bad_request(format!("this is not a GraphQL request: {error}")))?
        .request()
}

async fn json(request: Request, content_type: &str) -> Result<GraphqlRequest, Refusal> {
    let charset = content_type.to_ascii_lowercase();
    if charset.contains("charset=") && !charset.contains("utf-8") {
        let message = "the charset must be utf-8";
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            message,
        ));
    }
    let body = to_bytes(request.into_body(), limits::BODY_BYTES);
    let body = tokio::time::timeout(limits::BODY_TIME, body)
        .await
        .map_err(|_| Refusal::slow_body())?
        .map_err(|error| {
            if is_length_limit(&error) {
                let message = format!("the body has more than {} bytes", limits::BODY_BYTES);
                return Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, message);
            }
            Refusal::bad_request("the body could not be read")
        })?;
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Refusal::bad_request(
            "batching is off: send one operation per request, not a list",
        ));
    }
    let body: Body = serde_json::from_slice(&body).map_err(|error| {
        Refusal::bad_request(format!("the body must be a JSON object with a query: {error}"))
    })?;
    body.request()
}

/// GraphQL's multipart request specification; files go to disk as they come.
async fn uploads(request: Request) -> Result<GraphqlRequest, Refusal> {
    let request = request.with_limited_body();
    let request = GraphQLRequest::<Refusal>::from_request(request, &())
        .await?
        .into_inner();
    if request.uploads.len() > limits::UPLOAD_FILES {
        return Err(Refusal::bad_request(format!(
            "an upload has {} files at most",
            limits::UPLOAD_FILES
        )));
    }
    Ok(request)
}

impl From<ParseRequestError> for Refusal {
    fn from(error: ParseRequestError) -> Self {
        match error {
            ParseRequestError::PayloadTooLarge => Self::upload_too_large(),
            ParseRequestError::InvalidMultipart(error) if is_length_limit(&error) => Self::upload_too_large(),
            error => Self::bad_request(error.to_string()),
        }
    }
}

/// Whether a body was cut off by its limit: the cause is somewhere below the error that reports it.
fn is_length_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.to_string() == "length limit exceeded" {
            return true;
        }
        cause = error.source();
    }
    false
}

fn require_preflight(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_given = |name: &&str| headers.get(*name).is_some_and(|value| !value.is_empty());
    if PREFLIGHT_HEADERS.iter().any(is_given) {
        return Ok(());
    }
    Err(Refusal::bad_request(
        "a POST that is not application/json needs a non-empty Apollo-Require-Preflight or X-Apollo-Operation-Name \
         header",
    ))
}

/// `type/subtype` in lower case, without parameters.
fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_reads_the_four_parameters() {
        let text = "query=query%20Q%7Ba%7D&operationName=Q&variables=%7B%22n%22%3A1%7D&extensions=&other=1";
        let request = query_parameters(text).unwrap();
        assert_eq!(request.query, "query Q{a}");
        assert_eq!(request.operation_name.as_deref(), Some("Q"));
        assert_eq!(serde_json::to_string(&request.variables).unwrap(), r#"{"n":1}"#);
    }

    #[test]
    fn what_is_not_a_graphql_request_is_refused() {
        for text in [
            "",
            "query=",
            "query=%7Ba%7D&variables=%5B%5D",
            "query=%7Ba%7D&variables=%7B",
            "query=%7Ba%7D&extensions=1",
        ] {
            assert_eq!(
                query_parameters(text).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{text}"
            );
        }
        for payload in [
            serde_json::json!([]),
            serde_json::json!({}),
            serde_json::json!({"query": 1}),
            serde_json::json!({"query": "{a}", "operationName": 1}),
            serde_json::json!({"query": "{a}", "variables": "x"}),
        ] {
            assert!(request_from_json(payload.clone()).is_err(), "{payload}");
        }
        let nulls =
            serde_json::json!({"query": "{a}", "operationName": null, "variables": null, "extensions": null});
        assert!(request_from_json(nulls).is_ok());
    }
}
