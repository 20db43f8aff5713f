//! Answers as clients see them.

use crate::support::api::{Api, actor};
use serde_json::{Value, json};
use virtual_tagging::auth::{AccountScope, Role};
use virtual_tagging::db::sql;

#[tokio::test]
async fn the_queue_with_its_resources() {
    let api = Api::with_rows(2).await;
    let page = api
        .ask(
            "{ approvals(first: 2) { totalCount nodes { id tagKey tagValue source confidence autoApplied kind
                 approvalStatus evidence { reason } createdAt decidedBy rule { ruleName } resource { id resourceId name cloud
                 accountId resourceType region nativeTags createdAt retiredAt effectiveTags { key value } } } } }",
        )
        .await;
    insta::assert_json_snapshot!(page);
}

#[tokio::test]
async fn groups_and_figures_of_the_queue() {
    let api = Api::with_rows(6).await;
    let figures = api
        .ask(
            "{ approvalGroups(first: 3) { totalCount nodes { tagKey tagValue source evidenceSignature count
                 minConfidence maxConfidence oldest } }
               approvalStats { pending autoApplied suggestions byKey { tagKey count }
                 byConfidence { from to count } oldest decidedLastDay }
               dashboard { resourcesByCloud { cloud resources tagged } tagsByStatus { status count } openRuns } }",
        )
        .await;
    insta::assert_json_snapshot!(figures);
}

#[tokio::test]
async fn decisions_say_for_each_tag_what_became_of_it() {
    let api = Api::with_rows(2).await;
    let tags = api
        .ask("{ virtualTags { nodes { id } } resources { nodes { id } } }")
        .await;
    let id = |n: usize| tags["virtualTags"]["nodes"][n]["id"].clone();
    let approve = "mutation($input: ApproveTagsInput!) { approveTags(input: $input) { decided refused
        results { outcome tag { approvalStatus decidedBy decisionReason } userError { code field } }
        userErrors { code field message } } }";
    let first = api
        .data(
            approve,
            json!({"input": {"ids": [id(0), id(1)], "reason": "right"}}),
        )
        .await;
    let deny = approve
        .replace("Approve", "Deny")
        .replace("approveTags", "denyTags");
    let second = api.data(&deny, json!({"input": {"ids": [id(1), id(2)]}})).await;
    let nothing = api.data(approve, json!({"input": {}})).await;
    let undo = "mutation($input: UndoDecisionsInput!) { undoDecisions(input: $input) {
        results { outcome tag { approvalStatus } userError { code } } } }";
    let undone = api.data(undo, json!({"input": {"ids": [id(0), id(5)]}})).await;
    insta::assert_json_snapshot!(json!([first, second, nothing, undone]));
}

#[tokio::test]
async fn a_rule_that_does_not_compile_is_refused_in_the_payload() {
    let api = Api::new().await;
    let create =
        "mutation($input: RuleInput!) { createRule(input: $input) { rule { ruleName priority enabled }
        userErrors { code field message } } }";
    let rule = |condition: &str| {
        json!({"input": {"ruleName": "production", "condition": condition, "tagKey": "environment",
            "tagValue": "production"}})
    };
    let refused = api.data(create, rule("resource.name.startsWith(")).await;
    assert_eq!(refused["createRule"]["rule"], Value::Null);
    assert_eq!(refused["createRule"]["userErrors"][0]["code"], "INVALID");
    assert_eq!(refused["createRule"]["userErrors"][0]["field"], "condition");
    let made = api.data(create, rule("resource.name.startsWith('prod-')")).await;
    let expected = json!({"ruleName": "production", "priority": 100, "enabled": true});
    assert_eq!(made["createRule"]["rule"], expected);
}

#[tokio::test]
async fn refusals_have_codes_and_the_request_s_id() {
    let api = Api::with_rows(1).await;
    let ids = api.ask("{ resources { nodes { id } edges { cursor } } }").await;
    let (id, cursor) = (
        &ids["resources"]["nodes"][0]["id"],
        &ids["resources"]["edges"][0]["cursor"],
    );
    let mut codes = Vec::new();
    for query in [
        "{ nothing }".to_owned(),
        format!("{{ rule(id: {id}) {{ id }} }}"),
        "{ node(id: \"42\") { id } }".into(),
        "{ resources(first: 501) { totalCount } }".into(),
        "{ resources(first: -1) { totalCount } }".into(),
        "{ resources(first: 1, last: 1) { totalCount } }".into(),
        format!("{{ approvals(after: {cursor}) {{ totalCount }} }}"),
        format!("{{ resources(order: NEWEST, after: {cursor}) {{ totalCount }} }}"),
        "{ resource { id } }".into(),
    ] {
        let answer = api.answer(&query, json!({})).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["requestId"], "test", "{query}");
        let query = query
            .replace(id.as_str().unwrap(), "ID")
            .replace(cursor.as_str().unwrap(), "CURSOR");
        codes.push(json!({"query": query, "message": error["message"], "code": error["extensions"]["code"]}));
    }
    insta::assert_json_snapshot!(codes);
}

#[tokio::test]
async fn nobody_and_those_who_may_not_are_told_so() {
    let api = Api::with_rows(1).await;
    let code = |response: async_graphql::Response| {
        let answer = serde_json::to_value(response).unwrap();
        answer["errors"][0]["extensions"]["code"]
            .as_str()
            .map(str::to_owned)
    };
    let nobody = api.answer_to(None, "{ viewer { subject } }", json!({})).await;
    assert_eq!(code(nobody).as_deref(), Some("UNAUTHENTICATED"));
    let viewer = Some(actor(Role::Viewer, AccountScope::All));
    let approve = "mutation { approveTags(input: {filter: {}}) { decided } }";
    let refused = api.answer_to(viewer, approve, json!({})).await;
    assert_eq!(code(refused).as_deref(), Some("FORBIDDEN"));
}

#[tokio::test]
async fn a_source_that_is_not_configured_is_refused_at_once() {
    let api = Api::new().await;
    let run = "mutation($source: String) { runDiscovery(input: {source: $source}) {
        run { id } userErrors { code field message } } }";
    let refused = api.answer(run, json!({"source": "aws"})).await;
    let message = "there is no source \"aws\"; known are simulated";
    let errors = json!([{"code": "INVALID", "field": "source", "message": message}]);
    assert_eq!(
        refused["data"]["runDiscovery"],
        json!({"run": null, "userErrors": errors})
    );
    let taken = api.answer(run, json!({"source": "simulated"})).await;
    assert_eq!(taken["data"]["runDiscovery"]["userErrors"], json!([]), "{taken}");
}

#[tokio::test]
async fn resources_of_limited_callers_are_evaluated_as_those_of_others() {
    let api = Api::with_rows(4).await;
    let all = api.ask("{ resources { nodes { id accountId } } }").await;
    let mut own = all["resources"]["nodes"].as_array().unwrap().iter();
    let own = own.find(|row| row["accountId"] == "account-1").unwrap();
    let query = "query($id: ID!) { inferTags(input: {id: $id}) { predictions { key value confidence } }
        whyNot(resourceId: $id, tagKey: \"environment\", tagValue: \"production\") { reason } }";
    let mut answers = Vec::new();
    for scope in [AccountScope::All, AccountScope::Only(vec!["account-1".into()])] {
        let answer = api
            .answer_to(Some(actor(Role::Viewer, scope)), query, json!({"id": own["id"]}))
            .await;
        answers.push(serde_json::to_value(answer).unwrap());
    }
    assert_eq!(answers[1].get("errors"), None, "{}", answers[1]);
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn other_accounts_do_not_exist() {
    let api = Api::with_rows(4).await;
    let scope = AccountScope::Only(vec!["account-1".into()]);
    let all = api.ask("{ resources { nodes { id accountId } } }").await;
    let hidden = all["resources"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["accountId"] == "account-0");
    let query =
        "query($id: ID!) { resources { totalCount } virtualTags { totalCount } approvals { totalCount }
        tagAudit { totalCount } mlInferences { totalCount } approvalGroups { nodes { count } }
        approvalStats { pending } node(id: $id) { id } resource(id: $id) { id }
        dashboard { tagsByStatus { count } } }";
    let id = json!({"id": hidden.unwrap()["id"]});
    let answer = api
        .answer_to(Some(actor(Role::Admin, scope)), query, id.clone())
        .await;
    let seen = serde_json::to_value(answer).unwrap();
    assert_eq!(seen.get("errors"), None);
    let seen = &seen["data"];
    assert_eq!(seen["resources"]["totalCount"], 2);
    for list in ["virtualTags", "approvals", "tagAudit"] {
        assert_eq!(seen[list]["totalCount"], 6, "{list}");
    }
    assert_eq!(seen["mlInferences"]["totalCount"], 4);
    assert_eq!(seen["approvalStats"]["pending"], 6);
    assert_eq!(seen["dashboard"]["tagsByStatus"], json!([{"count": 6}]));
    assert_eq!((&seen["node"], &seen["resource"]), (&Value::Null, &Value::Null));
    assert_eq!(api.data(query, id).await["resources"]["totalCount"], 4);
}

#[tokio::test]
async fn objects_by_their_ids() {
    let api = Api::with_rows(2).await;
    let ids = api
        .ask(
            "{ resources(first: 1) { nodes { id } } virtualTags(first: 1) { nodes { id } }
               rules(first: 1) { nodes { id } } mlInferences(first: 1) { nodes { id } }
               tagAudit(first: 1) { nodes { id } } jobRuns(first: 1) { nodes { id } } }",
        )
        .await;
    let ids: Vec<_> = ids
        .as_object()
        .unwrap()
        .values()
        .map(|list| list["nodes"][0]["id"].clone())
        .collect();
    assert_eq!(ids.len(), 6);
    let found = api
        .data(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }",
            json!({ "ids": ids }),
        )
        .await;
    let found = found["nodes"].as_array().unwrap().clone();
    assert_eq!(
        found.iter().map(|node| node["id"].clone()).collect::<Vec<_>>(),
        ids
    );
    let many = json!({ "ids": vec![ids[0].clone(); 101] });
    let refused = api
        .answer("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", many)
        .await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn runs_and_evaluations_are_typed() {
    let api = Api::with_rows(1).await;
    for statement in [
        r#"UPDATE scheduler_jobs SET arguments = '{"file_id": 1, "dry_run": true}', counts = '{"updated": 2, "inserted": 1}'"#,
        r#"UPDATE ml_inferences SET predictions = '[{"key": "team", "value": "a", "source": "RULE", "confidence": 0.9,
            "outcome": "SUGGEST", "reason": "r", "alternatives": [{"key": "team", "value": "b", "source": "PATTERN",
            "confidence": 0.5, "reason": "p", "lost_because": "weaker"}]}]'"#,
    ] {
        sql::execute(&api.fixture.pool, statement, []).await.unwrap();
    }
    let found = api
        .ask(
            "{ jobRuns { nodes { source dryRun counts { name count } } }
               mlInferences(first: 1) { nodes { predictions { key outcome source alternatives { value lostBecause } } } } }",
        )
        .await;
    let counts = json!([{"name": "inserted", "count": 1}, {"name": "updated", "count": 2}]);
    let run = json!({"source": null, "dryRun": true, "counts": counts});
    let prediction = json!({"key": "team", "outcome": "SUGGEST", "source": "RULE",
        "alternatives": [{"value": "b", "lostBecause": "weaker"}]});
    assert_eq!(found["jobRuns"]["nodes"], json!([run]));
    assert_eq!(
        found["mlInferences"]["nodes"],
        json!([{ "predictions": [prediction] }])
    );
}

#[tokio::test]
async fn a_group_of_the_queue_can_be_opened() {
    let api = Api::with_rows(6).await;
    let groups = api
        .ask("{ approvalGroups { nodes { tagKey tagValue source evidenceSignature count } } }")
        .await;
    for group in groups["approvalGroups"]["nodes"].as_array().unwrap() {
        let mut filter = group.clone();
        let count = filter.as_object_mut().unwrap().remove("count");
        let query = "query($filter: ApprovalFilter) { approvals(filter: $filter) { totalCount } }";
        let opened = api.data(query, json!({ "filter": filter })).await;
        assert_eq!(
            Some(&opened["approvals"]["totalCount"]),
            count.as_ref(),
            "{group}"
        );
    }
}

#[tokio::test]
async fn facets_give_values_to_filter_by() {
    let api = Api::with_rows(6).await;
    let due = "INSERT INTO evaluations (resource_id, revision) SELECT id, -1 FROM resources
        ON CONFLICT (resource_id) DO UPDATE SET revision = -1";
    sql::execute(&api.fixture.pool, due, []).await.unwrap();
    let found = api
        .ask(
            "{ accounts: approvalFacets(field: ACCOUNT) { values { value count } isEstimate }
               keys: approvalFacets(field: KEY, filter: {tagKey: \"team\", accountId: \"account-0\"}) { values { value count } }
               clouds: approvalFacets(field: CLOUD, first: 1) { values { value } }
               sources: approvalFacets(field: SOURCE) { values { value count } }
               types: resourceFacets(field: RESOURCE_TYPE, prefix: \"INST\", filter: {retired: false}) { values { value count } isEstimate }
               none: resourceFacets(field: RESOURCE_TYPE, prefix: \"nst\") { values { value } }
               byCloud: resourceFacets(field: CLOUD, filter: {cloud: AWS, accountId: \"account-1\"}) { values { value count } }
               dashboard { dueResources } }",
        )
        .await;
    let accounts = json!([{"value": "account-0", "count": 9}, {"value": "account-1", "count": 9}]);
    assert_eq!(
        found["accounts"],
        json!({"values": accounts, "isEstimate": false})
    );
    let keys = ["environment", "owner", "team"].map(|key| json!({"value": key, "count": 3}));
    assert_eq!(
        found["keys"]["values"],
        json!(keys),
        "the filter's own key does not apply"
    );
    assert_eq!(found["clouds"]["values"], json!([{"value": "AWS"}]));
    assert_eq!(
        found["sources"]["values"],
        json!([{"value": "RULE", "count": 18}])
    );
    assert_eq!(
        found["types"],
        json!({"values": [{"value": "instance", "count": 6}], "isEstimate": false})
    );
    assert_eq!(found["none"]["values"], json!([]));
    let clouds = ["AWS", "AZURE", "GCP"].map(|cloud| json!({"value": cloud, "count": 1}));
    assert_eq!(found["byCloud"]["values"], json!(clouds));
    assert_eq!(found["dashboard"]["dueResources"], 6);
    let odd = actor(Role::Viewer, AccountScope::Only(vec!["account-1".into()]));
    let limited = api
        .answer_to(Some(odd), "{ dashboard { dueResources } }", json!({}))
        .await;
    assert_eq!(
        serde_json::to_value(limited).unwrap()["data"]["dashboard"]["dueResources"],
        3
    );
    let too_many = api
        .answer(
            "{ approvalFacets(field: KEY, first: 101) { isEstimate } }",
            json!({}),
        )
        .await;
    assert!(too_many["errors"][0]["message"].is_string(), "{too_many}");
}

#[tokio::test]
async fn decisions_of_one_call_may_each_be_one_of_their_own() {
    let api = Api::with_rows(40).await;
    let tags = api
        .ask("{ virtualTags(first: 4, filter: {tagKey: \"team\"}) { nodes { id } } }")
        .await;
    let id = |n: usize| tags["virtualTags"]["nodes"][n]["id"].clone();
    let approve = async |input: Value| {
        let query = "mutation($input: ApproveTagsInput!) { approveTags(input: $input) { decided
            results { tag { decisionMode } } userErrors { code field } } }";
        api.data(query, json!({ "input": input })).await["approveTags"].take()
    };
    for (input, mode) in [
        (json!({"ids": [id(0), id(1)], "individually": true}), "SINGLE"),
        (json!({"ids": [id(2), id(3)]}), "BULK"),
    ] {
        let of_mode = json!({"tag": {"decisionMode": mode}});
        let expected = json!({"decided": 2, "results": [of_mode, of_mode], "userErrors": []});
        assert_eq!(approve(input).await, expected);
    }
    let refused =
        json!({"decided": 0, "results": [], "userErrors": [{"code": "INVALID", "field": "individually"}]});
    let filter = json!({"filter": {"tagKey": "team"}, "individually": true});
    assert_eq!(approve(filter).await, refused);
    let ids: Vec<Value> = (0..1001).map(|n| json!(format!("id-{n}"))).collect();
    let invalid_ids_count_for_nothing = approve(json!({"ids": ids, "individually": true})).await;
    assert_eq!(invalid_ids_count_for_nothing["decided"], 0);
}

#[tokio::test]
async fn nobody_decides_more_than_was_seen() {
    let api = Api::with_rows(400).await;
    let ids = api
        .ask("{ virtualTags(first: 3, filter: {tagKey: \"team\"}) { nodes { id } } }")
        .await;
    let id = |n: usize| ids["virtualTags"]["nodes"][n]["id"].clone();
    let decide = async |mutation: &str, input: Value| {
        let name = mutation[..1].to_uppercase() + &mutation[1..];
        let query = format!(
            "mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ decided run {{ progressTotal }}
                 userErrors {{ code field }} }} }}"
        );
        api.data(&query, json!({ "input": input })).await[mutation].take()
    };
    let refused = |code: &str, field: &str| json!({"decided": 0, "run": null, "userErrors": [{"code": code, "field": field}]});
    let decided = |count: i32| json!({"decided": count, "run": null, "userErrors": []});
    let team = json!({"tagKey": "team"});

    let more = json!({"filter": team, "exceptIds": [id(0), id(1)], "expectAtMost": 397});
    assert_eq!(
        decide("approveTags", more).await,
        refused("TOO_MANY", "expectAtMost")
    );
    let all = json!({"filter": {"minConfidence": 0.1}, "expectAtMost": 1199});
    assert_eq!(decide("denyTags", all).await, refused("TOO_MANY", "expectAtMost"));
    let runs = "SELECT count(*) FROM scheduler_jobs WHERE job_name = 'decide'";
    assert_eq!(
        api.fixture.number(runs, []).await,
        0,
        "the refused one has no run"
    );
    let named = json!({"ids": [id(0), id(1)], "expectAtMost": 1});
    assert_eq!(
        decide("denyTags", named).await,
        refused("TOO_MANY", "expectAtMost")
    );
    let both = json!({"ids": [id(0)], "exceptIds": [id(1)]});
    assert_eq!(decide("denyTags", both).await, refused("INVALID", "exceptIds"));
    let broken = json!({"filter": team, "exceptIds": ["x"]});
    assert_eq!(
        decide("approveTags", broken).await,
        refused("INVALID", "exceptIds")
    );

    let right = json!({"filter": team, "exceptIds": [id(0), id(1)], "expectAtMost": 398});
    assert_eq!(decide("approveTags", right).await, decided(398));
    let pending = "SELECT count(*) FROM virtual_tags WHERE tag_key = 'team' AND approval_status = 'PENDING'";
    assert_eq!(api.fixture.number(pending, []).await, 2);
    let undo = json!({"filter": {"tagKey": "team"}, "exceptIds": [id(2)], "expectAtMost": 397});
    assert_eq!(decide("undoDecisions", undo).await, decided(397));
    let bulk = json!({"filter": {"minConfidence": 0.1}, "exceptIds": [id(0)], "expectAtMost": 1198});
    let run = decide("approveTags", bulk).await;
    assert_eq!(run["run"]["progressTotal"], 1198, "{run}");
}
