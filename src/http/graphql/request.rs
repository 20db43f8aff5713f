//! GraphQL requests, read from HTTP requests and from messages of websockets.

use super::body::check_json;
use crate::config::GraphqlConfig;
use crate::gateway::EXTENSION;
use crate::gateway::values::check_no_file_names;
use crate::graphql::error::Code;
use crate::http::error::HttpError;
use async_graphql::{Request as GraphqlRequest, Variables};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

/// Headers of which one must come with a POST that a page of another origin could send without a preflight request.
const PREFLIGHT_HEADERS: [&str; 2] = ["apollo-require-preflight", "x-apollo-operation-name"];

/// Operations of a request.
pub enum Incoming {
    /// One operation.
    One(Box<GraphqlRequest>),
    /// A list of them, with an error in the place of one that is none.
    Batch(Vec<Result<GraphqlRequest, HttpError>>),
}

/// Content type of the body of a POST.
pub enum Content {
    /// JSON.
    Json,
    /// A multipart request, with or without files.
    Multipart { boundary: String },
}

/// Content type in the headers of a POST; others are refused.
pub fn content(headers: &HeaderMap) -> Result<Content, HttpError> {
    let is_encoded = |value: &axum::http::HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get(header::CONTENT_ENCODING).is_some_and(is_encoded) {
        return Err(unsupported(
            "bodies with a Content-Encoding are not read: send it as it is (files of an upload may be gzip)",
        ));
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match essence(content_type).as_str() {
        "application/json" => {
            let charset = content_type.to_ascii_lowercase();
            if charset.contains("charset=") && !charset.contains("utf-8") {
                return Err(unsupported("the charset must be utf-8"));
            }
            Ok(Content::Json)
        }
        other => {
            require_preflight(headers)?;
            if other != "multipart/form-data" {
                return Err(unsupported(
                    "the content type must be application/json, or multipart/form-data for uploads",
                ));
            }
            let boundary = multer::parse_boundary(content_type);
            let boundary = boundary.map_err(|error| HttpError::bad_request(error.to_string()))?;
            Ok(Content::Multipart { boundary })
        }
    }
}

fn unsupported(message: &str) -> HttpError {
    HttpError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message)
}

/// Reads a body of JSON: an operation, or a list of them.
pub fn from_json(body: &[u8], config: &GraphqlConfig) -> Result<Incoming, HttpError> {
    check_json(body)?;
    if body.trim_ascii_start().starts_with(b"[") {
        return batch(body, config.batch);
    }
    Ok(Incoming::One(Box::new(one(body)?)))
}

/// Reads one operation as JSON.
pub fn one(text: &[u8]) -> Result<GraphqlRequest, HttpError> {
    let body: RequestBody = serde_json::from_slice(text).map_err(|error| {
        HttpError::bad_request(format!("the body must be a JSON object with a query: {error}"))
    })?;
    body.request()
}

/// Parameters of a query by GET.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
    document_id: Option<String>,
}

/// Reads the parameters of a GET.
pub fn from_parameters(text: &str) -> Result<GraphqlRequest, HttpError> {
    let uri: axum::http::Uri = format!("/?{text}")
        .parse()
        .map_err(|_| HttpError::bad_request("the parameters cannot be read"))?;
    let parameters = axum::extract::Query::<QueryParameters>::try_from_uri(&uri)
        .map_err(|error| HttpError::bad_request(error.body_text()))?
        .0;
    let object = |name: &str, text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        check_json(text.as_deref().unwrap_or_default().as_bytes())?;
        let value = text.map_or(Ok(serde_json::Value::Null), |text| serde_json::from_str(&text));
        value.map_err(|error| HttpError::bad_request(format!("{name} must be a JSON object: {error}")))
    };
    RequestBody {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables: object("variables", parameters.variables)?,
        extensions: object("extensions", parameters.extensions)?,
        document_id: parameters.document_id,
    }
    .request()
}

/// Request as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestBody {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: serde_json::Value,
    #[serde(default)]
    extensions: serde_json::Value,
    /// Id of a persisted document, as in the appendix of the GraphQL-over-HTTP specification.
    document_id: Option<String>,
}

impl RequestBody {
    fn request(self) -> Result<GraphqlRequest, HttpError> {
        let mut extensions = self.extensions;
        if extensions.is_null() {
            extensions = serde_json::json!({});
        }
        let Some(fields) = extensions.as_object_mut() else {
            return Err(HttpError::bad_request("extensions must be an object"));
        };
        if let Some(id) = self.document_id {
            let named = || serde_json::json!({"version": 1, "sha256Hash": id});
            fields.entry(EXTENSION).or_insert_with(named);
        }
        if fields.get(EXTENSION).is_some_and(serde_json::Value::is_null) {
            fields.remove(EXTENSION);
        }
        let query = self.query.filter(|query| !query.trim().is_empty());
        if query.is_none() && !fields.contains_key(EXTENSION) {
            return Err(HttpError::bad_request("query is missing"));
        }
        if !self.variables.is_null() && !self.variables.is_object() {
            return Err(HttpError::bad_request("variables must be an object"));
        }
        let extensions = serde_json::from_value(extensions)
            .map_err(|_| HttpError::bad_request("extensions must be an object"))?;
        let variables = Variables::from_json(self.variables);
        check_no_file_names(&variables)
            .map_err(|error| HttpError::new(StatusCode::BAD_REQUEST, Code::BadUserInput, error.message))?;
        let mut request = GraphqlRequest::new(query.unwrap_or_default()).variables(variables);
        request.operation_name = self.operation_name;
        request.extensions = extensions;
        Ok(request)
    }
}

/// Reads the payload of `subscribe` on a websocket.
pub fn from_payload(payload: serde_json::Value) -> Result<GraphqlRequest, HttpError> {
    if !payload.is_object() {
        return Err(HttpError::bad_request(
            "the payload must be an object with a query",
        ));
    }
    serde_json::from_value::<RequestBody>(payload)
        .map_err(|error| HttpError::bad_request(format!("this is not a GraphQL request: {error}")))?
        .request()
}

fn batch(body: &[u8], most: usize) -> Result<Incoming, HttpError> {
    if most == 0 {
        return Err(HttpError::bad_request(
            "batching is off: send one operation per request, not a list",
        ));
    }
    let bodies: Vec<RequestBody> = serde_json::from_slice(body).map_err(|error| {
        HttpError::bad_request(format!(
            "the body must be a list of JSON objects with queries: {error}"
        ))
    })?;
    if bodies.is_empty() || bodies.len() > most {
        let message = format!(
            "a batch has 1 to {most} operations, and this one {}",
            bodies.len()
        );
        return Err(HttpError::bad_request(message));
    }
    Ok(Incoming::Batch(
        bodies.into_iter().map(RequestBody::request).collect(),
    ))
}

fn require_preflight(headers: &HeaderMap) -> Result<(), HttpError> {
    let has_value = |name: &&str| headers.get(*name).is_some_and(|value| !value.is_empty());
    if PREFLIGHT_HEADERS.iter().any(has_value) {
        return Ok(());
    }
    Err(HttpError::bad_request(
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
        let request = from_parameters(text).unwrap();
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
                from_parameters(text).unwrap_err().status,
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
            serde_json::json!({"query": "{a}", "variables": {"f": {"l": ["#__graphql_file__:0"]}}}),
        ] {
            assert!(from_payload(payload.clone()).is_err(), "{payload}");
        }
        let nulls =
            serde_json::json!({"query": "{a}", "operationName": null, "variables": null, "extensions": null});
        assert!(from_payload(nulls).is_ok());
    }
}
