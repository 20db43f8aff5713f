//! Client side of graphql-transport-ws: a raw websocket, message by message.

use super::service::Service;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

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
        self.frame(Message::text(text)).await;
    }

    pub async fn frame(&mut self, frame: Message) {
        self.stream.send(frame).await.unwrap();
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
