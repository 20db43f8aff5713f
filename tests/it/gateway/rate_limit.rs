//! Units that a caller may spend in a minute.

use super::outcome;
use crate::support::service::{SECRET, Service};
use crate::support::socket::Socket;
use chrono::{TimeDelta, Utc};
use reqwest::{Response, StatusCode};
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Error;
use virtual_tagging::auth::Role;

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
    let units: u32 = left["\"cost\";r=".len()..]
        .split(';')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    // Its cost beyond its text is 1 unit, and 17 come back each second.
    assert!((380..600).contains(&units), "{left}");
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

/// Five may be wrong in a minute, whichever way they come.
#[tokio::test]
async fn wrong_tokens_count_in_one_place_and_before_any_look_up() {
    let service = Service::start_with(&[("JWT_SECRET", SECRET), ("RATE_LIMIT_COST", "5000")]).await;
    let expires = Utc::now() + TimeDelta::hours(1);
    let input = json!({"name": "script", "role": "ADMIN", "expiresAt": expires.to_rfc3339()});
    let create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }";
    let admin = service.token("ada", Role::Admin, None, Duration::from_mins(5));
    let mut scripts = Vec::new();
    for _ in 0..2 {
        let request = service.client.post(service.url("/graphql")).bearer_auth(&admin);
        let made = request.json(&json!({"query": create, "variables": {"input": input}}));
        let made: serde_json::Value = made.send().await.unwrap().json().await.unwrap();
        scripts.push(
            made["data"]["createApiToken"]["secret"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let status = async |method: &str, path: &str, token: &str| {
        let method = method.parse().unwrap();
        let request = service
            .client
            .request(method, service.url(path))
            .bearer_auth(token);
        let request = request.json(&json!({"query": "{viewer{role}}"}));
        request.send().await.unwrap().status().as_u16()
    };
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let handshake = async |token: &str| {
        let bearer = format!("Bearer {token}");
        match Socket::open_with(&service, &[protocol, ("authorization", &bearer)]).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(other) => panic!("{other}"),
        }
    };
    let greeting = async |token: &str| {
        let mut socket = Socket::open(&service).await;
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket
            .send(&json!({"type": "connection_init", "payload": payload}))
            .await;
        socket.close_code().await
    };
    // Right ones are not counted, however often they come.
    for _ in 0..7 {
        assert_eq!(status("POST", "/graphql", &scripts[0]).await, 200);
    }
    let guess = format!("vtag_{:016x}_{:064x}", 7, 7);
    assert_eq!(status("POST", "/graphql", "wrong").await, 401);
    assert_eq!(status("GET", "/csv/export", &guess).await, 401);
    assert_eq!(status("GET", "/csv/template", "wrong").await, 401);
    assert_eq!(handshake(&guess).await, 401);
    assert_eq!(greeting("wrong").await, 4403);
    for token in ["wrong", &guess] {
        assert_eq!(status("POST", "/graphql", token).await, 429);
        assert_eq!(status("GET", "/graphql?query=%7B__typename%7D", token).await, 429);
        assert_eq!(status("GET", "/csv/template", token).await, 429);
        assert_eq!(status("GET", "/csv/rejections?run=x", token).await, 429);
        assert_eq!(handshake(token).await, 429);
        assert_eq!(greeting(token).await, 1013);
    }
    // Tokens that only the database knows are not looked up any more, and those that need no look-up pass.
    assert_eq!(status("POST", "/graphql", &scripts[1]).await, 429);
    assert_eq!(status("POST", "/graphql", &scripts[0]).await, 200);
    assert_eq!(status("POST", "/graphql", &admin).await, 200);
    assert_eq!(handshake(&admin).await, 101);
}
