//! Contents of other accounts show in no figure and no flag of a caller limited to some. (`bench/scope.sh` compares times,
//! too.)

use crate::support::api::{Api, actor};
use serde_json::{Value, json};
use virtual_tagging::auth::{AccountScope, Role};
use virtual_tagging::db::sql;

/// Each with a filter that `FILTER` stands for; behind a cursor, for a total is made exact by a page that is the list.
const ASKED: [&str; 15] = [
    "{ approvals(first: 1, after: $cursor, filter: {FILTER}) { totalCount totalCountIsEstimate } }",
    "{ approvals(first: 5, filter: {FILTER}) { nodes { id } pageInfo { hasNextPage } } }",
    "{ approvals(first: 5, order: AGE, filter: {FILTER}) { nodes { id } pageInfo { hasNextPage } } }",
    "{ approvalGroups(first: 1, after: $cursor, filter: {FILTER}) { totalCount totalCountIsEstimate } }",
    "{ approvalGroups(first: 5, filter: {FILTER}) { nodes { tagValue count oldest } pageInfo { hasNextPage } } }",
    "{ approvalStats(filter: {FILTER}) { pending autoApplied byKey { tagKey count } oldest isEstimate } }",
    "{ values: approvalFacets(field: VALUE, filter: {FILTER}) { values { value count } isEstimate } }",
    "{ types: approvalFacets(field: RESOURCE_TYPE, filter: {FILTER}) { values { value count } isEstimate } }",
    "{ accounts: approvalFacets(field: ACCOUNT, filter: {FILTER}) { values { value count } isEstimate } }",
    "{ types: resourceFacets(field: RESOURCE_TYPE, prefix: \"SE\") { values { value count } } }",
    "{ virtualTags(first: 1, after: $cursor, filter: {FILTER}) { totalCount totalCountIsEstimate } }",
    "{ virtualTags(first: 5, filter: {FILTER}) { nodes { id } pageInfo { hasNextPage } } }",
    "{ resources(first: 1, after: $cursor, filter: {lacksTagKey: \"owner\"}) { totalCount totalCountIsEstimate } }",
    "{ resources(first: 1, after: $cursor, filter: {region: \"south\"}) { totalCount totalCountIsEstimate } }",
    "{ tagAudit(first: 1, after: $cursor, filter: {actor: \"eve\"}) { totalCount totalCountIsEstimate } }",
];
const FILTERS: [&str; 6] = [
    "",
    "tagValue: \"value-3\"",
    "tagValue: \"secret\"",
    "evidenceSignature: \"secret\"",
    "resourceType: \"secret\"",
    "minConfidence: 0.6, resourceType: \"instance\"",
];

async fn answers(api: &Api) -> Vec<(String, Value)> {
    let scope = AccountScope::Only(vec!["account-1".into()]);
    let mut answers = Vec::new();
    for asked in ASKED {
        let field = asked.split(['{', '(']).nth(1).unwrap().trim();
        let first = if asked.contains("Facets(") {
            "{ viewer { subject } }".to_owned()
        } else {
            format!("{{ {field}(first: 1) {{ pageInfo {{ endCursor }} }} }}")
        };
        let first = api
            .answer_to(Some(actor(Role::Viewer, scope.clone())), &first, json!({}))
            .await;
        let first = serde_json::to_value(first).unwrap();
        let cursor = first["data"][field]["pageInfo"]["endCursor"].to_string();
        for filter in FILTERS {
            let query = asked.replace("$cursor", &cursor).replace("FILTER", filter);
            let answer = api
                .answer_to(Some(actor(Role::Viewer, scope.clone())), &query, json!({}))
                .await;
            let answer = serde_json::to_value(answer).unwrap();
            assert_eq!(answer.get("errors"), None, "{query}");
            answers.push((query, answer["data"].clone()));
        }
    }
    answers
}

/// Beside them there are forty times as many, which have the same and other values; more than any total is counted of.
const FOREIGN: [&str; 4] = [
    "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, discovered_by)
     SELECT 'foreign:' || n, 'prod-web-' || n, 'aws', 'account-' || 2 + n % 3,
            CASE WHEN n % 2 = 0 THEN 'secret' ELSE 'instance' END, 'south', 'test' FROM generate_series(1, 12000) n",
    "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status, evidence,
            evidence_signature, created_at, cloud, account_id, resource_type)
     SELECT id, 'environment', CASE WHEN id % 3 = 0 THEN 'secret' ELSE 'value-3' END, 'RULE', 0.65, false, 'PENDING', '{}',
            CASE WHEN id % 3 = 1 THEN 'secret' ELSE 'RULE:1' END, '2024-01-01', cloud, account_id, resource_type
       FROM resources WHERE resource_id LIKE 'foreign:%'",
    "INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
            new_value, new_status, source, confidence, auto_applied, actor)
     SELECT resource_id, 'r', cloud, account_id, resource_type, id, 'PROPOSED', tag_key, tag_value, 'PENDING', source,
            confidence, auto_applied, 'eve' FROM virtual_tags WHERE tag_value = 'secret'",
    "ANALYZE",
];

#[tokio::test]
async fn what_is_in_other_accounts_shows_in_no_figure_and_no_flag() {
    let api = Api::with_rows(300).await;
    sql::execute(&api.fixture.pool, "ANALYZE", []).await.unwrap();
    let before = answers(&api).await;
    for statement in FOREIGN {
        sql::execute(&api.fixture.pool, statement, []).await.unwrap();
    }
    let after = answers(&api).await;
    assert_eq!(before, after);
    for (query, answer) in &after {
        assert!(
            !answer.to_string().contains("IsEstimate\":true"),
            "{query}: {answer}"
        );
        assert!(
            !answer.to_string().contains("isEstimate\":true"),
            "{query}: {answer}"
        );
    }
}
