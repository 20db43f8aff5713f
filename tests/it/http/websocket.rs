//! The protocol graphql-transport-ws, by a raw socket.

use crate::support::service::Service;
use crate::support::socket::Socket;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use virtual_tagging::auth::Role;

#[tokio::test]
async fn queries_and_mistakes_have_their_answers() {
    let service = Service::start().await;
    let mut socket = Socket::ready(&service).await;
    socket.subscribe("1", "{__typename}").await;
    assert_eq!(
        socket.next().await,
        json!({"type": "next", "id": "1", "payload": {"data": {"__typename": "Query"}}})
    );
    assert_eq!(socket.next().await, json!({"type": "complete", "id": "1"}));
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("", "BAD_REQUEST"),
    ] {
        // The id is free again after its operation has ended.
        socket.subscribe("1", query).await;
        let error = socket.next().await;
        assert_eq!(
            (&error["type"], &error["id"]),
            (&json!("error"), &json!("1")),
            "{error}"
        );
        assert_eq!(error["payload"][0]["extensions"]["code"], code);
        assert!(error["payload"][0]["extensions"]["requestId"].is_string());
    }
    socket.send(&json!({"type": "ping", "payload": {"a": 1}})).await;
    assert_eq!(socket.next().await, json!({"type": "pong", "payload": {"a": 1}}));
    socket.send(&json!({"type": "complete", "id": "unknown"})).await;
    socket.send(&json!({"type": "pong"})).await;
    socket.subscribe("2", "{__typename}").await;
    assert_eq!(socket.next().await["id"], "2");
}

#[tokio::test]
async fn breaking_the_protocol_closes_with_its_code() {
    let service = Service::start().await;
    for (text, code) in [
        ("{", 4400),
        (r#"{"type":"start","id":"1"}"#, 4400),
        (r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#, 4400),
        (r#"{"type":"connection_init"}"#, 4429),
    ] {
        let mut socket = Socket::ready(&service).await;
        socket.text(text).await;
        assert_eq!(socket.close_code().await, code, "{text}");
    }
    let mut socket = Socket::ready(&service).await;
    socket.frame(Message::binary("{}")).await;
    assert_eq!(socket.close_code().await, 4400);
    let mut socket = Socket::open(&service).await;
    socket.subscribe("1", "{__typename}").await;
    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test]
async fn a_client_that_closes_gets_its_close_frame_back() {
    let service = Service::start().await;
    let mut socket = Socket::ready(&service).await;
    let frame = CloseFrame {
        code: CloseCode::Normal,
        reason: "done".into(),
    };
    socket.frame(Message::Close(Some(frame))).await;
    assert_eq!(socket.close_code().await, 1000);
}

#[tokio::test]
async fn payloads_and_subscriptions_that_cannot_be_served_are_refused_in_words() {
    let service = Service::start().await;
    let mut socket = Socket::ready(&service).await;
    let events = "approvalEvents{cursor}";
    for (payload, code, words) in [
        (Value::Null, "BAD_REQUEST", "must be an object with a query"),
        (
            json!({"query": format!("subscription{{a:{events} b:{events}}}")}),
            "GRAPHQL_VALIDATION_FAILED",
            "exactly one field",
        ),
        (
            json!({"query": format!("subscription{{...f}} fragment f on Subscription{{{events}}}")}),
            "GRAPHQL_VALIDATION_FAILED",
            "exactly one field",
        ),
    ] {
        socket
            .send(&json!({"type": "subscribe", "id": "1", "payload": payload}))
            .await;
        let error = socket.next().await;
        assert_eq!(error["type"], "error", "{error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code);
        assert!(
            error["payload"][0]["message"].as_str().unwrap().contains(words),
            "{error}"
        );
    }
}

#[tokio::test]
async fn silence_after_the_handshake_closes_with_4408() {
    let service = Service::start().await;
    let mut socket = Socket::open(&service).await;
    let started = Instant::now();
    assert_eq!(socket.close_code().await, 4408);
    let elapsed = started.elapsed();
    assert!(
        elapsed >= Duration::from_millis(2900) && elapsed < Duration::from_millis(3500),
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn another_subprotocol_closes_with_4406() {
    let service = Service::start().await;
    let mut socket = Socket::open_with(&service, &[]).await.unwrap();
    assert_eq!(socket.close_code().await, 4406);
}

#[tokio::test]
async fn a_foreign_page_cannot_open_a_socket() {
    let service = Service::start_with(&[("CORS_ORIGINS", "https://app.example")]).await;
    let own = format!("http://{}", service.address());
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (origin, allowed) in [
        ("https://evil.example", false),
        ("null", false),
        ("https://app.example", true),
        (own.as_str(), true),
    ] {
        match Socket::open_with(&service, &[protocol, ("origin", origin)]).await {
            Ok(_) => assert!(allowed, "{origin}"),
            Err(Error::Http(response)) => assert!(!allowed && response.status() == 403, "{origin}"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn credentials_come_with_init_or_handshake_and_their_end_closes_with_4403() {
    let service = Service::start_authenticated().await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for payload in [
        Value::Null,
        json!({}),
        json!({"Authorization": "Bearer x"}),
        json!({"X-Actor": "eve"}),
    ] {
        let mut socket = Socket::open(&service).await;
        socket
            .send(&json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(socket.close_code().await, 4403, "{payload}");
    }
    let token = format!(
        "Bearer {}",
        service.token("ada", Role::Viewer, None, Duration::from_secs(3))
    );
    let by_handshake = Socket::open_with(&service, &[protocol, ("authorization", &token)])
        .await
        .unwrap();
    let by_init = Socket::open(&service).await;
    let mut sockets = [
        (by_handshake, json!({})),
        (by_init, json!({"authorization": token})),
    ];
    for (socket, payload) in &mut sockets {
        socket
            .send(&json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
    }
    let end = Instant::now() + Duration::from_secs(3 + 5);
    for (mut socket, _) in sockets {
        assert_eq!(socket.close_code().await, 4403);
        assert!(Instant::now() < end);
    }
}

#[tokio::test]
async fn an_id_in_use_closes_with_4409() {
    let service = Service::start().await;
    let mut socket = Socket::ready(&service).await;
    for _ in 0..2 {
        socket
            .subscribe("1", "subscription{approvalEvents{cursor}}")
            .await;
    }
    assert_eq!(socket.close_code().await, 4409);
}

#[tokio::test]
async fn one_operation_more_than_allowed_is_refused() {
    let service = Service::start().await;
    let mut socket = Socket::ready(&service).await;
    for number in 0..=100 {
        socket
            .subscribe(&number.to_string(), "subscription{approvalEvents{cursor}}")
            .await;
    }
    let refused = socket.next().await;
    assert_eq!(
        (&refused["type"], &refused["id"]),
        (&json!("error"), &json!("100"))
    );
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    socket.send(&json!({"type": "complete", "id": "0"})).await;
    socket.subscribe("100", "{__typename}").await;
    assert_eq!(socket.next().await["type"], "next");
}
