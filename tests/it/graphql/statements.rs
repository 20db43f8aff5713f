//! The number of SQL statements of an operation does not grow with the size of its pages.

use crate::support::api::Api;
use crate::support::statements::Statements;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tracing_subscriber::layer::SubscriberExt;

/// For each list field a query that selects all that a node can look up; `$n` is the size of each page, and the
/// number is how many statements it takes.
const CASES: [(&str, &str, usize); 20] = [
    (
        "Query.resources",
        "resources(first: $n) { totalCount totalCountIsEstimate nodes { id effectiveTags { key virtualTag { id } }
            virtualTags(first: $n) { totalCount nodes { id rule { id } } }
            inferences(first: $n) { nodes { id } } audit(first: $n) { nodes { id } } cost { amount } } }",
        8,
    ),
    (
        "Query.virtualTags",
        "virtualTags(first: $n) { nodes { id evidence { reason } rule { id } resource { id nativeTags
            virtualTags(first: $n) { nodes { id resource { id } } } } } }",
        4,
    ),
    (
        "Query.approvals",
        "approvals(first: $n) { edges { cursor node { id tagKey tagValue confidence resource { id name } } } }",
        1,
    ),
    (
        "Query.approvalGroups",
        "approvalGroups(first: $n, order: COST) { nodes { tagKey count maxConfidence costAtStake { amount } } }",
        2,
    ),
    (
        "Query.ruleSuggestions",
        "ruleSuggestions(first: $n) { nodes { id condition tags { tagKey tagValue } samples { id name } } }",
        2,
    ),
    (
        "RuleSuggestion.resources",
        "ruleSuggestions(first: $n) { nodes { resources(first: 3) { totalCount nodes { id } } } }",
        4,
    ),
    ("Query.rules", "rules(first: $n) { nodes { id ruleName } }", 1),
    (
        "Query.tagAudit",
        "tagAudit(first: $n) { totalCount totalCountIsEstimate nodes { id resource { id } virtualTag { id rule { id } } } }",
        6,
    ),
    (
        "Query.mlInferences",
        "mlInferences(first: $n) { nodes { id resource { id } } }",
        2,
    ),
    ("Query.adminChanges", "adminChanges(first: $n) { nodes { id actor action subjectName before after } }", 1),
    ("Query.apiTokens", "apiTokens(first: $n) { nodes { id subject role accounts } }", 1),
    ("Query.models", "models(first: $n) { nodes { id version status metrics { key ece } labels { native } } }", 1),
    ("Query.jobRuns", "jobRuns(first: $n) { nodes { id } }", 1),
    (
        "Resource.virtualTags",
        "resources(first: $n) { nodes { virtualTags(first: $n) { totalCount nodes { rule { id } } } } }",
        3,
    ),
    (
        "Resource.inferences",
        "resources(first: $n) { nodes { inferences(first: $n) { totalCount nodes { resource { id } } } } }",
        4,
    ),
    (
        "Resource.audit",
        "resources(first: $n) { nodes { audit(first: $n) { totalCount nodes { virtualTag { id } } } } }",
        4,
    ),
    (
        "JobRun.rejections",
        "jobRuns(first: $n) { nodes { rejections(first: $n) { totalCount nodes { line } } } }",
        3,
    ),
    (
        "JobRun.accounts",
        "jobRuns(first: $n) { nodes { accounts(first: $n) { totalCount nodes { accountId coverage reasons } } } }",
        3,
    ),
    (
        "Source.accounts",
        "sources { name nextRunAt errors { message } withheldRetirements { provider samples { id } }
            accounts(first: $n) { totalCount nodes { accountId coverage } } }",
        6,
    ),
    (
        "JobRun.decisions",
        "jobRuns(first: $n) { nodes { decisions(first: $n) { totalCount nodes { id outcome tag { id } } } } }",
        4,
    ),
];

/// All fields of the schema that give a connection.
async fn list_fields(api: &Api) -> BTreeSet<String> {
    let schema = api
        .ask("{ __schema { types { name fields { name type { name ofType { name } } } } } }")
        .await;
    let mut found = BTreeSet::new();
    for of_type in schema["__schema"]["types"].as_array().unwrap() {
        for field in of_type["fields"].as_array().into_iter().flatten() {
            let gives = [&field["type"]["name"], &field["type"]["ofType"]["name"]];
            if gives
                .iter()
                .any(|name| name.as_str().is_some_and(|name| name.ends_with("Connection")))
            {
                let (parent, name) = (of_type["name"].as_str().unwrap(), field["name"].as_str().unwrap());
                found.insert(format!("{parent}.{name}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn statements_do_not_grow_with_the_page() {
    let api = Api::with_rows(110).await;
    assert_eq!(
        list_fields(&api).await,
        CASES.iter().map(|case| case.0.to_owned()).collect()
    );

    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    // With a single subscriber in the process, `tracing` asks whichever thread meets a log statement first whether
    // anyone listens, and the threads of other tests say no for all. With two it asks the subscribers.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let _counting = tracing::subscriber::set_default(subscriber);
    let mut counted = BTreeMap::new();
    for (field, selection, _) in CASES {
        let query = format!("query($n: Int!) {{ {selection} }}");
        let mut counts = Vec::new();
        for n in [1, 100] {
            statements.reset();
            let data = api.data(&query, json!({ "n": n })).await;
            counts.push(statements.count());
            let page = data.as_object().unwrap().values().next().unwrap();
            let page = page.get(0).map_or(page, |source| &source["accounts"]);
            let rows = page
                .get("nodes")
                .or(page.get("edges"))
                .unwrap()
                .as_array()
                .unwrap();
            assert!(
                rows.len() == n || field == "Query.approvalGroups" && rows.len() > 50,
                "{field} {}",
                rows.len()
            );
        }
        counted.insert(field, counts);
    }
    let expected: BTreeMap<_, _> = CASES.iter().map(|case| (case.0, vec![case.2; 2])).collect();
    assert_eq!(counted, expected);
}

/// Operations on one resource, each with the number of its statements.
const OF_ONE: [(&str, usize); 6] = [
    ("resource(id: $id) { id nativeTags }", 1),
    (
        "resource(id: $id) { name virtualTags(first: 2) { nodes { id tagKey } pageInfo { hasNextPage } } }",
        1,
    ),
    (
        "resource(id: $id) { virtualTags(status: $status, first: $none) { edges { node { evidence { reason } } } } }",
        1,
    ),
    (
        "resource(id: $id) { virtualTags { nodes { id } } again: virtualTags { nodes { tagValue } } }",
        1,
    ),
    (
        "resource(id: $id) { virtualTags { nodes { id } } others: virtualTags(tagKey: \"team\") { nodes { id } } }",
        2,
    ),
    (
        "node(id: $id) { ... on Resource { id virtualTags { nodes { id } } } }",
        2,
    ),
];

#[tokio::test]
async fn a_resource_and_its_tags_are_one_statement() {
    let api = Api::with_rows(3).await;
    let id = &api.ask("{ resources(first: 1) { nodes { id } } }").await["resources"]["nodes"][0]["id"];
    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let _counting = tracing::subscriber::set_default(subscriber);
    for (selection, expected) in OF_ONE {
        let head = "query($id: ID!, $status: ApprovalStatus, $none: Int)";
        let query = if selection.contains("$status") {
            format!("{head} {{ {selection} }}")
        } else {
            format!("query($id: ID!) {{ {selection} }}")
        };
        statements.reset();
        let data = api.data(&query, json!({ "id": id, "status": "PENDING" })).await;
        assert_eq!(statements.count(), expected, "{selection}");
        assert!(!data.to_string().contains("null"), "{selection}: {data}");
    }
}
