//! Subscriptions over sockets on two replicas, while people decide through either.

use crate::support::fixture::{Fixture, resource};
use crate::support::service::Service;
use crate::support::socket::{Socket, before_all_events};
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::auth::Role;

const EVENTS: &str = "subscription($after: String, $filter: ApprovalFilter) {
    approvalEvents(after: $after, filter: $filter) {
        cursor events { cursor change { action tagKey actor accountId virtualTag { id } } } } }";

/// Two replicas and a resource with so many tags that wait.
async fn replicas(tags: usize) -> (Service, Service, Fixture) {
    let one = Service::start().await;
    let two = Service::start_on(one.db.clone(), &[]).await;
    let fixture = Fixture::on(one.db.clone()).await;
    let resource = fixture.resource("orders").await;
    for n in 0..tags {
        fixture.tag(resource, &format!("key{n}"), "value", 0.8).await;
    }
    (one, two, fixture)
}

/// The global ids of all tags, as they were proposed.
async fn tag_ids(service: &Service) -> Vec<Value> {
    let page = service
        .data("{ virtualTags(first: 500) { nodes { id } } }", json!({}))
        .await;
    let nodes = page["virtualTags"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().map(|mut node| node["id"].take()).collect()
}

/// Subscribed to what comes behind `after`.
async fn watch(service: &Service, after: &str) -> Socket {
    let mut socket = Socket::ready(service).await;
    socket
        .subscribe_with("1", EVENTS, json!({ "after": after }))
        .await;
    socket
}

async fn take(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        events.push(socket.next_event().await);
    }
    events
}

/// `verb` is `approveTags` or `denyTags`; gives its payload.
async fn decide(service: &Service, caller: &str, verb: &str, id: &Value) -> Value {
    let input = verb[..1].to_uppercase() + &verb[1..] + "Input";
    let query = format!(
        "mutation($input: {input}!) {{ {verb}(input: $input) {{ decided refused userErrors {{ message }}
            results {{ outcome userError {{ code message }} tag {{ approvalStatus decidedBy }} }} }} }}"
    );
    let variables = json!({"input": {"ids": [id], "reason": "a test"}});
    service.data_for(caller, &query, variables).await[verb].take()
}

/// Decides all, on both replicas in turn, several at a time; each must be decided.
async fn decide_all(replicas: [&Service; 2], ids: &[Value]) {
    let decisions = ids.iter().enumerate().map(|(n, id)| async move {
        let verb = if n % 3 == 0 { "denyTags" } else { "approveTags" };
        let payload = decide(replicas[n % 2], ["ann", "bob"][n % 2], verb, id).await;
        assert_eq!(payload["decided"], 1, "{payload}");
    });
    let decisions = futures::stream::iter(decisions).buffer_unordered(6);
    decisions.collect::<Vec<()>>().await;
}

fn ids_of(events: &[Value]) -> Vec<String> {
    let id = |event: &Value| event["change"]["virtualTag"]["id"].as_str().unwrap().to_owned();
    events.iter().map(id).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

fn texts(ids: &[Value]) -> Vec<String> {
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_on_two_replicas_see_every_decision_once_and_one_resumes_on_the_other() {
    let (one, two, _fixture) = replicas(60).await;
    let ids = tag_ids(&one).await;
    let (mut steady, mut moving) = (
        watch(&one, &before_all_events()).await,
        watch(&two, &before_all_events()).await,
    );
    // Both have the proposals, so both are subscribed.
    let proposed = take(&mut steady, 60).await;
    assert_eq!(take(&mut moving, 60).await, proposed);
    assert!(
        proposed
            .iter()
            .all(|event| event["change"]["action"] == "PROPOSED")
    );
    assert_eq!(ids_of(&proposed), texts(&ids));

    let ((), mut seen_by_steady, mut seen_by_moving) = tokio::join!(
        decide_all([&one, &two], &ids[..30]),
        take(&mut steady, 30),
        // It goes while there is more to come.
        take(&mut moving, 17),
    );
    drop(moving);
    decide_all([&one, &two], &ids[30..45]).await;
    let last = seen_by_moving.last().unwrap()["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut moved = watch(&one, &last).await;
    let ((), more_of_steady, rest_of_moving) = tokio::join!(
        decide_all([&one, &two], &ids[45..]),
        take(&mut steady, 30),
        take(&mut moved, 43),
    );
    seen_by_steady.extend(more_of_steady);
    seen_by_moving.extend(rest_of_moving);

    assert_eq!(seen_by_steady, seen_by_moving);
    assert_eq!(sorted(ids_of(&seen_by_steady)), sorted(texts(&ids)));
    assert!(seen_by_steady.iter().all(|event| {
        let change = &event["change"];
        ["APPROVED", "DENIED"]
            .iter()
            .any(|action| change["action"] == *action)
            && ["ann", "bob"].iter().any(|actor| change["actor"] == *actor)
    }));
    tokio::join!(
        steady.stays_silent(Duration::from_millis(1500)),
        moved.stays_silent(Duration::from_millis(1500)),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callers_who_decide_one_tag_at_the_same_time_one_learns_who_was_first() {
    let (one, two, fixture) = replicas(24).await;
    for (n, id) in tag_ids(&one).await.iter().enumerate() {
        let second = if n % 2 == 0 { "approveTags" } else { "denyTags" };
        let (ann, bob) = tokio::join!(
            decide(&one, "ann", "approveTags", id),
            decide(&two, "bob", second, id),
        );
        let (winner, verb, loser) = match (&ann["decided"], &bob["decided"]) {
            (decided, none) if decided == 1 && none == 0 => ("ann", "approved", &bob),
            (none, decided) if decided == 1 && none == 0 => {
                ("bob", if n % 2 == 0 { "approved" } else { "denied" }, &ann)
            }
            both => panic!("{both:?}"),
        };
        assert_eq!(loser["refused"], 1);
        let result = &loser["results"][0];
        assert_eq!(result["outcome"], "ALREADY_DECIDED");
        assert_eq!(result["userError"]["code"], "ALREADY_DECIDED");
        let message = result["userError"]["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("already {verb} by {winner} at ")),
            "{message}"
        );
        assert_eq!(result["tag"]["decidedBy"], winner);
        assert_eq!(result["tag"]["approvalStatus"], verb.to_uppercase());
    }
    // One row for each proposal, one for each decision.
    assert_eq!(fixture.count("tag_audit").await, 48);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_the_queue_move_when_somebody_decides_elsewhere() {
    let (one, two, _fixture) = replicas(3).await;
    let mut socket = Socket::ready(&one).await;
    let figures =
        "subscription { approvalStats { pending suggestions decidedLastDay byKey { tagKey count } } }";
    socket.subscribe("1", figures).await;
    let before = socket.next_data("approvalStats").await;
    assert_eq!(
        (&before["pending"], &before["decidedLastDay"]),
        (&json!(3), &json!(0))
    );
    decide(&two, "ann", "approveTags", &tag_ids(&one).await[1]).await;
    let after = socket.next_data("approvalStats").await;
    let expected = json!({"pending": 2, "suggestions": 2, "decidedLastDay": 1,
        "byKey": [{"tagKey": "key0", "count": 1}, {"tagKey": "key2", "count": 1}]});
    assert_eq!(after, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_followed_to_its_end_on_a_replica_that_does_not_work_on_it() {
    let one = Service::start().await;
    let _worker = Service::start_on(one.db.clone(), &[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(one.db.clone()).await;
    let reports: Vec<_> = (0..700).map(|n| resource(&format!("prod-orders-{n}"))).collect();
    fixture.report(&reports).await;
    let asked = one
        .data(
            "mutation { runAutoTagging { run { id status } userErrors { message } } }",
            json!({}),
        )
        .await;
    let run = &asked["runAutoTagging"]["run"];
    let mut socket = Socket::ready(&one).await;
    let progress = "subscription($id: ID!) { jobProgress(runId: $id) {
        id status progressDone progressTotal counts { name count } error } }";
    socket
        .subscribe_with("1", progress, json!({"id": run["id"]}))
        .await;
    let mut states = Vec::new();
    loop {
        let message = socket.next().await;
        if message["type"] == "complete" {
            break;
        }
        assert_eq!(message["type"], "next", "{message}");
        states.push(message["payload"]["data"]["jobProgress"].clone());
    }
    let done = |state: &Value| state["progressDone"].as_i64().unwrap();
    assert!(states.is_sorted_by_key(done), "{states:?}");
    let last = states.last().unwrap();
    assert_eq!(
        (&last["id"], &last["status"]),
        (&run["id"], &json!("SUCCEEDED")),
        "{last}"
    );
    assert_eq!(
        (&last["progressDone"], &last["progressTotal"]),
        (&json!(700), &json!(700)),
        "{last}"
    );
    assert_eq!(fixture.count("ml_inferences").await, 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_lets_through_what_it_takes_and_nothing_else() {
    let (one, two, fixture) = replicas(4).await;
    let other = fixture.resource("payments").await;
    fixture.tag(other, "key1", "value", 0.95).await;
    let ids = tag_ids(&one).await;
    let mut sockets = Vec::new();
    for filter in [
        json!({"tagKey": "key1"}),
        json!({"kind": "AUTO_APPLIED"}),
        json!({"maxConfidence": 0.9, "tagKey": "key1"}),
        json!({"cloud": "GCP"}),
    ] {
        let mut socket = Socket::ready(&one).await;
        let variables = json!({"after": before_all_events(), "filter": filter});
        socket.subscribe_with("1", EVENTS, variables).await;
        sockets.push(socket);
    }
    decide_all([&one, &two], &ids).await;
    for (socket, expected) in sockets.iter_mut().zip([&[1, 4][..], &[4], &[1], &[]]) {
        let events = take(socket, expected.len() * 2).await;
        let expected: Vec<_> = expected
            .iter()
            .map(|&n| ids[n].as_str().unwrap().to_owned())
            .collect();
        let (proposed, decided) = events.split_at(expected.len());
        assert_eq!(ids_of(proposed), expected);
        assert_eq!(sorted(ids_of(decided)), sorted(expected));
        socket.stays_silent(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_other_accounts_do_not_exist() {
    let service = Service::start_authenticated().await;
    let fixture = Fixture::on(service.db.clone()).await;
    let hidden = fixture.resource("orders").await;
    let mut report = resource("payments");
    report.account_id = "444455556666".into();
    let visible = fixture.report(&[report]).await.1[0];
    fixture.tag(hidden, "a", "value", 0.8).await;
    fixture.tag(visible, "b", "value", 0.8).await;
    fixture.tag(hidden, "c", "value", 0.8).await;
    let accounts: &[&str] = &["444455556666"];
    let token = service.token("ada", Role::Viewer, Some(accounts), Duration::from_mins(1));
    let mut socket = Socket::open(&service).await;
    let credentials = json!({"Authorization": format!("Bearer {token}")});
    socket
        .send(&json!({"type": "connection_init", "payload": credentials}))
        .await;
    assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
    socket
        .subscribe_with("1", EVENTS, json!({ "after": before_all_events() }))
        .await;
    let event = socket.next_event().await;
    assert_eq!(event["change"]["tagKey"], "b");
    socket.stays_silent(Duration::from_millis(300)).await;
}
