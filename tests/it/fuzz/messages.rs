//! Messages that a websocket's other end may send.

use super::{codes, mutate, try_all_on};
use crate::support::service::Service;
use futures::{SinkExt, StreamExt};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Codes with which the service may close a socket whose other end misbehaves: too large, and the protocol's own codes. 4408 is for
/// one that says only harmless things before `connection_init`, which are not answered.
const CLOSES: &[u16] = &[1009, 4400, 4401, 4403, 4408, 4409, 4429];

/// A raw socket.
pub struct Wire {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    operations: u64,
}

impl Wire {
    async fn open(service: &Service) -> Self {
        let mut request = format!("ws://{}/graphql", service.address())
            .into_client_request()
            .unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (stream, _) = connect_async(request).await.unwrap();
        Self {
            stream,
            operations: 0,
        }
    }

    /// Opened and acknowledged.
    pub async fn ready(service: &Service) -> Self {
        let mut wire = Self::open(service).await;
        wire.say(&json!({"type": "connection_init"}).to_string()).await;
        assert_eq!(wire.hear().await.unwrap()["type"], "connection_ack");
        wire
    }

    /// The first answer to an operation, which is a query or a mutation.
    pub async fn ask(&mut self, payload: &Value) -> Result<Value, String> {
        self.operations += 1;
        let id = self.operations.to_string();
        let message = json!({"type": "subscribe", "id": id, "payload": payload});
        self.say(&message.to_string()).await;
        loop {
            let message = self.hear().await?;
            if message["id"] == *id {
                return Ok(message);
            }
        }
    }

    async fn say(&mut self, text: &str) {
        // When the service has closed the socket, what it said before is read next.
        let _closed = self.stream.send(Message::text(text)).await;
    }

    /// The next message; an error when the socket was closed, or nothing comes.
    async fn hear(&mut self) -> Result<Value, String> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.stream.next()).await;
            match next.map_err(|_| "nothing comes")? {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                    if message["type"] != "ping" {
                        return Ok(message);
                    }
                }
                Some(Ok(Message::Close(Some(frame)))) => return Err(u16::from(frame.code).to_string()),
                Some(Ok(Message::Close(None))) => return Err("closed without a code".into()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("broken off".into()),
            }
        }
    }
}

#[test]
fn any_message_is_answered_or_closes_the_socket_with_a_code() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let messages = mutate::text(include_str!("corpus/messages.txt"));
    let strategy = (any::<bool>(), prop::collection::vec(messages, 1..5));
    try_all_on(&runtime, 128, &strategy, |(is_ready, messages)| {
        let service = &service;
        async move {
            let mut wire = if is_ready {
                Wire::ready(service).await
            } else {
                Wire::open(service).await
            };
            for message in &messages {
                wire.say(message).await;
            }
            wire.say(r#"{"type": "ping", "payload": {"last": true}}"#).await;
            loop {
                match wire.hear().await {
                    Ok(message) if message["payload"]["last"] == true => return Ok(()),
                    Ok(message) => {
                        let errors = match message["type"].as_str() {
                            Some("error") => &message["payload"],
                            _ => &message["payload"]["errors"],
                        };
                        codes(errors)?;
                    }
                    Err(end) if end.parse().is_ok_and(|code: u16| CLOSES.contains(&code)) => return Ok(()),
                    Err(end) => return Err(format!("{messages:?}: {end}")),
                }
            }
        }
    });
    runtime.block_on(async move { drop(service) });
}
