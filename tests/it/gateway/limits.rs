//! Every limit: N passes, N + 1 is refused, by every way alike.

use super::{WAYS, Way};
use crate::support::service::Service;
use crate::support::socket::Socket;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

/// The document of N passes, that of N + 1 is refused in these words.
async fn limited(service: &Service, most: usize, words: &str, text: impl Fn(usize) -> String) {
    for way in WAYS {
        let passed = service.ask(way, &text(most), &json!({})).await;
        assert_eq!(passed.0, "OK", "{most} by {way:?}: {}", passed.1);
        let (code, message) = service.ask(way, &text(most + 1), &json!({})).await;
        assert!(message.contains(words), "{} by {way:?}: {message}", most + 1);
        assert!(code.ends_with("_FAILED"), "{code}");
    }
}

#[tokio::test]
async fn texts_are_limited_in_bytes_tokens_and_nesting() {
    let service = Service::start().await;
    limited(&service, 2_000, "more than 2000 tokens", |tokens| {
        format!("{{viewer{{{}}}}}", "role ".repeat(tokens - 5))
    })
    .await;
    // The default of a variable that is a list of lists; no input of ours is deeper than a few levels.
    let small = Service::start_with(&[
        ("GRAPHQL_MAX_NESTING", "6"),
        ("GRAPHQL_MAX_DOCUMENT_BYTES", "300"),
    ])
    .await;
    limited(&small, 6, "nests deeper than 6 levels", |levels| {
        let way = [
            "{",
            "resources(first:1){",
            "nodes{",
            "virtualTags(first:1){",
            "nodes{",
            "resource{",
        ];
        match levels {
            6 => format!("{}id{}", way.concat(), "}".repeat(6)),
            _ => format!("{}rule{{id}}{}", way.concat(), "}".repeat(6)),
        }
    })
    .await;
    limited(&small, 300, "longer than 300 bytes", |bytes| {
        format!("{{__typename}}{}", ",".repeat(bytes - 12))
    })
    .await;
}

#[tokio::test]
async fn operations_are_limited_in_depth_and_in_what_they_select() {
    let service = Service::start().await;
    // Three fields a round.
    limited(&service, 12, "deeper than 12 levels", |depth| {
        let round = "nodes{resource{virtualTags(first:1){";
        let head = "{virtualTags(first:1){";
        let tail = match depth % 3 {
            0 => "nodes{id}",
            _ => "nodes{resource{id}}",
        };
        format!("{head}{}{tail}{}", round.repeat(3), "}".repeat(11))
    })
    .await;
    limited(&service, 30, "more than 30 aliases", |count| {
        let aliases: String = (0..count).map(|number| format!("a{number}:role ")).collect();
        format!("{{viewer{{{aliases}}}}}")
    })
    .await;
    limited(&service, 20, "more than 20 fields at its root", |count| {
        format!(
            "{{...f {}}} fragment f on Query{{__typename}}",
            "__typename ".repeat(count - 1)
        )
    })
    .await;
    limited(&service, 50, "more than 50 directives", |count| {
        format!("{{viewer{{{}}}}}", "role @skip(if:false) ".repeat(count))
    })
    .await;
}

#[tokio::test]
async fn what_an_operation_costs_is_told_and_limited() {
    let service = Service::start().await;
    let query = "query($n:Int){resources(first:$n){nodes{virtualTags(first:7){nodes{id resource{id}}}}}}";
    let body = |n: u32| json!({"query": query, "variables": {"n": n}});
    let cost = service.post(&body(30)).await.headers()["graphql-cost"]
        .to_str()
        .unwrap()
        .to_owned();
    // A connection, and 30 resources with 7 tags of two leaves and a resource.
    assert_eq!(cost, "502");
    let most: u32 = cost.parse().unwrap();
    for (limit, is_allowed) in [(most, true), (most - 1, false)] {
        let service = Service::start_with(&[("GRAPHQL_MAX_COST", &limit.to_string())]).await;
        for way in WAYS {
            let (code, message) = service.ask(way, query, &json!({"n": 30})).await;
            let expected = if is_allowed {
                "OK"
            } else {
                "GRAPHQL_VALIDATION_FAILED"
            };
            assert_eq!(code, expected, "{way:?}: {message}");
            assert!(
                is_allowed || message.contains(&format!("costs {most}")),
                "{message}"
            );
        }
    }
    let (code, message) = service.ask(Way::Post, query, &json!({"n": 500})).await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{message}");
}

#[tokio::test]
async fn bodies_and_messages_are_limited_in_bytes() {
    let service = Service::start_with(&[("GRAPHQL_MAX_BODY_BYTES", "2000")]).await;
    for (bytes, status) in [(2_000, 200), (2_001, 413)] {
        let body = r#"{"query":"{__typename}","x":""}"#;
        let body = body.replace(r#""""#, &format!("\"{}\"", "x".repeat(bytes - body.len())));
        let request = service.client.post(service.url("/graphql"));
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        assert_eq!(request.send().await.unwrap().status(), status);
        let mut socket = Socket::ready(&service).await;
        let message = r#"{"type":"subscribe","id":"1","payload":{"query":"{__typename}","x":""}}"#;
        let message = message.replace(r#""""#, &format!("\"{}\"", "x".repeat(bytes - message.len())));
        socket.text(&message).await;
        if status == 200 {
            assert_eq!(socket.outcome().await.0, "OK");
        } else {
            assert_eq!(socket.close_code().await, 1009);
        }
    }
}

/// Documents of the project itself: its examples, its benchmarks and its README.
#[tokio::test]
async fn the_projects_own_documents_are_within_the_limits() {
    let service = Service::start().await;
    let root = env!("CARGO_MANIFEST_DIR");
    let lists = std::fs::read_to_string(format!("{root}/bench/lists.graphql")).unwrap();
    let mut queries: Vec<_> = lists
        .lines()
        .map(|line| line[line.find('{').unwrap()..].replace("\\\"", "\""))
        .collect();
    queries.push(std::fs::read_to_string(format!("{root}/bench/queue-page.graphql")).unwrap());
    assert!(queries.len() > 100);
    for query in &queries {
        let (code, message) = service.ask(Way::Post, query, &json!({})).await;
        assert!(
            code == "OK"
                || !["costs", "more than", "deeper"]
                    .iter()
                    .any(|word| message.contains(word)),
            "{query}: {message}"
        );
    }
}

#[tokio::test]
async fn a_batch_is_refused_unless_it_is_configured_and_then_counted() {
    let service = Service::start_with(&[("GRAPHQL_MAX_BATCH", "3")]).await;
    let one = json!({"query": "{__typename}"});
    let mixed = json!([one, {"query": "{nothing}"}, {"variables": {}}]);
    let response = service.post(&mixed).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["graphql-cost"], "2");
    let answers: serde_json::Value = response.json().await.unwrap();
    let codes: Vec<_> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|each| super::outcome(each).0)
        .collect();
    assert_eq!(codes, ["OK", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"]);
    for batch in [json!([one, one, one, one]), json!([])] {
        let response = service.post(&batch).await;
        assert_eq!(response.status(), 400);
        assert_eq!(super::outcome(&response.json().await.unwrap()).0, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn confidences_are_from_0_to_1_wherever_they_filter() {
    let service = Service::start().await;
    let uses = [
        "query($f: ApprovalFilter) { approvals(filter: $f) { totalCount } }",
        "query($f: ApprovalFilter) { approvalGroups(filter: $f) { totalCount } }",
        "query($f: ApprovalFilter) { approvalStats(filter: $f) { pending } }",
        "mutation($f: ApprovalFilter) { approveTags(input: {filter: $f}) { decided } }",
        "mutation($f: ApprovalFilter) { denyTags(input: {filter: $f}) { decided } }",
    ];
    for query in uses {
        for field in ["minConfidence", "maxConfidence"] {
            for (value, is_allowed) in [
                (json!(0), true),
                (json!(0.5), true),
                (json!(1), true),
                (json!(-0.001), false),
                (json!(1.001), false),
                (json!(1e300), false),
            ] {
                for way in [Way::Post, Way::Socket] {
                    let (code, message) = service.ask(way, query, &json!({"f": {field: value}})).await;
                    let expected = if is_allowed { "OK" } else { "BAD_USER_INPUT" };
                    assert_eq!(code, expected, "{query} {field} {value} by {way:?}: {message}");
                }
            }
        }
    }
    for subscription in [
        "approvalEvents(filter: {minConfidence: 2}) {cursor}",
        "approvalStats(filter: {maxConfidence: -1}) {pending}",
    ] {
        let mut socket = Socket::ready(&service).await;
        socket
            .subscribe("1", &format!("subscription {{{subscription}}}"))
            .await;
        let (code, message) = socket.outcome().await;
        assert_eq!(code, "BAD_USER_INPUT", "{message}");
    }
    let rule = json!({"ruleName": "r", "condition": "true", "tagKey": "k", "tagValue": "v", "priority": 1, "confidence": 1.5});
    let create = "mutation($rule: RuleInput!) { createRule(input: $rule) { userErrors { code field } } }";
    let answer = service.data(create, json!({ "rule": rule })).await;
    assert_eq!(
        answer["createRule"]["userErrors"],
        json!([{"code": "INVALID", "field": "confidence"}])
    );
}
