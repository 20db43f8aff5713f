//! Trail of changes to rules, schedules and tokens: a trail that is there exactly where the change is.

use crate::support::service::Service;
use serde_json::{Value, json};
use virtual_tagging::db::sql;

const TRAIL: &str = "{ adminChanges(first: 100) { totalCount nodes {
    id timestamp actor action subjectType subjectName before after } } }";

async fn trail(service: &Service) -> Vec<Value> {
    let data = service.data(TRAIL, json!({})).await;
    let nodes = data["adminChanges"]["nodes"].as_array().unwrap().clone();
    assert_eq!(data["adminChanges"]["totalCount"], nodes.len());
    nodes
}

/// Actor, action and object of each change, the oldest first.
fn deeds(trail: &[Value]) -> Vec<[&str; 4]> {
    let deed = |change| ["actor", "action", "subjectType", "subjectName"].map(|field| text(change, field));
    trail.iter().rev().map(deed).collect()
}

/// The newest change by its global id.
async fn found_by_id(service: &Service, trail: &[Value]) {
    let query = "query($id: ID!) { node(id: $id) { id ... on AdminChange { actor action } } }";
    let data = service.data(query, json!({"id": trail[0]["id"]})).await;
    for field in ["id", "actor", "action"] {
        assert_eq!(data["node"][field], trail[0][field]);
    }
}

fn text<'a>(change: &'a Value, field: &str) -> &'a str {
    change[field].as_str().unwrap()
}

#[tokio::test]
async fn every_change_of_rules_schedules_and_tokens_is_in_the_trail() {
    let service =
        Service::start_with(&[("ENABLE_SCHEDULER", "true"), ("DISCOVERY_INTERVAL", "0 0 1 1 *")]).await;
    assert_eq!(trail(&service).await, Vec::<Value>::new());
    let create =
        "mutation($rule: RuleInput!) { createRule(input: $rule) { rule { id } userErrors { code } } }";
    let rule = |name: &str| {
        json!({"rule": {"ruleName": name, "condition": "resource.cloud == 'gcp'", "tagKey": "team",
            "tagValue": "shop", "priority": 10}})
    };
    let one = service.data_for("ann", create, rule("one")).await["createRule"]["rule"]["id"].take();
    let two = service.data_for("ann", create, rule("two")).await["createRule"]["rule"]["id"].take();
    // Refused: no change, no row.
    let refused = service.data_for("ann", create, rule("two")).await;
    assert_eq!(refused["createRule"]["userErrors"][0]["code"], "CONFLICT");
    let update = "mutation($id: ID!, $value: String) { updateRule(input: {id: $id, tagValue: $value}) { userErrors { code } } }";
    service
        .data_for("bob", update, json!({"id": one, "value": "cart"}))
        .await;
    service
        .data_for("bob", update, json!({"id": one, "value": "cart"}))
        .await;
    let reorder = "mutation($ids: [ID!]!) { reorderRules(input: {ids: $ids}) { userErrors { code } } }";
    service.data_for("bob", reorder, json!({"ids": [two, one]})).await;
    let delete = "mutation($id: ID!) { deleteRule(input: {id: $id}) { userErrors { code } } }";
    service.data_for("cleo", delete, json!({ "id": two })).await;
    for mutation in [
        "mutation { pauseSchedule(input: {jobName: DISCOVER}) { userErrors { code } } }",
        "mutation { pauseSchedule(input: {jobName: DISCOVER}) { userErrors { code } } }",
        "mutation { resumeSchedule(input: {jobName: DISCOVER}) { userErrors { code } } }",
        "mutation { updateSchedule(input: {jobName: DISCOVER, cron: \"0 1 * * *\"}) { userErrors { code } } }",
    ] {
        service.data_for("dan", mutation, json!({})).await;
    }
    let make = "mutation($end: DateTime!) { createApiToken(input: {name: \"nightly\", role: VIEWER, expiresAt: $end}) {
        secret apiToken { id } } }";
    let end = (chrono::Utc::now() + chrono::TimeDelta::hours(1)).to_rfc3339();
    let made = service.data_for("eve", make, json!({ "end": end })).await;
    let token = &made["createApiToken"]["apiToken"]["id"];
    let revoke = "mutation($id: ID!) { revokeApiToken(input: {id: $id}) { userErrors { code } } }";
    service.data_for("fay", revoke, json!({ "id": token })).await;
    service.data_for("fay", revoke, json!({ "id": token })).await;

    let changes = trail(&service).await;
    assert_eq!(
        deeds(&changes),
        [
            ["ann", "CREATED", "RULE", "one"],
            ["ann", "CREATED", "RULE", "two"],
            ["bob", "UPDATED", "RULE", "one"],
            ["bob", "REORDERED", "RULE", "all rules"],
            ["cleo", "DELETED", "RULE", "two"],
            ["dan", "PAUSED", "SCHEDULE", "discover"],
            ["dan", "RESUMED", "SCHEDULE", "discover"],
            ["dan", "UPDATED", "SCHEDULE", "discover"],
            ["eve", "CREATED", "API_TOKEN", "nightly"],
            ["fay", "REVOKED", "API_TOKEN", "nightly"],
        ]
    );
    found_by_id(&service, &changes).await;
    let of = |action: &str, subject: &str| {
        let found = changes
            .iter()
            .find(|each| text(each, "action") == action && text(each, "subjectType") == subject);
        found.unwrap()
    };
    let updated = of("UPDATED", "RULE");
    assert_eq!(
        (&updated["before"]["tagValue"], &updated["after"]["tagValue"]),
        (&json!("shop"), &json!("cart"))
    );
    assert!(of("CREATED", "RULE")["before"].is_null() && of("DELETED", "RULE")["after"].is_null());
    let cron = of("UPDATED", "SCHEDULE");
    assert_eq!(
        (&cron["before"]["cron"], &cron["after"]["cron"]),
        (&json!("0 0 1 1 *"), &json!("0 1 * * *"))
    );
    let secret = text(&made["createApiToken"], "secret");
    let shown = serde_json::to_string(&changes).unwrap();
    assert!(!shown.contains(secret) && !shown.contains("hash"), "{shown}");

    let filtered = "{ adminChanges(filter: {subjectType: SCHEDULE, actor: \"dan\"}) { totalCount } }";
    let filtered = service.data(filtered, json!({})).await;
    assert_eq!(filtered["adminChanges"]["totalCount"], 3);
    let pool = &service.app.database().pools.all;
    for tamper in [
        "UPDATE admin_changes SET actor = 'x'",
        "DELETE FROM admin_changes",
        "TRUNCATE admin_changes",
    ] {
        let error = sql::execute(pool, tamper, []).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}
