//! What a caller may spend in a minute.

use super::outcome;
use crate::service::{SECRET, Service};
use crate::websocket::Socket;
use reqwest::{Response, StatusCode};
use serde_json::json;
use std::time::Duration;
use virtual_tagging::domain::auth::Role;

/// 90 units besides those of the request.
const EXPENSIVE: &str = "{resources(first:89){nodes{nothing}}}";

impl Service {
    async fn post_as(&self, caller: &str, query: &str) -> Response {
        let token = self.token(caller, Role::Viewer, None, Duration::from_mins(5));
        let request = self.client.post(self.url("/graphql")).bearer_auth(token);
        request.json(&json!({ "query": query })).send().await.unwrap()
    }
}

#[tokio::test]
async fn who_spent_all_is_refused_for_a_while_and_nobody_else() {
    let service = Service::start_with(&[
        ("JWT_SECRET", SECRET),
        ("GRAPHQL_MAX_COST", "1000"),
        ("RATE_LIMIT_COST", "1000"),
    ])
    .await;
    let first = service.post_as("ann", EXPENSIVE).await;
    assert_eq!(first.headers()["ratelimit-policy"], "\"cost\";q=1000;w=60");
    let left = first.headers()["ratelimit"].to_str().unwrap().to_owned();
    assert!(left.starts_with("\"cost\";r=90"), "{left}");
    let refused = loop {
        let answer = service.post_as("ann", EXPENSIVE).await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
    };
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    let left = refused.headers()["ratelimit"].to_str().unwrap();
    assert!(left.starts_with("\"cost\";r="), "{left}");
    assert_eq!(outcome(&refused.json().await.unwrap()).0, "RATE_LIMITED");
    // The same caller by a socket, where there are no headers.
    let token = service.token("ann", Role::Viewer, None, Duration::from_mins(5));
    let mut socket = Socket::open(&service).await;
    let payload = json!({"Authorization": format!("Bearer {token}")});
    socket
        .send(&json!({"type": "connection_init", "payload": payload}))
        .await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket
        .subscribe("1", "{resources(first:500){nodes{nothing}}}")
        .await;
    let error = socket.next().await;
    assert_eq!(error["type"], "error", "{error}");
    assert_eq!(error["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    let other = service.post_as("bob", "{viewer{role}}").await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_long_document_takes_more() {
    let quota = [("GRAPHQL_MAX_COST", "1000"), ("RATE_LIMIT_COST", "1000")];
    let service = Service::start_with(&[("JWT_SECRET", SECRET), quota[0], quota[1]]).await;
    let long = format!("{{viewer{{role}}}}#{}", "x".repeat(60_000));
    let answer = service.post_as("ann", &long).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let left = answer.headers()["ratelimit"].to_str().unwrap();
    assert!(left.starts_with("\"cost\";r=38"), "{left}");
    assert_eq!(
        service.post_as("ann", &long).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn the_one_developer_has_no_rate() {
    let service = Service::start().await;
    let answer = service.post(&json!({"query": "{__typename}"})).await;
    assert!(!answer.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn an_address_with_too_many_wrong_tokens_is_refused_and_right_ones_are_not() {
    let service = Service::start_with(&[("JWT_SECRET", SECRET), ("RATE_LIMIT_COST", "5000")]).await;
    for number in 0..7 {
        let refused = service.post(&json!({"query": "{__typename}"})).await;
        let (status, code) = match number {
            0..5 => (401, "UNAUTHENTICATED"),
            _ => (429, "RATE_LIMITED"),
        };
        assert_eq!(refused.status(), status);
        assert_eq!(outcome(&refused.json().await.unwrap()).0, code);
    }
    assert_eq!(service.post_as("ann", "{viewer{role}}").await.status(), 200);
    let token = service.token("bob", Role::Viewer, None, Duration::from_mins(5));
    for number in 0..6 {
        let request = service.client.get(service.url("/csv/export")).bearer_auth(&token);
        let status = if number < 5 { 200 } else { 429 };
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}
