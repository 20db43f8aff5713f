//! A full house, and callers who go away.

use super::outcome;
use crate::service::Service;
use crate::websocket::Socket;
use reqwest::header::{ACCEPT, RETRY_AFTER};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

const SLOW: &str = "{rules(first:1){nodes{id}}}";

/// A connection that keeps everybody else from reading rules.
async fn locked(service: &Service) -> PgConnection {
    let mut connection = PgConnection::connect(&service.db.url()).await.unwrap();
    for statement in ["BEGIN", "LOCK TABLE rules IN ACCESS EXCLUSIVE MODE"] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    connection
}

/// How many sessions of the service have a statement that waits for the lock.
async fn waiting(connection: &mut PgConnection) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
        WHERE relation = 'rules'::regclass AND NOT granted AND application_name = 'virtual-tagging'";
    sqlx::query_scalar(count).fetch_one(connection).await.unwrap()
}

/// Waits until so many wait for the lock; gives how long that took.
async fn until_waiting(connection: &mut PgConnection, wanted: i64) -> Duration {
    let started = Instant::now();
    while waiting(connection).await != wanted {
        assert!(started.elapsed() < Duration::from_secs(10), "{wanted} in vain");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}

fn begin(service: &Service) -> tokio::task::JoinHandle<Value> {
    let request = service.client.post(service.url("/graphql"));
    let sent = request.json(&json!({ "query": SLOW })).send();
    tokio::spawn(async move { sent.await.unwrap().json().await.unwrap() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_says_so_soon_and_one_who_leaves_makes_room() {
    let service =
        Service::start_with(&[("GRAPHQL_MAX_OPERATIONS", "1"), ("GRAPHQL_MAX_WAIT_MS", "50")]).await;
    let mut lock = locked(&service).await;
    let slow = begin(&service);
    until_waiting(&mut lock, 1).await;
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
    assert!(until_waiting(&mut lock, 0).await < Duration::from_secs(5));
    assert_eq!(
        service.post(&json!({"query": "{__typename}"})).await.status(),
        200
    );
    socket.subscribe("2", SLOW).await;
    until_waiting(&mut lock, 1).await;
    socket.send(&json!({"type": "complete", "id": "2"})).await;
    assert!(until_waiting(&mut lock, 0).await < Duration::from_secs(5));
    lock.close().await.unwrap();
    assert_eq!(service.graphql(SLOW).await["data"]["rules"]["nodes"], json!([]));
}

/// Six connections, two of which listen: those who come and go must not use them up.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_come_and_go_leave_the_pool_as_it_was() {
    let service = Service::start().await;
    let mut lock = locked(&service).await;
    for _ in 0..4 {
        let gone: Vec<_> = (0..3).map(|_| begin(&service)).collect();
        until_waiting(&mut lock, 3).await;
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
        until_waiting(&mut lock, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_whose_time_is_over_is_ended_with_its_statement() {
    let service = Service::start_with(&[("GRAPHQL_TIMEOUT", "1")]).await;
    let mut lock = locked(&service).await;
    let answer = begin(&service);
    until_waiting(&mut lock, 1).await;
    let (code, message) = outcome(&answer.await.unwrap());
    assert_eq!(code, "TIMEOUT");
    assert!(message.contains("longer than 1 s"), "{message}");
    assert!(until_waiting(&mut lock, 0).await < Duration::from_secs(5));
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
