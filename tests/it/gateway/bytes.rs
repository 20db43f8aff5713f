//! Bytes are paid for by whichever way they come, and what nobody declared is refused at once.

use super::{WAYS, Way, outcome};
use crate::support::service::{SECRET, Service};
use crate::support::socket::Socket;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::auth::Role;

const QUERY: &str = "query($reason: String) { viewer { subject @include(if: true) } }";

/// Units left to the caller by the headers of an answer.
fn left(response: &reqwest::Response) -> u64 {
    let rate = response.headers()["ratelimit"].to_str().unwrap();
    let left = rate.split(';').find_map(|part| part.strip_prefix("r="));
    left.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_megabyte_of_variables_is_paid_for_like_a_document_of_that_length() {
    let service = Service::start_with(&[("JWT_SECRET", SECRET), ("RATE_LIMIT_COST", "12000")]).await;
    let token = |name: &str| service.token(name, Role::Viewer, None, Duration::from_mins(5));
    let long = |bytes: usize| "x".repeat(bytes);
    let post = |name: &str, variables: Value| {
        let request = service
            .client
            .post(service.url("/graphql"))
            .bearer_auth(token(name));
        request
            .json(&json!({"query": QUERY, "variables": variables}))
            .send()
    };
    // 10 for the request, one for each 100 bytes. Until there is enough for another megabyte it takes 40 s.
    let few = post("ann", json!({"reason": "x"})).await.unwrap();
    assert!(left(&few) > 11_950, "{}", left(&few));
    for (name, variables) in [
        ("bob", json!({"reason": long(1_000_000)})),
        ("cleo", json!({"other": long(1_000_000)})),
    ] {
        let answer = post(name, variables.clone()).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(
            (1_900..7_000).contains(&left(&answer)),
            "{name}: {}",
            left(&answer)
        );
        let second = post(name, variables).await.unwrap();
        assert_eq!(second.status(), 429);
        assert_eq!(outcome(&second.json().await.unwrap()).0, "RATE_LIMITED");
    }
    // By GET there are never so many.
    let mut url = reqwest::Url::parse(&service.url("/graphql")).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("query", QUERY),
        ("variables", &json!({"reason": long(60_000)}).to_string()),
    ]);
    let answer = service
        .client
        .get(url)
        .bearer_auth(token("dora"))
        .send()
        .await
        .unwrap();
    assert!((11_300..11_900).contains(&left(&answer)), "{}", left(&answer));
    let mut socket = Socket::open(&service).await;
    let payload = json!({"Authorization": format!("Bearer {}", token("eve"))});
    socket
        .send(&json!({"type": "connection_init", "payload": payload}))
        .await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket
        .subscribe_with("1", QUERY, json!({"reason": long(1_000_000)}))
        .await;
    assert_ne!(socket.outcome().await.0, "RATE_LIMITED");
    socket
        .subscribe_with("2", QUERY, json!({"reason": long(1_000_000)}))
        .await;
    let error = loop {
        let message = socket.next().await;
        if message["id"] == "2" {
            break message;
        }
    };
    assert_eq!(
        error["payload"][0]["extensions"]["code"], "RATE_LIMITED",
        "{error}"
    );
    let answer = post("eve", json!({"reason": "x"})).await.unwrap();
    assert!(left(&answer) < 7_000, "{}", left(&answer));
}

#[tokio::test]
async fn a_variable_that_is_not_declared_is_refused_by_every_way() {
    let service = Service::start().await;
    for way in WAYS {
        let (code, message) = service
            .ask(way, "{viewer{subject}}", &json!({"file": null}))
            .await;
        assert_eq!(code, "BAD_USER_INPUT", "{way:?}: {message}");
        assert_eq!(message, "the operation declares no variable $file");
        // Of two operations the one that is executed counts.
        let many = json!({"n": 1});
        let query = "query($n: Int) { resources(first: $n) { nodes { id } } }";
        assert_eq!(service.ask(way, query, &many).await.0, "OK", "{way:?}");
    }
}

#[tokio::test]
async fn json_of_very_many_values_is_refused_before_it_is_parsed() {
    let service = Service::start().await;
    let query = "mutation($ids: [ID!]) { approveTags(input: {ids: $ids}) { decided } }";
    for (count, expected) in [(10_000, "OK"), (20_001, "BAD_REQUEST")] {
        let ids: Vec<_> = (0..count).map(|_| "VmlydHVhbFRhZzoyNA").collect();
        for way in [Way::Post, Way::Socket] {
            let (code, message) = service.ask(way, query, &json!({ "ids": ids })).await;
            assert_eq!(
                code == "BAD_REQUEST",
                expected == "BAD_REQUEST",
                "{count} by {way:?}: {code} {message}"
            );
            assert!(
                code != "BAD_REQUEST" || message.contains("more than 20000 values"),
                "{message}"
            );
        }
    }
    // Unused units are not kept, either.
    let lists = format!(
        r#"{{"query":"{{__typename}}","x":[{}[]]}}"#,
        "[],".repeat(300_000)
    );
    let request = service.client.post(service.url("/graphql"));
    let refused = request
        .header(CONTENT_TYPE, "application/json")
        .body(lists.clone())
        .send();
    assert_eq!(refused.await.unwrap().status(), 400);
    let mut socket = Socket::ready(&service).await;
    socket
        .text(&format!(r#"{{"type":"pong","x":"{}"}}"#, "x".repeat(5_000)))
        .await;
    assert_eq!(socket.close_code().await, 1009);
}
