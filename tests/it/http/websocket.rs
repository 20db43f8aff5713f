//! The protocol graphql-transport-ws, by a raw socket.

use crate::support::service::Service;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use virtual_tagging::auth::Role;

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Of batches that were received: what the test has not taken yet.
    events: VecDeque<Value>,
}

impl Socket {
    pub async fn open_with(service: &Service, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{}/graphql", service.address()).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(Self {
            stream: connect_async(request).await?.0,
            events: VecDeque::new(),
        })
    }

    pub async fn open(service: &Service) -> Self {
        Self::open_with(service, &[("sec-websocket-protocol", "graphql-transport-ws")])
            .await
            .unwrap()
    }

    /// Opened, and acknowledged without credentials.
    pub async fn ready(service: &Service) -> Self {
        let mut socket = Self::open(service).await;
        socket.send(&json!({"type": "connection_init"})).await;
        assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
        socket
    }

    pub async fn text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Sends a text to a service that may have closed already.
    pub async fn try_text(&mut self, text: &str) {
        let _closed = self.stream.send(Message::text(text)).await;
    }

    pub async fn send(&mut self, message: &Value) {
        self.text(&message.to_string()).await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.subscribe_with(id, query, json!({})).await;
    }

    pub async fn subscribe_with(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({"query": query, "variables": variables});
        self.send(&json!({"type": "subscribe", "id": id, "payload": payload}))
            .await;
    }

    /// The field `name` of the next message, which must be data without errors.
    pub async fn next_data(&mut self, name: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["payload"].get("errors"), None, "{message}");
        message["payload"]["data"][name].take()
    }

    /// The next event of `approvalEvents`, of which batches come.
    pub async fn next_event(&mut self) -> Value {
        while self.events.is_empty() {
            let mut batch = self.next_data("approvalEvents").await;
            let Value::Array(events) = batch["events"].take() else {
                panic!("{batch}");
            };
            assert!(!events.is_empty(), "{batch}");
            assert_eq!(
                batch["cursor"].as_str().map(str::is_empty),
                Some(false),
                "{batch}"
            );
            self.events.extend(events);
        }
        self.events.pop_front().unwrap()
    }

    /// Fails when there are more events, or the service says anything within `time`.
    pub async fn stays_silent(&mut self, time: Duration) {
        assert_eq!(self.events.pop_front(), None);
        if let Ok(message) = tokio::time::timeout(time, self.next()).await {
            panic!("unexpected: {message}");
        }
    }

    /// The next message; the service's own pings are left out.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.stream.next())
                .await
                .unwrap();
            match message.unwrap().unwrap() {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message != json!({"type": "ping"}) {
                        return message;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The code that the service closes with; messages before are skipped.
    pub async fn close_code(&mut self) -> u16 {
        let closed = async {
            loop {
                if let Message::Close(frame) = self.stream.next().await.unwrap().unwrap() {
                    return frame.unwrap().code.into();
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), closed)
            .await
            .unwrap()
    }
}

/// The cursor that `approvalEvents` takes for reading the log from its beginning.
pub fn before_all_events() -> String {
    URL_SAFE_NO_PAD.encode("1:tags:0.0")
}

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
    socket.stream.send(Message::binary("{}")).await.unwrap();
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
    socket.stream.send(Message::Close(Some(frame))).await.unwrap();
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
