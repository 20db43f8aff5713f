//! Subscriptions that many share: whenever one joins, lags or resumes, it gets every event once and in order.

use crate::support::fixture::Fixture;
use crate::support::service::Service;
use crate::support::socket::{Socket, before_all_events};
use futures::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::auth::Role;
use virtual_tagging::db::sql;

const EVENTS: &str = "subscription($after: String) {
    approvalEvents(after: $after) { cursor events { cursor change { tagKey reason } } } }";

/// Writes so many events in one transaction, each with so long a reason; they are told as one burst.
async fn burst(fixture: &Fixture, from: i64, count: i64, reason_bytes: i32) {
    let insert =
        "INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id,
            action, tag_key, source, confidence, auto_applied, actor, reason)
         SELECT 1, 'r', 'aws', 'a', 't', n, 'PROPOSED', 'key' || n, 'RULE', 1, true, 'x', repeat('x', $3)
           FROM generate_series($1::bigint, $1 + $2 - 1) n";
    let binds = [from.into(), count.into(), reason_bytes.into()];
    sql::execute(&fixture.pool, insert, binds).await.unwrap();
}

async fn watch(service: &Service, id: &str, after: Option<&str>) -> Socket {
    let mut socket = Socket::ready(service).await;
    socket.subscribe_with(id, EVENTS, json!({ "after": after })).await;
    socket
}

/// The numbers of the next events, and the cursor of the last.
async fn numbers(socket: &mut Socket, count: usize) -> (Vec<i64>, String) {
    let (mut numbers, mut last) = (Vec::with_capacity(count), String::new());
    for _ in 0..count {
        let event = socket.next_event().await;
        let key = event["change"]["tagKey"].as_str().unwrap();
        numbers.push(key.strip_prefix("key").unwrap().parse().unwrap());
        event["cursor"].as_str().unwrap().clone_into(&mut last);
    }
    (numbers, last)
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_join_at_any_place_get_the_rest_once_and_in_order() {
    let service = Service::start().await;
    let fixture = Fixture::on(service.db.clone()).await;
    burst(&fixture, 0, 500, 10).await;
    let mut first = watch(&service, "1", Some(&before_all_events())).await;
    let mut places = vec![before_all_events()];
    for _ in 0..10 {
        places.push(numbers(&mut first, 50).await.1);
    }
    // They join while more is sent: in the middle of answers, at their ends, and with nothing before them.
    let rounds = tokio::sync::watch::Sender::new(0);
    let more = async {
        let mut rest = Vec::new();
        for round in 0..20 {
            burst(&fixture, 500 + round * 25, 25, 10).await;
            rounds.send_replace(round + 1);
            rest.extend(numbers(&mut first, 25).await.0);
        }
        rest
    };
    let members = places.iter().enumerate().map(|(n, place)| {
        let (service, mut round) = (&service, rounds.subscribe());
        async move {
            let own = 2 * n as i64;
            round.wait_for(|&round| round >= own).await.unwrap();
            let mut socket = watch(service, "a \"name\"", Some(place)).await;
            let rest = 1000 - 50 * n;
            let seen = numbers(&mut socket, rest).await.0;
            assert!(seen.iter().copied().eq(50 * n as i64..1000), "{n}: {seen:?}");
            socket.stays_silent(Duration::from_millis(200)).await;
        }
    });
    let (rest, _) = tokio::join!(more, join_all(members));
    assert!(rest.into_iter().eq(500..1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_read_holds_up_nobody_and_misses_nothing() {
    let service = Service::start().await;
    let fixture = Fixture::on(service.db.clone()).await;
    let beginning = before_all_events();
    let mut reading = watch(&service, "1", Some(&beginning)).await;
    let mut stalled = watch(&service, "1", Some(&beginning)).await;
    // More than the network and all queues hold, in answers of about 16 KiB.
    for from in (0..5000).step_by(1000) {
        burst(&fixture, from, 1000, 2000).await;
        assert!(
            numbers(&mut reading, 1000)
                .await
                .0
                .into_iter()
                .eq(from..from + 1000)
        );
    }
    let mut late = watch(&service, "1", Some(&beginning)).await;
    let (seen, of_late) = tokio::join!(numbers(&mut stalled, 5000), numbers(&mut late, 5000));
    assert!(seen.0.into_iter().eq(0..5000));
    assert!(of_late.0.into_iter().eq(0..5000));
    burst(&fixture, 5000, 1, 10).await;
    for socket in [&mut reading, &mut stalled, &mut late] {
        assert_eq!(numbers(socket, 1).await.0, [5000]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_told_at_once_to_those_who_come_later_and_its_end_to_all() {
    let service = Service::start().await;
    let fixture = Fixture::on(service.db.clone()).await;
    let resource = fixture.resource("orders").await;
    fixture.tag(resource, "a", "value", 0.8).await;
    let figures = "subscription { approvalStats { pending } }";
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = Socket::ready(&service).await;
        socket.subscribe("1", figures).await;
        assert_eq!(socket.next_data("approvalStats").await, json!({"pending": 1}));
        sockets.push(socket);
    }
    fixture.tag(resource, "b", "value", 0.8).await;
    for socket in &mut sockets {
        assert_eq!(socket.next_data("approvalStats").await, json!({"pending": 2}));
    }
    let asked = "mutation { runAutoTagging { run { id } } }";
    let run = service.data(asked, json!({})).await["runAutoTagging"]["run"]["id"].take();
    let progress = "subscription($id: ID!) { jobProgress(runId: $id) { status } }";
    for socket in &mut sockets {
        socket.subscribe_with("2", progress, json!({ "id": run })).await;
        assert_eq!(socket.next_data("jobProgress").await["status"], "QUEUED");
    }
    let cancel = "mutation($id: ID!) { cancelRun(input: {id: $id}) { userErrors { message } } }";
    service.data(cancel, json!({ "id": run })).await;
    for socket in &mut sockets {
        assert_eq!(socket.next_data("jobProgress").await["status"], "CANCELLED");
        assert_eq!(socket.next().await, json!({"type": "complete", "id": "2"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_to_each_and_accounts_do_not_mix() {
    let service = Service::start_authenticated().await;
    let fixture = Fixture::on(service.db.clone()).await;
    let mut sockets = Vec::new();
    for accounts in [Some(&["a"][..]), Some(&["b"][..]), None, None] {
        let token = service.token("ada", Role::Viewer, accounts, Duration::from_mins(1));
        let mut socket = Socket::open(&service).await;
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket
            .send(&json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        for (query, variables, code) in [
            (EVENTS, json!({"after": "x"}), "BAD_USER_INPUT"),
            (
                "subscription { approvalEvents { nothing } }",
                json!({}),
                "GRAPHQL_VALIDATION_FAILED",
            ),
        ] {
            socket.subscribe_with("1", query, variables).await;
            let error = errors(&mut socket).await;
            assert_eq!(error[0]["extensions"]["code"], code, "{error}");
        }
        socket
            .subscribe_with("2", EVENTS, json!({ "after": before_all_events() }))
            .await;
        sockets.push(socket);
    }
    burst(&fixture, 0, 40, 10).await;
    for socket in &mut sockets[2..] {
        assert!(numbers(socket, 40).await.0.into_iter().eq(0..40));
    }
    assert!(numbers(&mut sockets[0], 40).await.0.into_iter().eq(0..40));
    sockets[1].stays_silent(Duration::from_millis(100)).await;
}

/// The errors of an operation that is refused, or fails at once and ends.
async fn errors(socket: &mut Socket) -> Value {
    let mut message = socket.next().await;
    if message["type"] == "error" {
        return message["payload"].take();
    }
    assert_eq!(socket.next().await["type"], "complete");
    message["payload"]["errors"].take()
}
