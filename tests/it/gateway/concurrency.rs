//! A full house, and callers who go away.

use super::outcome;
use crate::support::locks::TableLock;
use crate::support::service::Service;
use crate::support::socket::Socket;
use reqwest::header::{ACCEPT, RETRY_AFTER};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SLOW: &str = "{rules(first:1){nodes{id}}}";

fn begin(service: &Service) -> tokio::task::JoinHandle<Value> {
    let request = service.client.post(service.url("/graphql"));
    let sent = request.json(&json!({ "query": SLOW })).send();
    tokio::spawn(async move { sent.await.unwrap().json().await.unwrap() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_says_so_soon_and_one_who_leaves_makes_room() {
    let service =
        Service::start_with(&[("GRAPHQL_MAX_OPERATIONS", "1"), ("GRAPHQL_MAX_WAIT_MS", "50")]).await;
    let mut lock = TableLock::acquire(&service, "rules").await;
    let slow = begin(&service);
    lock.wait_until_waiting(1).await;
    for accept in ["application/json", "application/graphql-response+json"] {
        let request = service
            .client
            .post(service.url("/graphql"))
            .header(ACCEPT, accept);
        let full = request
            .json(&json!({"query": "{__typename}"}))
            .send()
            .await
            .unwrap();
        assert_eq!(full.status(), 503);
        assert_eq!(full.headers()[RETRY_AFTER], "1");
        assert_eq!(outcome(&full.json().await.unwrap()).0, "SERVICE_UNAVAILABLE");
    }
    let mut socket = Socket::ready(&service).await;
    socket.subscribe("1", "{__typename}").await;
    let error = socket.next().await;
    assert_eq!(error["type"], "error", "{error}");
    assert_eq!(error["payload"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE");
    // It hangs up while its statement runs. PostgreSQL looks for its clients every second.
    slow.abort();
    lock.wait_until_waiting_within(Duration::from_secs(5), 0).await;
    assert_eq!(
        service.post(&json!({"query": "{__typename}"})).await.status(),
        200
    );
    socket.subscribe("2", SLOW).await;
    lock.wait_until_waiting(1).await;
    socket.send(&json!({"type": "complete", "id": "2"})).await;
    lock.wait_until_waiting_within(Duration::from_secs(5), 0).await;
    lock.release().await;
    assert_eq!(service.graphql(SLOW).await["data"]["rules"]["nodes"], json!([]));
}

/// Six connections, two of which listen: those who come and go must not use them up.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_come_and_go_leave_the_pool_as_it_was() {
    let service = Service::start().await;
    let mut lock = TableLock::acquire(&service, "rules").await;
    for _ in 0..2 {
        let gone: Vec<_> = (0..4).map(|_| begin(&service)).collect();
        lock.wait_until_waiting(4).await;
        for each in gone {
            each.abort();
        }
        let started = Instant::now();
        let answer = service.graphql("{resources(first:1){nodes{id}}}").await;
        assert_eq!(answer, json!({"data": {"resources": {"nodes": []}}}));
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
        lock.wait_until_waiting(0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_whose_time_is_over_is_ended_with_its_statement() {
    let service = Service::start_with(&[("GRAPHQL_TIMEOUT", "1")]).await;
    let mut lock = TableLock::acquire(&service, "rules").await;
    let answer = begin(&service);
    lock.wait_until_waiting(1).await;
    let (code, message) = outcome(&answer.await.unwrap());
    assert_eq!(code, "TIMEOUT");
    assert!(message.contains("longer than 1 s"), "{message}");
    lock.wait_until_waiting_within(Duration::from_secs(5), 0).await;
}

#[tokio::test]
async fn subscriptions_have_room_of_their_own() {
    let service = Service::start_with(&[("GRAPHQL_MAX_SUBSCRIPTIONS", "1")]).await;
    let subscription = "subscription{approvalEvents{cursor}}";
    let (mut socket, mut other) = (Socket::ready(&service).await, Socket::ready(&service).await);
    socket.subscribe("1", subscription).await;
    socket.send(&json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");
    other.subscribe("1", subscription).await;
    let error = other.next().await;
    assert_eq!(
        error["payload"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE",
        "{error}"
    );
    other.subscribe("2", "{__typename}").await;
    assert_eq!(other.outcome().await.0, "OK");
    socket.send(&json!({"type": "complete", "id": "1"})).await;
    socket.send(&json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");
    assert_eq!(other.next().await["type"], "complete");
    other.subscribe("3", subscription).await;
    other.stays_silent(Duration::from_millis(100)).await;
}
