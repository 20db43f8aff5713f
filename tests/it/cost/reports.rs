//! Reports on cost through the API.

use super::bills::{INSTANCE, Row, focus, import, report};
use crate::support::api::Api;
use crate::support::fixture::{Fixture, approver, settings};
use serde_json::{Value, json};
use virtual_tagging::auth::{AccountScope, Role};
use virtual_tagging::domain::approvals::{self, NewTag};
use virtual_tagging::domain::coverage;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:orders";
const OTHER: &str = "arn:aws:sqs:eu-west-1:444455556666:orders";

/// Three resources: one whose own tags state a team, one with an approved team, one without any, and a bill.
async fn billed() -> Api {
    let api = Api::new().await;
    let fixture = &api.fixture;
    let bare = |id: &str, account: &str| {
        let mut report = report(id, account, Some("eu-west-1"));
        report.native_tags.clear();
        report
    };
    let (_, ids) = fixture
        .report(&[
            report(INSTANCE, "111122223333", Some("eu-west-1")),
            bare(QUEUE, "111122223333"),
            bare(OTHER, "444455556666"),
        ])
        .await;
    fixture.auto_tag().await;
    approve(fixture, ids[1], "team", "orders").await;
    let row = |cost, resource| Row {
        cost,
        resource,
        ..Row::default()
    };
    let rows = [
        row("0.1", INSTANCE),
        row("0.2", INSTANCE),
        row("3.00", QUEUE),
        Row {
            account: "444455556666",
            ..row("0.5", OTHER)
        },
        row("0.7", "vol-unknown"),
        row("0.001", "NULL"),
        Row {
            currency: "EUR",
            ..row("100", QUEUE)
        },
        Row {
            day: "2024-08-31 00:00:00",
            ..row("1000", QUEUE)
        },
    ];
    let done = import(fixture, focus(&rows)).await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    coverage::count(&fixture.pool, &settings()).await.unwrap();
    api
}

async fn approve(fixture: &Fixture, resource_id: i64, key: &str, value: &str) {
    let new = NewTag {
        resource_id,
        tag_key: key.into(),
        tag_value: value.into(),
        reason: None,
    };
    let vocabulary = settings().vocabulary();
    approvals::create(&fixture.pool, &vocabulary, &approver("ann"), new)
        .await
        .unwrap();
}

#[tokio::test]
async fn resources_have_the_cost_of_the_latest_complete_month_and_of_any_other() {
    let api = billed().await;
    let query = "query($id: String!) { resource(resourceId: $id) { cost { month isComplete currency amount }
        august: cost(month: \"2024-08\") { amount } none: cost(month: \"2023-01\") { amount } } }";
    let found = api.data(query, json!({"id": QUEUE})).await;
    assert_eq!(
        found["resource"],
        json!({
            "cost": [
                {"month": "2024-09", "isComplete": true, "currency": "EUR", "amount": "100"},
                {"month": "2024-09", "isComplete": true, "currency": "USD", "amount": "3"},
            ],
            "august": [{"amount": "1000"}],
            "none": [],
        })
    );
    let found = api.data(query, json!({"id": INSTANCE})).await;
    assert_eq!(found["resource"]["cost"][0]["amount"], "0.3");
    let refused = api
        .answer(
            "{ resources(first: 1) { nodes { cost(month: \"9/2024\") { amount } } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{refused}"
    );
}

#[tokio::test]
async fn a_month_is_allocated_by_what_holds_and_the_parts_are_the_whole() {
    let api = billed().await;
    let query = "query($key: String!) { costAllocation(tagKey: $key, filter: {currency: \"usd\"}) { month currency total
        allocated untagged unallocated allocatedShare values { value amount resources } } }";
    let found = api.data(query, json!({"key": "Team"})).await;
    let share = found["costAllocation"][0]["allocatedShare"].as_f64().unwrap();
    assert!((share - 3.3 / 4.501).abs() < 1e-9, "{share}");
    let mut allocation = found["costAllocation"].clone();
    allocation[0]["allocatedShare"] = Value::Null;
    assert_eq!(
        allocation,
        json!([{
            "month": "2024-09", "currency": "USD", "total": "4.501", "allocated": "3.3", "untagged": "0.5",
            "unallocated": "0.701", "allocatedShare": null,
            "values": [
                {"value": "orders", "amount": "3", "resources": 1},
                {"value": "core", "amount": "0.3", "resources": 1},
            ],
        }])
    );
    let found = api.data(query, json!({"key": "no such key"})).await;
    assert_eq!(found["costAllocation"][0]["untagged"], "3.8");
    let both = api
        .data(
            "{ costAllocation(tagKey: \"team\") { currency total } }",
            json!({}),
        )
        .await;
    assert_eq!(
        both["costAllocation"],
        json!([{"currency": "EUR", "total": "100"}, {"currency": "USD", "total": "4.501"}])
    );
}

#[tokio::test]
async fn coverage_by_cost_weighs_the_states_of_coverage() {
    let api = billed().await;
    let query = "{ costCoverage(tagKey: \"team\") { tagKey currency total native approved pending suggested missing invalid
        contradicted notAsked unallocated coveredShare } }";
    let found = api.data(query, json!({})).await;
    let usd = &found["costCoverage"][1];
    let amount = |name: &str| usd[name].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!(
        (usd["currency"].as_str(), usd["total"].as_str()),
        (Some("USD"), Some("4.501"))
    );
    assert_eq!(
        (usd["native"].as_str(), usd["approved"].as_str()),
        (Some("0.3"), Some("3"))
    );
    assert_eq!(usd["unallocated"], "0.701");
    let parts = [
        "native",
        "approved",
        "pending",
        "suggested",
        "missing",
        "invalid",
        "contradicted",
        "notAsked",
        "unallocated",
    ];
    let sum: f64 = parts.into_iter().map(amount).sum();
    assert!((sum - 4.501).abs() < 1e-9, "{usd}");
    let covered = amount("native") + amount("approved") + amount("pending") + amount("contradicted");
    let asked = 4.501 - amount("unallocated") - amount("notAsked");
    assert!(
        (usd["coveredShare"].as_f64().unwrap() - covered / asked).abs() < 1e-9,
        "{usd}"
    );
}

#[tokio::test]
async fn what_belongs_to_no_resource_stays_visible() {
    let api = billed().await;
    let query = "{ unallocatedCost { month accountId service currency amount unknownResources } }";
    let found = api.data(query, json!({})).await;
    let row = |amount: &str, unknown: u32| {
        json!({"month": "2024-09", "accountId": "111122223333", "service": "Amazon Elastic Compute Cloud",
            "currency": "USD", "amount": amount, "unknownResources": unknown})
    };
    assert_eq!(found["unallocatedCost"], json!([row("0.7", 1), row("0.001", 0)]));
}

#[tokio::test]
async fn callers_limited_to_accounts_see_the_charges_of_these() {
    let api = billed().await;
    let actor = crate::support::api::actor(Role::Viewer, AccountScope::Only(vec!["444455556666".into()]));
    let query = "{ costAllocation(tagKey: \"team\") { currency total } unallocatedCost { amount }
        costCoverage(tagKey: \"team\") { currency total } resources(first: 5) { nodes { cost { amount } } } }";
    let found = api.answer_to(Some(actor), query, json!({})).await;
    let found = serde_json::to_value(found).unwrap()["data"].take();
    let whole = json!([{"currency": "USD", "total": "0.5"}]);
    assert_eq!(found["costAllocation"], whole);
    assert_eq!(found["costCoverage"], whole);
    assert_eq!(found["unallocatedCost"], json!([]));
    assert_eq!(
        found["resources"]["nodes"],
        json!([{"cost": [{"amount": "0.5"}]}])
    );
}

#[tokio::test]
async fn groups_are_ordered_by_the_cost_at_stake() {
    let api = billed().await;
    let fixture = &api.fixture;
    let ids: Vec<i64> = {
        let mut ids = Vec::new();
        for id in [INSTANCE, QUEUE, OTHER] {
            ids.push(
                fixture
                    .number("SELECT id FROM resources WHERE resource_id = $1", [id.into()])
                    .await,
            );
        }
        ids
    };
    virtual_tagging::db::sql::execute(
        &fixture.pool,
        "DELETE FROM virtual_tags WHERE approval_status = 'PENDING'",
        [],
    )
    .await
    .unwrap();
    // In euros, in which most is billed, only the queue has a cost.
    fixture.tag(ids[0], "owner", "ann", 0.95).await;
    fixture.tag(ids[2], "owner", "ann", 0.95).await;
    fixture.tag(ids[1], "owner", "bob", 0.95).await;
    let query = "query($order: ApprovalGroupOrder!, $first: Int!, $after: String) {
        approvalGroups(first: $first, after: $after, order: $order) {
            nodes { tagValue count costAtStake { amount currency month } } pageInfo { endCursor hasNextPage } } }";
    let page = async |order: &str, first: u32, after: &Value| {
        let found = api
            .data(query, json!({"order": order, "first": first, "after": after}))
            .await;
        found["approvalGroups"].clone()
    };
    let values = |page: &Value| {
        let nodes = page["nodes"].as_array().unwrap().iter();
        nodes
            .map(|node| node["tagValue"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(&page("IMPACT", 10, &Value::Null).await), ["ann", "bob"]);
    let all = page("COST", 10, &Value::Null).await;
    assert_eq!(values(&all), ["bob", "ann"]);
    assert_eq!(
        all["nodes"][0]["costAtStake"],
        json!({"amount": "100", "currency": "EUR", "month": "2024-09"})
    );
    assert_eq!(all["nodes"][1]["costAtStake"], Value::Null);
    let first = page("COST", 1, &Value::Null).await;
    assert_eq!(
        (values(&first), &first["pageInfo"]["hasNextPage"]),
        (vec!["bob".to_owned()], &json!(true))
    );
    assert_eq!(
        values(&page("COST", 1, &first["pageInfo"]["endCursor"]).await),
        ["ann"]
    );
}
