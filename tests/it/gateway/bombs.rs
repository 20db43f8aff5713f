//! Documents that are made to exhaust whoever parses, validates or executes them.

use super::{WAYS, Way};
use crate::support::service::Service;
use crate::support::socket::Socket;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// All of the list, with a name each.
fn bombs() -> Vec<(String, String)> {
    let mut bombs = Vec::new();
    for levels in [100, 1_500, 2_000, 5_000, 50_000] {
        for (name, text) in [
            ("lists", ("{a(x:", "[", "1", "]", ")}")),
            ("objects", ("{a(x:", "{a:", "1", "}", ")}")),
            ("selections", ("", "{a", "", "}", "")),
            ("types", ("query($a:", "[", "Int", "]", "){a}")),
        ] {
            let (head, open, middle, close, tail) = text;
            let (open, close) = (open.repeat(levels), close.repeat(levels));
            bombs.push((
                format!("{levels} {name}"),
                format!("{head}{open}{middle}{close}{tail}"),
            ));
        }
    }
    let mut doubling = "{...f0}".to_owned();
    for level in 0..31 {
        let next = level + 1;
        doubling += &format!(" fragment f{level} on Query {{...f{next} ...f{next}}}");
    }
    let fields = |field: &dyn Fn(usize) -> String, count| {
        let fields: String = (0..count).map(field).collect();
        format!("{{{fields}}}")
    };
    let directives = "@include(if:true)".repeat(50_000);
    let others = [
        (
            "doubling",
            doubling.clone() + " fragment f31 on Query {__typename}",
        ),
        ("doubling without end", doubling),
        ("directives", format!("{{__typename {directives}}}")),
        (
            "aliases",
            fields(&|number| format!("a{number}:__typename "), 20_000),
        ),
        ("duplicates", fields(&|_| "__typename ".into(), 20_000)),
        (
            "a row of duplicates",
            fields(&|_| "resources(first:500){nodes{id}}".into(), 150),
        ),
        ("commas", format!("{{__typename{}}}", ",".repeat(1_000_000))),
        ("strings without end", r#"\""""#.repeat(120_000)),
    ];
    bombs.extend(others.map(|(name, text)| (name.to_owned(), text)));
    bombs
}

#[tokio::test]
async fn bombs_are_refused_alike_by_every_way_and_the_service_stays() {
    let service = Service::start().await;
    for (name, text) in bombs() {
        let by_post = service.ask(Way::Post, &text, &json!({})).await;
        let codes = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"];
        assert!(codes.contains(&by_post.0.as_str()), "{name}: {by_post:?}");
        for way in WAYS {
            let outcome = service.ask(way, &text, &json!({})).await;
            assert!(
                outcome == by_post || (way == Way::Get && outcome.0 == "URI_TOO_LONG"),
                "{name} by {way:?}: {outcome:?}, not {by_post:?}"
            );
        }
    }
    assert_eq!(service.ask(Way::Post, "{__typename}", &json!({})).await.0, "OK");
}

#[tokio::test]
async fn of_many_mistakes_some_are_told() {
    let service = Service::start().await;
    let answer = service
        .graphql(&format!("{{viewer{{{}}}}}", "nothing ".repeat(1_900)))
        .await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn deep_variables_are_refused() {
    let service = Service::start().await;
    for levels in [1_000, 100_000] {
        let deep = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let body = format!(r#"{{"query":"{{__typename}}","variables":{{"a":{deep}}}}}"#);
        let request = service.client.post(service.url("/graphql"));
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(super::outcome(&answer).0, "BAD_REQUEST");
        let mut socket = Socket::ready(&service).await;
        let message = format!(r#"{{"type":"subscribe","id":"1","payload":{body}}}"#);
        socket.text(&message).await;
        if levels == 1_000 {
            // A message that is no JSON to the parser is none of the protocol's.
            assert_eq!(socket.close_code().await, 4400);
        } else {
            // One of so many values does not come to the parser.
            assert_eq!(socket.outcome().await.0, "BAD_REQUEST");
        }
    }
    let by_get = service.get("/graphql?query=%7B__typename%7D&variables=");
    assert_eq!(by_get.await.status(), 200);
    let deep = format!(
        "/graphql?query=%7B__typename%7D&variables={}",
        "%5B".repeat(5_000)
    );
    assert_eq!(service.get(&deep).await.status(), 400);
    assert_eq!(service.get("/healthz").await.status(), 200);
}
