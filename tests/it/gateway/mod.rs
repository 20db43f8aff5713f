//! Limits that hold for every caller, by whichever way.

mod bombs;
mod bytes;
mod concurrency;
mod exports;
mod introspection;
mod limits;
mod multipart;
mod persisted;
mod rate_limit;
mod responses;
mod sockets;

use crate::support::service::Service;
use crate::support::socket::Socket;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The ways to the executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Post,
    Get,
    Socket,
    /// By POST with a hash, and without the text from the second time on.
    Hash,
}

pub const WAYS: [Way; 4] = [Way::Post, Way::Get, Way::Socket, Way::Hash];

/// A longer one is refused before anybody reads it, and clients do not even send it.
const URI_MAX_BYTES: usize = 65_534;

pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

pub fn by_hash(text: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash(text)}})
}

/// The code and the message of the first error; `OK` when there is none.
pub fn outcome(answer: &Value) -> (String, String) {
    let Some(error) = answer["errors"].get(0) else {
        assert!(answer["data"].is_object(), "{answer}");
        return ("OK".into(), String::new());
    };
    assert!(error["extensions"]["requestId"].is_string(), "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}

impl Service {
    /// Outcome of a request that goes this way, as [`outcome`] tells it.
    pub async fn ask(&self, way: Way, query: &str, variables: &Value) -> (String, String) {
        let mut body = json!({"query": query, "variables": variables});
        match way {
            Way::Post => outcome(&self.post(&body).await.json().await.unwrap()),
            Way::Get => self.ask_by_get(query, variables).await,
            Way::Socket => {
                let mut socket = Socket::ready(self).await;
                socket.subscribe_with("1", query, variables.clone()).await;
                socket.outcome().await
            }
            Way::Hash => {
                body["extensions"] = by_hash(query);
                let first = outcome(&self.post(&body).await.json().await.unwrap());
                body.as_object_mut().unwrap().remove("query");
                let second = outcome(&self.post(&body).await.json().await.unwrap());
                // Refused requests are not kept.
                if second.0 != "PERSISTED_QUERY_NOT_FOUND" {
                    assert_eq!(first, second, "{query:.100}");
                }
                first
            }
        }
    }

    async fn ask_by_get(&self, query: &str, variables: &Value) -> (String, String) {
        let mut url = reqwest::Url::parse(&self.url("/graphql")).unwrap();
        url.query_pairs_mut()
            .extend_pairs([("query", query), ("variables", &variables.to_string())]);
        if url.as_str().len() < URI_MAX_BYTES {
            return outcome(&self.client.get(url).send().await.unwrap().json().await.unwrap());
        }
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let target = format!("{}?{}", url.path(), url.query().unwrap());
        let head = format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        // It may be refused before it is read to its end.
        let _refused = stream.write_all(head.as_bytes()).await;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        let status = String::from_utf8_lossy(&status).into_owned();
        assert!(status.ends_with("414") || status.ends_with("431"), "{status}");
        ("URI_TOO_LONG".into(), status)
    }
}

impl Socket {
    /// Outcome of an operation, as [`outcome`] tells it.
    pub async fn outcome(&mut self) -> (String, String) {
        let message = self.next().await;
        match message["type"].as_str().unwrap() {
            "error" => outcome(&json!({ "errors": message["payload"] })),
            "next" => outcome(&message["payload"]),
            _ => panic!("{message}"),
        }
    }
}
