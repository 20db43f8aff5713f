//! Cursors and ids that are well formed, but name places and keys where nothing can be: no statement may fail on them.

use super::{codes, try_all_on};
use crate::support::service::Service;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Keys at the edges of what columns can hold, and beyond.
const KEYS: &[&str] = &[
    "0",
    "-1",
    "1",
    "+1",
    "007",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "0.5",
    "-0",
    "1e308",
    "1e-320",
    "1e999",
    "NaN",
    "inf",
    "-inf",
    "",
    " ",
    "é",
    "\u{0}",
    "\u{10ffff}",
    "a:b",
    "8210266876799999999",
    "-210866803200000001",
    "253402300800000000",
];

/// Lists with their arguments, and the names of the orders that their cursors carry.
const LISTS: &[(&str, &str)] = &[
    ("resources(order: ID", "resources.id"),
    ("resources(order: NEWEST", "resources.newest"),
    ("resources(order: OLDEST", "resources.oldest"),
    ("virtualTags(order: NEWEST", "virtualTags.newest"),
    ("virtualTags(order: OLDEST", "virtualTags.oldest"),
    ("approvals(order: AGE", "approvals.age"),
    ("approvals(order: NEWEST", "approvals.newest"),
    ("approvals(order: CONFIDENCE_ASC", "approvals.confidence-asc"),
    ("approvals(order: CONFIDENCE_DESC", "approvals.confidence-desc"),
    ("approvalGroups(filter: {}", "approvalGroups"),
    ("tagAudit(order: NEWEST", "tagAudit.newest"),
    ("tagAudit(order: OLDEST", "tagAudit.oldest"),
    ("rules(enabled: true", "rules"),
    ("jobRuns(filter: {}", "jobRuns"),
    ("mlInferences(resourceId: null", "mlInferences"),
];

/// Arguments that take ids, `ID` for one.
const USES: &[&str] = &[
    "{ node(id: ID) { id } }",
    "{ nodes(ids: [ID, ID]) { id } }",
    "{ resource(id: ID) { id } }",
    "{ rule(id: ID) { id } }",
    "{ jobRun(id: ID) { id } }",
    "{ mlInferences(resourceId: ID) { totalCount } }",
    "{ tagAudit(filter: {virtualTag: ID}) { totalCount } }",
    "{ tagAudit(filter: {resource: ID}) { totalCount } }",
    "{ virtualTags(filter: {ruleId: ID}) { totalCount } }",
    "{ inferTags(input: {id: ID}) { __typename } }",
    "mutation { approveTags(input: {ids: [ID]}) { decided } }",
    "mutation { undoDecisions(input: {run: ID}) { decided } }",
    "mutation { deleteRule(input: {id: ID}) { userErrors { code } } }",
    "mutation { reorderRules(input: {ids: [ID]}) { userErrors { code } } }",
    "mutation { cancelRun(input: {id: ID}) { userErrors { code } } }",
    "mutation { deleteResource(input: {id: ID}) { userErrors { code } } }",
    "mutation { revokeApiToken(input: {id: ID}) { userErrors { code } } }",
];

/// The kinds of ids.
const KINDS: &[&str] = &[
    "Resource",
    "VirtualTag",
    "Rule",
    "MlInference",
    "JobRun",
    "Schedule",
    "TagAudit",
    "VocabularyKey",
    "ApiToken",
    "Moon",
];

/// As cursors and ids are written.
pub fn opaque(plain: &str) -> String {
    URL_SAFE_NO_PAD.encode(plain)
}

/// Up to four keys of a row.
fn keys() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(select(KEYS), 1..5)
}

/// Answers, which may be refusals, but no faults.
async fn ask(service: &Service, query: &str) -> Result<(), String> {
    let response = service.post(&json!({ "query": query })).await;
    let answer: Value = response.json().await.map_err(|error| error.to_string())?;
    let codes = codes(&answer["errors"]).map_err(|fault| format!("{query}: {fault}"))?;
    // A query of this file that does not fit the schema would try nothing.
    if codes.contains(&"GRAPHQL_VALIDATION_FAILED") && !answer.to_string().contains("not an id") {
        return Err(format!("{query}: {answer}"));
    }
    Ok(())
}

async fn service() -> Service {
    let service = Service::start().await;
    let resource =
        "mutation { createResource(input: {accountId: \"1\", cloud: AWS, name: \"a\", resourceId: \"a\",
        resourceType: \"rds/db\"}) { resource { id } userErrors { message } } }";
    let made = service.data(resource, json!({})).await;
    let tag =
        "mutation($id: ID!) { createVirtualTag(input: {resourceId: $id, tagKey: \"a\", tagValue: \"b\"}) {
        userErrors { message } } }";
    let id = json!({"id": made["createResource"]["resource"]["id"]});
    service.data(tag, id).await;
    service
}

#[test]
fn any_place_in_a_list_is_a_page_or_refused() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(service());
    let strategy = (select(LISTS), keys(), any::<bool>());
    try_all_on(&runtime, 256, &strategy, |((list, order), keys, forward)| {
        let parts = keys.iter().map(|key| format!("{}:{key}", key.len()));
        let cursor = opaque(&format!("1:{order}:{}", parts.collect::<String>()));
        let page = if forward {
            "first: 2, after"
        } else {
            "last: 2, before"
        };
        let query = format!("{{ {list}, {page}: \"{cursor}\") {{ totalCount edges {{ cursor }} }} }}");
        let service = &service;
        async move {
            ask(service, &query)
                .await
                .map_err(|fault| format!("{keys:?}: {fault}"))
        }
    });
    runtime.block_on(async move { drop(service) });
}

#[test]
fn any_key_of_an_id_is_found_or_not_or_refused() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(service());
    let strategy = (select(USES), select(KINDS), keys());
    try_all_on(&runtime, 256, &strategy, |(place, kind, keys)| {
        let id = opaque(&format!("{kind}:{}", keys.join(".")));
        let query = place.replace("ID", &format!("\"{id}\""));
        let service = &service;
        async move {
            ask(service, &query)
                .await
                .map_err(|fault| format!("{kind}:{keys:?}: {fault}"))
        }
    });
    runtime.block_on(async move { drop(service) });
}
