//! The messages and close codes of `graphql-transport-ws`.

use crate::http::graphql::executor::GraphqlResponse;
use axum::extract::ws::Message;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The only subprotocol that is supported.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";

/// Bytes of the longest reason of a close frame (RFC 6455, 5.5).
const REASON_MAX_BYTES: usize = 123;

/// Message of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Authenticates the connection.
    ConnectionInit { payload: Option<Value> },
    /// Asks for a pong.
    Ping { payload: Option<Value> },
    /// Answers a ping.
    Pong,
    /// Starts an operation of any kind.
    Subscribe { id: String, payload: Value },
    /// Ends an operation.
    Complete { id: String },
}

impl ClientMessage {
    /// Parses a message; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

/// Type and id of a message, read without keeping the rest.
#[derive(Deserialize)]
pub struct MessageHead<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    id: Option<Cow<'a, str>>,
}

impl<'a> MessageHead<'a> {
    /// Parses the head of a message; the error says what is wrong.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Id of the operation that the message starts.
    pub fn subscribes(&self) -> Option<String> {
        let id = self.id.as_deref().filter(|_| self.kind == "subscribe");
        id.map(str::to_owned)
    }

    /// Message may carry credentials.
    pub fn carries_credentials(&self) -> bool {
        self.kind == "connection_init"
    }
}

/// Message of the server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// Accepts the credentials.
    ConnectionAck,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    /// Response of an operation.
    Next {
        id: &'a str,
        payload: &'a GraphqlResponse,
    },
    /// Refuses an operation; nothing follows for this id.
    Error {
        id: &'a str,
        payload: &'a [async_graphql::ServerError],
    },
    /// Ends an operation.
    Complete { id: &'a str },
}

impl From<&ServerMessage<'_>> for Message {
    fn from(message: &ServerMessage<'_>) -> Self {
        let text = serde_json::to_string(message).unwrap_or_else(|error| {
            tracing::error!("a message cannot be written as JSON: {error}");
            r#"{"type":"ping"}"#.into()
        });
        Self::Text(text.into())
    }
}

impl From<ServerMessage<'_>> for Message {
    fn from(message: ServerMessage<'_>) -> Self {
        (&message).into()
    }
}

/// Reason why the server closes a websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// The service stops; clients reconnect by themselves.
    Draining,
    /// The caller has as many websockets as allowed, or sends more messages than the rate allows.
    TooMany(&'static str),
    /// Credentials cannot be checked now; clients reconnect by themselves.
    Unavailable,
    /// The client does not read, or has gone.
    Unread,
    /// A message is longer than allowed.
    TooLong,
    /// A message that the protocol does not have.
    Invalid(String),
    /// `subscribe` before `connection_ack`.
    Unauthorized,
    /// The credentials are not valid, or no longer.
    Forbidden,
    /// Another subprotocol, or none.
    Subprotocol,
    /// No `connection_init` in time.
    InitTimeout,
    /// The id is in use.
    DuplicateOperation(String),
    /// A second `connection_init`.
    TooManyInits,
}

impl Close {
    /// Code of the close frame.
    pub fn code(&self) -> u16 {
        match self {
            Self::Draining => 1012,
            Self::Unavailable | Self::TooMany(_) => 1013,
            Self::Unread => 1008,
            Self::TooLong => 1009,
            Self::Invalid(_) => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::Subprotocol => 4406,
            Self::InitTimeout => 4408,
            Self::DuplicateOperation(_) => 4409,
            Self::TooManyInits => 4429,
        }
    }

    /// Reason of the close frame, in the words of the protocol.
    pub fn reason(&self) -> String {
        let mut reason = match self {
            Self::Draining => "Service Restart".into(),
            Self::Unavailable => "Try Again Later".into(),
            Self::TooMany(what) => format!("Too many {what}; try again later"),
            Self::Unread => "Messages are not read; subscribe again with the last cursor as `after`".into(),
            Self::TooLong => "Message too long".into(),
            Self::Invalid(why) => format!("Invalid message: {why}"),
            Self::Unauthorized => "Unauthorized".into(),
            Self::Forbidden => "Forbidden".into(),
            Self::Subprotocol => "Subprotocol not acceptable".into(),
            Self::InitTimeout => "Connection initialisation timeout".into(),
            Self::DuplicateOperation(id) => format!("Subscriber for {id} already exists"),
            Self::TooManyInits => "Too many initialisation requests".into(),
        };
        reason.truncate(reason.floor_char_boundary(REASON_MAX_BYTES));
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_others_refused() {
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":{"Authorization":"Bearer x"}}"#,
            r#"{"type":"ping","payload":null}"#,
            r#"{"type":"pong"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"complete","id":"1"}"#,
        ] {
            assert!(ClientMessage::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
        ] {
            assert!(ClientMessage::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reason_fits_into_its_frame() {
        let close = Close::DuplicateOperation("é".repeat(200));
        assert!(close.reason().len() <= REASON_MAX_BYTES);
        assert_eq!(
            Close::DuplicateOperation("7".into()).reason(),
            "Subscriber for 7 already exists"
        );
    }
}
