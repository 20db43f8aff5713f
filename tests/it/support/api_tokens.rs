//! API tokens: made and used over HTTP.

use super::service::Service;
use chrono::{TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};

pub const CREATE: &str = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
    secret apiToken { id publicId name subject role accounts createdBy revokedAt } userErrors { code field } } }";

pub async fn ask(service: &Service, token: &str, query: &str, variables: Value) -> (StatusCode, Value) {
    let request = service.client.post(service.url("/graphql")).bearer_auth(token);
    let request = request.json(&json!({"query": query, "variables": variables}));
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

pub fn in_an_hour() -> Value {
    (Utc::now() + TimeDelta::hours(1)).to_rfc3339().into()
}
