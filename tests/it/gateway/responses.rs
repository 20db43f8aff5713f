//! Limits of an answer, and of all answers that are not sent yet.

use super::{WAYS, outcome};
use crate::support::fixture::Fixture;
use crate::support::process::Serving;
use crate::support::service::{SECRET, Service, client};
use crate::support::socket::Socket;
use crate::support::wait::wait_until;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use virtual_tagging::auth::Role;
use virtual_tagging::db::sql;

/// So many resources with so many bytes of tags each, in one transaction.
async fn resources(fixture: &Fixture, from: i64, count: i64, bytes: i32) {
    let insert =
        "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, native_tags, discovered_by)
        SELECT 'arn:' || n, 'n', 'aws', '111', 't', jsonb_build_object('note', repeat('x', $3)), 'test'
          FROM generate_series($1::bigint, $1 + $2 - 1) n";
    sql::execute(&fixture.pool, insert, [from.into(), count.into(), bytes.into()])
        .await
        .unwrap();
}

/// Selects the tags so many times.
fn aliases(count: usize) -> String {
    (0..count).map(|n| format!("a{n}:nativeTags ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_grows_too_large_is_given_up_by_every_way() {
    let limit = ("GRAPHQL_MAX_RESPONSE_BYTES", "1048576");
    let service = Service::start_with(&[limit, ("GRAPHQL_MAX_BATCH", "4")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    resources(&fixture, 0, 60, 16_000).await;
    let few = "{resources(first:40){nodes{nativeTags}}}".to_owned();
    let nested = format!(
        "{{dashboard{{__typename}} resources(first:3){{nodes{{{} virtualTags{{nodes{{id}}}}}}}}}}",
        aliases(21)
    );
    let many = format!("{{resources(first:60){{nodes{{{}}}}}}}", aliases(2));
    let outside_of_lists = format!("{{resource(resourceId:\"arn:0\"){{{}}}}}", aliases(30));
    for way in WAYS {
        for query in [&few, &outside_of_lists, &nested] {
            let (code, message) = service.ask(way, query, &json!({})).await;
            assert_eq!(code, "OK", "{query} by {way:?}: {message}");
        }
        let (code, message) = service.ask(way, &many, &json!({})).await;
        assert_eq!(code, "RESPONSE_TOO_LARGE", "{way:?}");
        assert!(message.contains("more than 1048576 bytes"), "{message}");
    }
    let answer: Value = service
        .post(&json!({ "query": many }))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&answer["data"], answer["errors"].as_array().unwrap().len()),
        (&Value::Null, 1)
    );
    let batch = json!([{"query": many}, {"query": few}, {"query": many}]);
    let answers: Value = service.post(&batch).await.json().await.unwrap();
    let answers = answers.as_array().unwrap();
    let codes: Vec<_> = answers.iter().map(|answer| outcome(answer).0).collect();
    assert_eq!(codes, ["RESPONSE_TOO_LARGE", "OK", "RESPONSE_TOO_LARGE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_answers_that_are_small_enough_or_their_subscription_ends_in_words() {
    let service = Service::start_with(&[("GRAPHQL_MAX_RESPONSE_BYTES", "1048576")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    let subscription = |count| {
        let tags = aliases(count);
        format!("subscription{{resourceEvents{{cursor events{{resource{{resourceId {tags}}}}}}}}}")
    };
    let mut socket = Socket::ready(&service).await;
    socket.subscribe("1", &subscription(6)).await;
    socket.send(&json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");
    // 32 of them would have 3 MB.
    resources(&fixture, 0, 100, 16_000).await;
    let mut seen = Vec::new();
    while seen.len() < 100 {
        let batch = socket.next_data("resourceEvents").await;
        for event in batch["events"].as_array().unwrap() {
            seen.push(event["resource"]["resourceId"].as_str().unwrap().to_owned());
        }
    }
    let expected: Vec<_> = (0..100).map(|n| format!("arn:{n}")).collect();
    assert_eq!(seen, expected);
    socket.send(&json!({"type": "complete", "id": "1"})).await;
    // One alone is too large.
    socket.subscribe("2", &subscription(29)).await;
    socket.send(&json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");
    resources(&fixture, 100, 1, 60_000).await;
    let error = socket.next().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("2")));
    assert_eq!(error["payload"][0]["extensions"]["code"], "RESPONSE_TOO_LARGE");
}

/// A connection on which an answer was asked for that nobody reads.
async fn unread(service: &Service, token: &str, query: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    let body = json!({ "query": query }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 15];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_take_a_share_of_the_memory_at_most() {
    let rate = ("RATE_LIMIT_COST", "300000");
    let service = Service::start_with(&[("JWT_SECRET", SECRET), rate]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    resources(&fixture, 0, 230, 60_000).await;
    let query = "{resources(first:230){nodes{nativeTags}}}";
    let token = |name| service.token(name, Role::Viewer, None, Duration::from_mins(5));
    let (ann, bob) = (token("ann"), token("bob"));
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(unread(&service, &ann, query).await);
    }
    let ask = async |token: &str| {
        let request = service.client.post(service.url("/graphql")).bearer_auth(token);
        let answer = request.json(&json!({ "query": query })).send().await.unwrap();
        let left = answer.headers()["ratelimit"].to_str().unwrap();
        let left: u32 = left[9..].split(';').next().unwrap().parse().unwrap();
        (outcome(&answer.json().await.unwrap()).0, left)
    };
    assert_eq!(ask(&ann).await.0, "SERVICE_UNAVAILABLE");
    let (code, left) = ask(&bob).await;
    assert_eq!(code, "OK");
    // A unit for each of about 13,500 kibibytes, of which 5,000 are back in a second.
    assert!(left < 299_000, "{left}");
    drop(streams);
    wait_until(Duration::from_secs(20), "room for another answer", async || {
        ask(&ann).await.0 == "OK"
    })
    .await;
}

/// The most memory that a process has had, in mebibytes.
fn peak_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib >> 10
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_aliases_costs_little_memory() {
    let fixture = Fixture::new().await;
    resources(&fixture, 0, 100, 60_000).await;
    let url = fixture.db.url();
    let serving = Serving::start(&[
        ("DATABASE_URL", &url),
        ("ENABLE_SCHEDULER", "false"),
        ("ENABLE_WORKERS", "false"),
    ])
    .await;
    let before = peak_mib(serving.pid());
    let query = format!("{{resources(first:100){{nodes{{{}}}}}}}", aliases(30));
    // 180 MB each.
    let asked = (0..8).map(|_| {
        let request = client().post(format!("{}/graphql", serving.url));
        request.json(&json!({ "query": query })).send()
    });
    for answer in futures::future::join_all(asked).await {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let code = outcome(&answer.json().await.unwrap()).0;
        let codes = ["RESPONSE_TOO_LARGE", "SERVICE_UNAVAILABLE"];
        assert!(codes.contains(&code.as_str()), "{code}");
    }
    let grown = peak_mib(serving.pid()) - before;
    assert!(grown < 250, "{grown} MiB more");
    println!("{grown} MiB more for eight answers that would have had 180 MB each");
    serving.end("-TERM").await;
}
