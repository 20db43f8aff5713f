//! Rules made to exhaust, through GraphQL: each is refused or bounded, and none stops the others.

use crate::support::service::Service;
use crate::support::wait::wait_until;
use serde_json::{Value, json};
use std::time::Duration;
use virtual_tagging::db::sql;

const CREATE: &str = "mutation($rule: RuleInput!) { createRule(input: $rule) {
    rule { id } run { id } userErrors { code field message } } }";
const PREVIEW: &str = "query($rule: RuleInput!) { previewRule(input: {rule: $rule}) {
    preview { examined matches tooExpensive complete } userErrors { code field message } } }";

fn rule(name: &str, condition: &str, value: &str) -> Value {
    json!({"ruleName": name, "condition": condition, "tagKey": "team", "tagValue": value})
}

/// Field that is refused, and the rule.
fn refused_rules() -> Vec<(&'static str, Value)> {
    let list = |item: &str, count: usize| vec![item; count].join(",");
    let conditions = [
        // Nesting.
        format!("{}true{}", "(".repeat(30_000), ")".repeat(30_000)),
        format!("{}true{}", "(".repeat(25), ")".repeat(25)),
        format!("resource.name in {}'a'{}", "[".repeat(40), "]".repeat(40)),
        format!("{}true", "!".repeat(4_000)),
        format!("{}true", "true ? true : ".repeat(200)),
        // Chains.
        format!("{}true", "true && ".repeat(2_000)),
        format!("resource.name{} == 'a'", ".lowerAscii()".repeat(300)),
        // Literals, lists, and 64 KB of anything.
        format!("resource.name == '{}'", "a".repeat(65_536)),
        format!("resource.name in [{}]", list("'a'", 20_000)),
        format!("resource.name in [{}]", list("'a'", 1_000)),
        format!("true{}", " ".repeat(65_536)),
        format!("resource.name.size() > {}", "9".repeat(400)),
        // Patterns.
        format!("resource.name.matches('{}')", "a".repeat(600)),
        "resource.name.matches('(?:a{1000}){1000}')".to_owned(),
        format!("resource.name.matches('{}')", "(".repeat(500)),
        vec!["resource.name.matches('a')"; 17].join(" || "),
        // Loops in loops.
        format!(
            "resource.tags.all(a, resource.tags.all(b, {}))",
            vec!["a == b"; 50].join(" || ")
        ),
    ];
    let conditions = conditions
        .iter()
        .map(|condition| ("condition", rule("hostile", condition, "x")));
    let values = [
        "x".repeat(65_536),
        "{{ name }}".repeat(9),
        "{{ name | capture('(?:a{1000}){1000}') }}".to_owned(),
    ];
    let values = values
        .iter()
        .map(|value| ("tagValue", rule("hostile", "true", value)));
    let name = ("ruleName", rule(&"x".repeat(65_536), "true", "x"));
    conditions.chain(values).chain([name]).collect()
}

#[tokio::test]
async fn rules_made_to_exhaust_are_refused_with_the_field() {
    let service = Service::start_with(&[]).await;
    for (field, rule) in refused_rules() {
        let mut shown = rule.to_string();
        shown.truncate(120);
        for (operation, query) in [("createRule", CREATE), ("previewRule", PREVIEW)] {
            let answer = service.data(query, json!({ "rule": rule })).await;
            let errors = answer[operation]["userErrors"].as_array().unwrap();
            assert!(
                errors.iter().any(|error| error["field"] == field),
                "{operation} {shown}: {answer}"
            );
        }
    }
    let rules = service.data("{ rules { totalCount } }", json!({})).await;
    assert_eq!(rules["rules"]["totalCount"], 0);
}

/// Condition that takes minutes on a resource with many long tags.
const SLOW: &str = "resource.native_tags.exists(k, resource.native_tags[k].matches(
    '(?:[a-y]|[b-z]|a[a-z]{1,30}){40}[0-9]'))";

async fn create_resource(service: &Service, name: &str, native_tags: &Value) {
    let create =
        "mutation($input: ResourceInput!) { createResource(input: $input) { userErrors { message } } }";
    let input = json!({"cloud": "AWS", "accountId": "1", "resourceType": "ec2/instance", "resourceId": name,
        "name": name, "nativeTags": native_tags});
    let made = service.data(create, json!({ "input": input })).await;
    assert_eq!(made["createResource"]["userErrors"], json!([]));
}

#[tokio::test]
async fn a_bad_rule_stops_no_other() {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let long = "abcdefghijklmnopqrstuvwxyz".repeat(30);
    let tags: serde_json::Map<_, _> = (0..50).map(|n| (format!("k{n}"), json!(long))).collect();
    create_resource(&service, "slow", &tags.into()).await;
    create_resource(&service, "quick", &json!({})).await;

    let tried = service
        .data(PREVIEW, json!({ "rule": rule("slow", SLOW, "x") }))
        .await;
    assert_eq!(
        tried["previewRule"]["preview"],
        json!({"examined": 2, "matches": 0, "tooExpensive": 1, "complete": true})
    );
    let slow = service
        .data(CREATE, json!({ "rule": rule("slow", SLOW, "x") }))
        .await;
    assert_eq!(slow["createRule"]["userErrors"], json!([]));
    // A rule of an older program, which this one does not compile.
    let foreign = "INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
         VALUES ('foreign', 'resource.nothing(', 'team', 'z', 1, 0.95, 'ann', 'ann')";
    let pool = service.db.connect().await;
    sql::execute(&pool, foreign, []).await.unwrap();

    let condition = "resource.name in ['slow', 'quick']";
    let made = service
        .data(CREATE, json!({ "rule": rule("good", condition, "y") }))
        .await;
    assert_eq!(made["createRule"]["userErrors"], json!([]));
    let waiting = "{ approvals(filter: {tagKey: \"team\"}) { nodes { tagValue resource { name } } } }";
    let tag = |name: &str| json!({"tagValue": "y", "resource": {"name": name}});
    let expected = [tag("slow"), tag("quick")];
    wait_until(Duration::from_mins(1), "the tags of the good rule", async || {
        let found = service.data(waiting, json!({})).await["approvals"]["nodes"].take();
        let nodes = found.as_array().map_or(&[][..], Vec::as_slice);
        let is_tagged = nodes.len() == 2 && expected.iter().all(|tag| nodes.contains(tag));
        if is_tagged { Ok(()) } else { Err(found) }
    })
    .await;
}
