//! A subscriber that comes back, wherever the service is by then, with the cursor of the last event that it has.

use super::service_under_test::ServiceUnderTest;
use crate::support::socket::before_all_events;
use crate::support::wait::wait_until;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{SinkExt, StreamExt};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::task::AbortOnDropHandle;

const EVENTS: &str = "subscription($after: String) { approvalEvents(after: $after) { cursor events { cursor change { id } } } }";

/// State of a subscriber.
#[derive(Default)]
struct Seen {
    /// The numbers of audit rows, in the order in which they came.
    rows: Vec<i64>,
    /// Number of reconnections.
    returns: usize,
}

pub struct Subscriber {
    seen: Arc<Mutex<Seen>>,
    _task: AbortOnDropHandle<()>,
}

impl Subscriber {
    /// From the first event on; `url` tells where the service is.
    pub fn follow(mut url: watch::Receiver<Option<String>>) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let (mine, mut after) = (Arc::clone(&seen), before_all_events());
        let task = tokio::spawn(async move {
            loop {
                let Ok(at) = url.wait_for(Option::is_some).await.map(|at| at.clone()) else {
                    return;
                };
                // A connection that broke is one to come back from, however it broke.
                let _broken = listen(&at.expect("an address"), &mut after, &mine).await;
                mine.lock().unwrap().returns += 1;
                // The pause of a client before it connects again.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Self {
            seen,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Waits until it has all that the trail has, and compares.
    pub async fn assert_saw_all(&self, under_test: &ServiceUnderTest) {
        #[derive(FromQueryResult)]
        struct Row {
            id: i64,
        }
        let trail: Vec<Row> = under_test.rows("SELECT id FROM tag_audit ORDER BY xid, id").await;
        let trail: Vec<i64> = trail.into_iter().map(|row| row.id).collect();
        let description = format!("{} events", trail.len());
        wait_until(Duration::from_mins(2), description, async || {
            let seen = self.seen.lock().unwrap();
            if let Some(at) = seen.rows.iter().zip(&trail).position(|(seen, row)| seen != row) {
                panic!(
                    "event {at} was row {} of the trail, not {}",
                    seen.rows[at], trail[at]
                );
            }
            match seen.rows.len() {
                count if count < trail.len() => Err(count),
                _ => Ok(()),
            }
        })
        .await;
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.rows.len(), trail.len(), "events were lost, or doubled");
        eprintln!(
            "  a subscriber that came back {} times has seen each of {} events once, in order",
            seen.returns,
            trail.len()
        );
    }
}

async fn listen(url: &str, after: &mut String, seen: &Mutex<Seen>) -> Result<(), Error> {
    let mut request = format!("{}/graphql", url.replace("http://", "ws://")).into_client_request()?;
    let protocol = "graphql-transport-ws".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await?;
    socket
        .send(Message::text(json!({"type": "connection_init"}).to_string()))
        .await?;
    let payload = json!({"query": EVENTS, "variables": {"after": after}});
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else { continue };
        let mut message: Value = serde_json::from_str(&text).unwrap();
        match message["type"].as_str() {
            Some("connection_ack") => {
                let subscribe = json!({"type": "subscribe", "id": "1", "payload": payload});
                socket.send(Message::text(subscribe.to_string())).await?;
            }
            Some("ping") => {
                let pong = json!({"type": "pong"}).to_string();
                socket.send(Message::text(pong)).await?;
            }
            Some("next") if message["payload"].get("errors").is_none() => {
                let batch = message["payload"]["data"]["approvalEvents"].take();
                let events = batch["events"].as_array().unwrap().iter();
                let rows = events.map(|event| row(&event["change"]["id"]));
                seen.lock().unwrap().rows.extend(rows);
                batch["cursor"].as_str().unwrap().clone_into(after);
            }
            // The database is away, say: an error ends the subscription, not the subscriber.
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// The number in the global id of an audit row.
fn row(id: &Value) -> i64 {
    let id = URL_SAFE_NO_PAD.decode(id.as_str().unwrap()).unwrap();
    let id = String::from_utf8(id).unwrap();
    id.rsplit('.').next().unwrap().parse().unwrap()
}
