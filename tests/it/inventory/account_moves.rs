//! Resources that change accounts, and ids that name another account than they are reported in.

use crate::support::api_tokens::ask;
use crate::support::decisions::try_decide;
use crate::support::fixture::{Fixture, actor, approver, limited, resource, shipped_vocabulary};
use crate::support::locks::wait_until_blocked;
use crate::support::service::{SECRET, Service};
use crate::support::socket::{Socket, before_all_events};
use crate::support::uploads::{import_as, until_idle};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;
use virtual_tagging::auth::Role;
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::approvals::{self, Decision, NewTag, Selection};
use virtual_tagging::domain::discovery::{ReportSink, ResourceReport};
use virtual_tagging::domain::inventory::{self, Reconciler, reconcile};
use virtual_tagging::domain::{ApprovalStatus, counters};
use virtual_tagging::error::Error;

const A: &str = "111122223333";
const B: &str = "444455556666";
const IMPORT: &str = "mutation($file: Upload!) { import: importInventory(input: {file: $file}) {
    run { id } userErrors { message } } }";

/// A bucket, whose id names no account.
fn bucket(account: &str) -> ResourceReport {
    ResourceReport {
        resource_id: "arn:aws:s3:::orders-prod".into(),
        name: "orders-prod".into(),
        account_id: account.into(),
        ..resource("orders-prod")
    }
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct Row {
    action: String,
    tag_key: String,
    old_status: Option<String>,
    new_status: Option<String>,
    actor: String,
    reason: String,
}

/// Audit rows after the proposals in an account's trail, without those that `others` wrote.
async fn trail_by_inventory(fixture: &Fixture, account: &str) -> Vec<Row> {
    let rows = "SELECT action, tag_key, old_status, new_status, actor, reason FROM tag_audit
         WHERE account_id = $1 AND actor = 'system:inventory' ORDER BY id";
    sql::rows(&fixture.pool, rows, [account.into()]).await.unwrap()
}

async fn statuses(fixture: &Fixture) -> BTreeMap<(String, String), ApprovalStatus> {
    let tags = fixture.tags().await.into_iter();
    tags.map(|tag| ((tag.tag_key, tag.tag_value), tag.approval_status))
        .collect()
}

async fn assert_counters_are_right(fixture: &Fixture) {
    assert_eq!(fixture.count("counters_check()").await, 0);
    while counters::fold(&fixture.pool).await.unwrap() > 0 {}
    assert_eq!(fixture.count("counters_check()").await, 0);
}

/// Everything that can be decided of a tag is decided in account A.
async fn decided(fixture: &Fixture, id: i64) {
    let ann = approver("ann");
    fixture.tag(id, "team", "payments", 0.8).await;
    let denied = fixture.tag(id, "owner", "ops", 0.8).await;
    let approved = fixture.tag(id, "service", "orders", 0.95).await;
    for (decision, tag) in [(Decision::Deny, denied), (Decision::Approve, approved)] {
        try_decide(&fixture.pool, &ann, decision, Selection::Ids(vec![tag]), None)
            .await
            .unwrap();
    }
    for value in ["first", "second"] {
        let new = NewTag {
            resource_id: id,
            tag_key: "cost-center".into(),
            tag_value: value.into(),
            reason: Some("A says so".into()),
        };
        approvals::create(&fixture.pool, shipped_vocabulary(), &ann, new)
            .await
            .unwrap();
    }
    assert_eq!(
        statuses(fixture).await.into_values().collect::<Vec<_>>(),
        [Superseded, Approved, Denied, Approved, Pending]
    );
}

#[tokio::test]
async fn a_resource_that_changes_account_takes_no_decision_along() {
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    let made = inventory::create(&fixture.pool, &admin, bucket(A)).await.unwrap();
    decided(&fixture, made.id).await;
    let before = fixture.count("tag_audit").await;
    fixture.report(&[bucket(B)]).await;

    for tag in fixture.tags().await {
        assert_eq!((tag.account_id.as_str(), tag.approval_status), (B, Superseded));
        assert_eq!((tag.superseded_by, tag.superseded_from), (None, None));
        assert_eq!((tag.decided_by, tag.decision_reason), (None, None));
    }
    let (left, came) = (
        trail_by_inventory(&fixture, A).await,
        trail_by_inventory(&fixture, B).await,
    );
    assert_eq!((left.len(), came.len()), (5, 5));
    assert_eq!(fixture.count("tag_audit").await, before + 10, "A keeps its trail");
    let of = |rows: &[Row], status: &str| {
        let ends = |row: &&Row| row.old_status.as_deref() == Some(status);
        rows.iter().filter(ends).count()
    };
    assert_eq!(
        ["APPROVED", "DENIED", "PENDING", "SUPERSEDED"].map(|status| of(&left, status)),
        [2, 1, 1, 1]
    );
    assert!(
        left.iter()
            .all(|row| row.action == "DELETED" && row.new_status.is_none())
    );
    for (row, old) in came.iter().zip(&left) {
        let was = old.old_status.as_ref().unwrap().to_lowercase();
        assert_eq!((row.action.as_str(), &row.old_status), ("WITHDRAWN", &None));
        assert_eq!(row.new_status.as_deref(), Some("SUPERSEDED"));
        assert!(row.reason.contains(&format!("this tag was {was};")), "{row:?}");
        assert!(!row.reason.contains(A), "{row:?}");
    }
    fixture.assert_trail_leads_to_tags().await;
    assert_counters_are_right(&fixture).await;

    // A value with evidence of its own is proposed again, and one that A denied may be.
    fixture.auto_tag().await;
    let now = statuses(&fixture).await;
    assert_eq!(now[&("environment".into(), "production".into())], Pending);
    assert_eq!(
        fixture
            .count("virtual_tags WHERE approval_status IN ('APPROVED', 'DENIED')")
            .await,
        0
    );
    fixture.assert_trail_leads_to_tags().await;
    assert_counters_are_right(&fixture).await;
}

#[tokio::test]
async fn whichever_statement_moves_it_a_resource_takes_no_decision_along() {
    for way in ["report", "revival", "race", "two at once"] {
        let fixture = Fixture::new().await;
        let id = fixture.report(&[bucket(A)]).await.1[0];
        decided(&fixture, id).await;
        match way {
            "revival" => {
                let retire = "UPDATE resources SET retired_at = now()";
                sql::execute(&fixture.pool, retire, []).await.unwrap();
                fixture.report(&[bucket(B)]).await;
            }
            // The report began when there was no such resource.
            "race" => {
                sql::execute(&fixture.pool, "DELETE FROM resources", [])
                    .await
                    .unwrap();
                let other = fixture.pool.begin().await.unwrap();
                reconcile::batch(&other, "api", &[bucket(A)]).await.unwrap();
                let pool = fixture.pool.clone();
                let report = tokio::spawn(async move {
                    let txn = pool.begin().await.unwrap();
                    reconcile::batch(&txn, "test", &[bucket(B)]).await.unwrap();
                    txn.commit().await.unwrap();
                });
                wait_until_blocked(&fixture.pool).await;
                let tag = "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
                        approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
                     SELECT id, 'k', 'v', 'MANUAL', 1, false, 'APPROVED', '{}', 'MANUAL', cloud, account_id, resource_type
                       FROM resources";
                sql::execute(&other, tag, []).await.unwrap();
                other.commit().await.unwrap();
                report.await.unwrap();
            }
            "two at once" => {
                let other = ResourceReport {
                    resource_id: "other".into(),
                    ..bucket(B)
                };
                let other_id = fixture.report(std::slice::from_ref(&other)).await.1[0];
                fixture.tag(other_id, "team", "payments", 0.8).await;
                let back = ResourceReport {
                    account_id: A.into(),
                    ..other
                };
                fixture.report(&[bucket(B), back]).await;
                assert_eq!(trail_by_inventory(&fixture, A).await.len(), 6);
            }
            _ => drop(fixture.report(&[bucket(B)]).await),
        }
        for tag in fixture.tags().await {
            assert_eq!(tag.approval_status, Superseded, "{way}: {tag:?}");
        }
        let strays =
            "virtual_tags t JOIN resources r ON r.id = t.resource_id WHERE t.account_id <> r.account_id";
        assert_eq!(fixture.count(strays).await, 0);
        assert_counters_are_right(&fixture).await;
    }
}

#[tokio::test]
async fn another_type_or_cloud_takes_decisions_along() {
    let fixture = Fixture::new().await;
    let id = fixture.resource("a").await;
    let tag = fixture.tag(id, "team", "payments", 0.8).await;
    try_decide(
        &fixture.pool,
        &approver("ann"),
        Decision::Approve,
        Selection::Ids(vec![tag]),
        None,
    )
    .await
    .unwrap();
    let mut changed = resource("a");
    changed.resource_type = "sqs/fifo".into();
    fixture.report(&[changed]).await;
    let tag = fixture.tags().await.remove(0);
    assert_eq!(
        (tag.resource_type.as_str(), tag.approval_status),
        ("sqs/fifo", Approved)
    );
    assert_counters_are_right(&fixture).await;
}

#[tokio::test]
async fn who_reports_a_resource_in_its_new_account_may_retire_it() {
    let fixture = Fixture::new().await;
    inventory::create(&fixture.pool, &actor("ada", Role::Admin), bucket(A))
        .await
        .unwrap();
    let mut report = Reconciler::new(&fixture.pool, "file:b", None);
    report
        .resources(vec![bucket(B), resource("another")])
        .await
        .unwrap();
    assert_eq!(report.retire_missing().await.unwrap(), 0);
    let mut report = Reconciler::new(&fixture.pool, "file:b", None);
    report.resources(vec![resource("another")]).await.unwrap();
    assert_eq!(report.retire_missing().await.unwrap(), 1);
}

const EVENTS: &str = "subscription($after: String) { approvalEvents(after: $after) {
    cursor events { change { action tagKey accountId oldStatus newStatus actor } } } }";

/// The changes of a caller's accounts that the inventory made, from the beginning of the log on.
async fn watch(service: &Service, account: &str, count: usize) -> Vec<Value> {
    let token = service.token("watcher", Role::Viewer, Some(&[account]), Duration::from_mins(5));
    let mut socket = Socket::open(service).await;
    let payload = json!({"Authorization": format!("Bearer {token}")});
    socket
        .send(&json!({"type": "connection_init", "payload": payload}))
        .await;
    assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
    socket
        .subscribe_with("1", EVENTS, json!({"after": before_all_events()}))
        .await;
    let mut changes = Vec::new();
    while changes.len() < count {
        let change = socket.next_event().await["change"].take();
        assert_eq!(change["accountId"], account);
        if change["actor"] == "system:inventory" {
            changes.push(change);
        }
    }
    changes
}

#[tokio::test]
async fn an_import_moves_a_resource_and_both_accounts_learn_of_it() {
    let service = Service::start_with(&[("JWT_SECRET", SECRET), ("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    let minutes = Duration::from_mins(5);
    let eve = service.token("eve", Role::Admin, Some(&[A]), minutes);
    let ada = service.token("ada", Role::Admin, None, minutes);
    let create = "mutation { createResource(input: {resourceId: \"arn:aws:s3:::orders\", name: \"orders\", cloud: AWS,
        accountId: \"111122223333\", resourceType: \"s3/bucket\"}) { resource { id } userErrors { message } } }";
    let (_, made) = ask(&service, &ada, create, json!({})).await;
    let id = &made["data"]["createResource"]["resource"]["id"];
    let tag = "mutation($id: ID!) { createVirtualTag(input: {resourceId: $id, tagKey: \"owner\", tagValue: \"eve\"}) {
        virtualTag { approvalStatus } userErrors { message } } }";
    let (_, tagged) = ask(&service, &eve, tag, json!({ "id": id })).await;
    assert_eq!(
        tagged["data"]["createVirtualTag"]["virtualTag"]["approvalStatus"],
        "APPROVED"
    );

    let root = service.token("root", Role::Approver, None, minutes);
    let file = format!(
        "cloud,account_id,resource_type,resource_id,name\naws,{B},s3/bucket,arn:aws:s3:::orders,orders\n"
    );
    import_as(&service, Some(&root), IMPORT, &file, json!({})).await;
    until_idle(&fixture).await;

    let bob = service.token("bob", Role::Approver, Some(&[B]), minutes);
    let seen = "{ virtualTags(first: 10, filter: {tagKey: \"owner\"}) { nodes { tagKey approvalStatus decidedBy } }
        tagAudit(first: 10, filter: {tagKey: \"owner\"}) { nodes { action oldStatus newStatus actor reason } } }";
    let (_, answer) = ask(&service, &bob, seen, json!({})).await;
    let expected = json!([{"tagKey": "owner", "approvalStatus": "SUPERSEDED", "decidedBy": null}]);
    assert_eq!(answer["data"]["virtualTags"]["nodes"], expected, "{answer}");
    let expected = json!([{"action": "WITHDRAWN", "oldStatus": null, "newStatus": "SUPERSEDED",
        "actor": "system:inventory", "reason": "the resource was reported in another account before, where this tag \
        was approved; what was decided there does not hold here"}]);
    assert_eq!(answer["data"]["tagAudit"]["nodes"], expected);
    let (_, answer) = ask(&service, &eve, seen, json!({})).await;
    assert_eq!(answer["data"]["virtualTags"]["nodes"], json!([]));
    let actions: Vec<_> = answer["data"]["tagAudit"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["action"])
        .collect();
    assert_eq!(actions, ["DELETED", "CREATED"]);

    let left = json!({"action": "DELETED", "tagKey": "owner", "accountId": A, "oldStatus": "APPROVED",
        "newStatus": null, "actor": "system:inventory"});
    assert_eq!(watch(&service, A, 1).await, [left]);
    let came = json!({"action": "WITHDRAWN", "tagKey": "owner", "accountId": B, "oldStatus": null,
        "newStatus": "SUPERSEDED", "actor": "system:inventory"});
    assert_eq!(watch(&service, B, 1).await, [came]);
    assert_counters_are_right(&fixture).await;
}

/// Of other accounts as their ids say, of the right ones, and of none.
const LINES: &str = r#"{"cloud": "aws", "account_id": "111122223333", "resource_type": "sqs/queue", "resource_id": "arn:aws:sqs:eu-west-1:444455556666:orders"}
{"cloud": "gcp", "account_id": "acme-data", "resource_type": "t", "resource_id": "//pubsub.googleapis.com/projects/acme-ml/topics/t"}
{"cloud": "azure", "account_id": "5d2c7a10-6f1e-4b7c-9a53-0c1de2f3a401", "resource_type": "t", "resource_id": "/subscriptions/6D2C7A10-6f1e-4b7c-9a53-0c1de2f3a401/resourceGroups/rg"}
{"cloud": "aws", "account_id": "111122223333", "resource_type": "sqs/queue", "resource_id": "arn:aws:sqs:eu-west-1:111122223333:orders"}
{"cloud": "azure", "account_id": "5d2c7a10-6f1e-4b7c-9a53-0c1de2f3a401", "resource_type": "t", "resource_id": "/subscriptions/5D2C7A10-6F1E-4B7C-9A53-0C1DE2F3A401/resourceGroups/rg"}
{"cloud": "aws", "account_id": "111122223333", "resource_type": "s3/bucket", "resource_id": "arn:aws:s3:::orders"}
"#;

#[tokio::test]
async fn ids_of_other_accounts_are_refused_at_every_door() {
    let file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
    file.as_file().write_all(LINES.as_bytes()).unwrap();
    let source = format!("file:{}", file.path().display());
    let service = Service::start_with(&[("ENABLE_WORKERS", "true"), ("DISCOVERY_SOURCES", &source)]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    let create = "mutation($id: String!) { createResource(input: {resourceId: $id, name: \"n\", cloud: AWS,
        accountId: \"111122223333\", resourceType: \"t\"}) { resource { id } userErrors { code field message } } }";
    let id = "arn:aws:sqs:eu-west-1:444455556666:orders";
    let refused = service.data(create, json!({ "id": id })).await;
    let errors = json!([{"code": "INVALID", "field": "resourceId",
        "message": "names the account 444455556666, not account_id"}]);
    assert_eq!(
        refused["createResource"],
        json!({"resource": null, "userErrors": errors})
    );

    let discover = "mutation { runDiscovery { run { id } } }";
    let run = service.data(discover, json!({})).await["runDiscovery"]["run"]["id"].take();
    let ended = service.ended_run(&run).await;
    assert_eq!(
        (&ended["counts"]["inserted"], &ended["counts"]["rejected"]),
        (&json!(3), &json!(3))
    );

    let ended = crate::support::uploads::import_with(&service, IMPORT, LINES, json!({})).await;
    assert_eq!(
        (&ended["counts"]["unchanged"], &ended["counts"]["rejected"]),
        (&json!(3), &json!(3))
    );
    let lines =
        "SELECT count(*) FROM import_rejections WHERE line BETWEEN 1 AND 3 AND column_name = 'resource_id'
         AND reason LIKE 'names the account %'";
    assert_eq!(fixture.number(lines, []).await, 6);
}

/// One that was taken before ids were looked at.
#[tokio::test]
async fn a_resource_whose_id_names_another_account_is_not_edited() {
    let fixture = Fixture::new().await;
    let mut report = resource("a");
    report.account_id = B.into();
    let id = fixture.report(&[report]).await.1[0];
    let edited = inventory::update(
        &fixture.pool,
        &limited(B),
        id,
        inventory::ResourcePatch::default(),
    )
    .await;
    assert!(matches!(edited, Err(Error::Validation(_))), "{edited:?}");
}

#[tokio::test]
async fn thousands_move_in_one_statement() {
    let fixture = Fixture::new().await;
    let moving = |account: &str| -> Vec<ResourceReport> {
        let report = |n: u32| ResourceReport {
            resource_id: format!("bucket-{n}"),
            ..bucket(account)
        };
        (0..5_000).map(report).collect()
    };
    fixture.report(&moving(A)).await;
    fixture.auto_tag().await;
    let tags = fixture.count("virtual_tags").await;
    assert!(tags >= 5_000);
    fixture.report(&moving(B)).await;
    assert_eq!(trail_by_inventory(&fixture, B).await.len() as i64, tags);
    fixture.assert_trail_leads_to_tags().await;
    assert_counters_are_right(&fixture).await;
}
