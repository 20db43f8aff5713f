//! Limits of websockets before and after `connection_init`.

use super::outcome;
use crate::support::fixture::Fixture;
use crate::support::locks::TableLock;
use crate::support::service::{SECRET, Service};
use crate::support::socket::{Socket, before_all_events};
use crate::support::wait::wait_until;
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::auth::Role;

const EVENTS: &str = "subscription{approvalEvents{cursor}}";

impl Socket {
    async fn ready_as(service: &Service, caller: &str) -> Self {
        let mut socket = Self::open(service).await;
        socket.greet(service, caller).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket
    }

    async fn greet(&mut self, service: &Service, caller: &str) {
        let token = service.token(caller, Role::Viewer, None, Duration::from_mins(5));
        let payload = json!({"Authorization": format!("Bearer {token}")});
        self.send(&json!({"type": "connection_init", "payload": payload}))
            .await;
    }

    /// Subscribes as soon as the service takes it.
    async fn until_subscribed(&mut self, id: &str, query: &str) {
        wait_until(Duration::from_secs(10), "room for a subscription", async || {
            self.subscribe(id, query).await;
            self.send(&json!({"type": "ping"})).await;
            let message = self.next().await;
            if message["type"] == "pong" {
                return Ok(());
            }
            assert_eq!(self.next().await["type"], "pong");
            Err(message)
        })
        .await;
    }

    /// Waits until the service has taken what was sent.
    async fn until_taken(&mut self) {
        self.send(&json!({"type": "ping"})).await;
        assert_eq!(self.next().await["type"], "pong");
    }
}

#[tokio::test]
async fn strangers_send_little_and_hear_nothing_of_it() {
    let service = Service::start_authenticated().await;
    let mut socket = Socket::open(&service).await;
    socket.send(&json!({"type": "ping", "payload": {"a": 1}})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
    for text in [
        json!({"type": "ping", "payload": {"a": "x".repeat(1 << 20)}}).to_string(),
        json!({"type": "connection_init", "payload": {"a": "x".repeat(20_000)}}).to_string(),
    ] {
        let mut socket = Socket::open(&service).await;
        socket.try_text(&text).await;
        assert_eq!(socket.close_code().await, 1009);
    }
    // Many small ones are as good as a large one.
    let mut socket = Socket::open(&service).await;
    let small = json!({"type": "ping", "payload": {"a": "x".repeat(900)}}).to_string();
    for _ in 0..20 {
        socket.try_text(&small).await;
    }
    assert_eq!(socket.close_code().await, 1009);
    // The longest token fits, and then more than that may come.
    let mut socket = Socket::open(&service).await;
    socket.greet(&service, "ann").await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    let long = format!("{{viewer{{role}}}}#{}", "x".repeat(60_000));
    socket.subscribe("1", &long).await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn pings_are_short_and_count() {
    let quota = [("GRAPHQL_MAX_COST", "100"), ("RATE_LIMIT_COST", "100")];
    let service = Service::start_with(&[("JWT_SECRET", SECRET), quota[0], quota[1]]).await;
    let mut socket = Socket::ready_as(&service, "ann").await;
    let ping = |bytes| json!({"type": "ping", "payload": {"a": "x".repeat(bytes)}});
    socket.send(&ping(500)).await;
    assert_eq!(
        socket.next().await["payload"]["a"].as_str().map(str::len),
        Some(500)
    );
    socket.send(&ping(5_000)).await;
    assert_eq!(socket.close_code().await, 1009);
    let mut socket = Socket::ready_as(&service, "bob").await;
    for _ in 0..200 {
        socket.try_text(&json!({"type": "ping"}).to_string()).await;
    }
    assert_eq!(socket.close_code().await, 1013);
}

#[tokio::test]
async fn strangers_sockets_leave_room_for_those_of_others() {
    let service = Service::start_with(&[("JWT_SECRET", SECRET), ("MAX_CONNECTIONS", "32")]).await;
    // Four may wait for credentials, two of them of one address.
    let mut waiting = [Socket::open(&service).await, Socket::open(&service).await];
    let address = format!("http://{}/graphql", service.address());
    let third = service.client.get(&address).header("upgrade", "websocket");
    let third = third
        .header("connection", "upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "graphql-transport-ws");
    let third = third.send().await.unwrap();
    assert_eq!(third.status(), 429);
    assert_eq!(outcome(&third.json().await.unwrap()).0, "RATE_LIMITED");
    waiting[0].greet(&service, "ann").await;
    assert_eq!(waiting[0].next().await["type"], "connection_ack");
    Socket::ready_as(&service, "ann").await;
}

#[tokio::test]
async fn a_caller_has_a_share_of_sockets_and_subscriptions() {
    let share = ("GRAPHQL_MAX_CALLER_SUBSCRIPTIONS", "3");
    let service = Service::start_with(&[("JWT_SECRET", SECRET), share]).await;
    let mut ann = [
        Socket::ready_as(&service, "ann").await,
        Socket::ready_as(&service, "ann").await,
        Socket::ready_as(&service, "ann").await,
    ];
    let mut fourth = Socket::open(&service).await;
    fourth.greet(&service, "ann").await;
    assert_eq!(fourth.close_code().await, 1013);
    for socket in &mut ann {
        socket.subscribe("1", EVENTS).await;
        socket.until_taken().await;
    }
    ann[0].subscribe("2", EVENTS).await;
    let (code, message) = ann[0].outcome().await;
    assert_eq!(code, "RATE_LIMITED");
    assert!(message.contains("3 subscriptions"), "{message}");
    let mut bob = Socket::ready_as(&service, "bob").await;
    bob.subscribe("1", EVENTS).await;
    bob.until_taken().await;
    ann[1].send(&json!({"type": "complete", "id": "1"})).await;
    ann[1].until_taken().await;
    ann[0].until_subscribed("3", EVENTS).await;
}

#[tokio::test]
async fn equal_subscriptions_are_executed_once_however_they_are_written() {
    // Of ten subscriptions of a caller one may differ from the others.
    let share = ("GRAPHQL_MAX_CALLER_SUBSCRIPTIONS", "10");
    let service = Service::start_with(&[("JWT_SECRET", SECRET), share]).await;
    let mut socket = Socket::ready_as(&service, "ann").await;
    let filtered = "approvalEvents(filter: {tagKey: \"a\", accountId: \"1\"}) { cursor events { cursor } }";
    for (id, query, variables) in [
        ("1", format!("subscription {{ {filtered} }}"), json!({})),
        ("2", format!("subscription Named {{\n  # text\n{filtered}}}"), json!({})),
        (
            "3",
            "subscription($b: String, $f: String, $after: String) { approvalEvents(after: $after,
                filter: {accountId: $b, tagKey: $f}) { ...c } }
             fragment c on ApprovalEventBatch { cursor events { cursor } }"
                .to_owned(),
            json!({"b": "1", "f": "a"}),
        ),
        (
            "4",
            "subscription($filter: ApprovalFilter) { approvalEvents(filter: $filter) { cursor events { cursor } } }"
                .to_owned(),
            json!({"filter": {"accountId": "1", "tagKey": "a"}}),
        ),
    ] {
        socket.subscribe_with(id, &query, variables).await;
        if id == "3" {
            // A fragment is not written as its fields are.
            let (code, message) = socket.outcome().await;
            assert_eq!(code, "RATE_LIMITED");
            assert!(message.contains("1 different subscriptions"), "{message}");
        } else {
            socket.until_taken().await;
        }
    }
    socket
        .subscribe("5", "subscription{a:approvalEvents{cursor}}")
        .await;
    assert_eq!(socket.outcome().await.0, "RATE_LIMITED");
    let mut other = Socket::ready_as(&service, "bob").await;
    other
        .subscribe("5", "subscription{a:approvalEvents{cursor}}")
        .await;
    other.until_taken().await;
    for id in ["1", "2", "4"] {
        socket.send(&json!({"type": "complete", "id": id})).await;
    }
    socket
        .until_subscribed("5", "subscription{a:approvalEvents{cursor}}")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_watch_runs_one_statement_asks_for_them() {
    let service = Service::start().await;
    let mut runs = Vec::new();
    for mutation in ["runAutoTagging", "runDiscovery"] {
        let asked = format!("mutation {{ {mutation} {{ run {{ id }} }} }}");
        runs.push(service.data(&asked, json!({})).await[mutation]["run"]["id"].clone());
    }
    let mut socket = Socket::ready(&service).await;
    for n in 0..20 {
        let watch = format!("subscription($id: ID!) {{ a{n}: jobProgress(runId: $id) {{ status }} }}");
        let variables = json!({"id": runs[n % 2]});
        socket.subscribe_with(&n.to_string(), &watch, variables).await;
        assert_eq!(
            socket.next_data(&format!("a{n}")).await,
            json!({"status": "QUEUED"})
        );
    }
    let mut locked = TableLock::acquire(&service, "scheduler_jobs").await;
    locked.wait_until_waiting(1).await;
    // Those who look each for themselves would do so within this time.
    for _ in 0..30 {
        assert_eq!(locked.waiting().await, 1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    locked.release().await;
    let cancel = "mutation($id: ID!) { cancelRun(input: {id: $id}) { userErrors { message } } }";
    service.data(cancel, json!({"id": runs[0]})).await;
    let mut told = Vec::new();
    while told.len() < 20 {
        let message = socket.next().await;
        told.push((message["id"].clone(), message["type"].clone()));
    }
    for n in (0..20).step_by(2) {
        for kind in ["next", "complete"] {
            assert!(
                told.contains(&(json!(n.to_string()), json!(kind))),
                "{n} {told:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_told_in_the_turn_of_its_caller() {
    let service = Service::start_with(&[("GRAPHQL_MAX_OPERATIONS", "1")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    let resource = fixture.resource("orders").await;
    let key = |event: Value| event["change"]["tagKey"].as_str().unwrap().to_owned();
    let events = "subscription($after: String) { approvalEvents(after: $after) { cursor events { cursor change { tagKey } } } }";
    let mut present = Socket::ready(&service).await;
    present.subscribe("1", events).await;
    present.until_taken().await;
    fixture.tag(resource, "a", "value", 0.8).await;
    assert_eq!(key(present.next_event().await), "a");
    let mut locked = TableLock::acquire(&service, "rules").await;
    let slow = service.client.post(service.url("/graphql"));
    let slow = slow.json(&json!({"query": "{rules(first:1){nodes{id}}}"})).send();
    let slow = tokio::spawn(slow);
    locked.wait_until_waiting(1).await;
    let mut late = Socket::ready(&service).await;
    let after = json!({ "after": before_all_events() });
    // A shared subscription would be answered at once.
    let other = events.replace("tagKey", "tagKey action");
    late.subscribe_with("1", &other, after).await;
    late.stays_silent(Duration::from_millis(300)).await;
    fixture.tag(resource, "b", "value", 0.8).await;
    assert_eq!(key(present.next_event().await), "b");
    locked.release().await;
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
    assert_eq!(key(late.next_event().await), "a");
    assert_eq!(key(late.next_event().await), "b");
}
