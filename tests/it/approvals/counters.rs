//! The maintained counters say what a recount says, whatever is done and however many do it.

use crate::support::decisions::{decide, try_decide, undo};
use crate::support::fixture::{Fixture, actor, approver, limited, resource, shipped_vocabulary};
use sea_orm::FromQueryResult;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use virtual_tagging::auth::{AccountScope, Role};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::approvals::{self, Decision, NewTag, Selection};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::counters::{self, ResourceCounterKey, TagCounterKey};
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::inventory::{self, reconcile};
use virtual_tagging::domain::{ApprovalStatus, Cloud};

#[derive(Debug, PartialEq, FromQueryResult)]
pub struct Difference {
    counter: String,
    cell: String,
    counted: i64,
    present: i64,
}

pub async fn differences(fixture: &Fixture) -> Vec<Difference> {
    sql::rows(&fixture.pool, "SELECT * FROM counters_check()", [])
        .await
        .unwrap()
}

/// Unfolded and folded, the counters must agree with the tables, and folding must change no figure.
async fn assert_counted(fixture: &Fixture, after: &str) {
    assert_eq!(differences(fixture).await, [], "after {after}, unfolded");
    let clouds = counters::clouds(&fixture.pool, &AccountScope::All).await.unwrap();
    counters::fold(&fixture.pool).await.unwrap();
    assert_eq!(differences(fixture).await, [], "after {after}");
    let folded = counters::clouds(&fixture.pool, &AccountScope::All).await.unwrap();
    assert_eq!(clouds, folded, "tagged resources after {after}");
    let tagged: i64 = folded.iter().map(|cloud| cloud.tagged).sum();
    let present = "resources r WHERE retired_at IS NULL AND EXISTS (SELECT 1 FROM virtual_tags t
         WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED')";
    assert_eq!(
        tagged,
        fixture.count(present).await,
        "tagged resources after {after}"
    );
}

async fn deltas(fixture: &Fixture) -> i64 {
    let all = "(SELECT 1 FROM tag_count_deltas UNION ALL SELECT 1 FROM group_count_deltas
         UNION ALL SELECT 1 FROM resource_count_deltas UNION ALL SELECT 1 FROM decision_count_deltas
         UNION ALL SELECT 1 FROM tagged_unsure UNION ALL SELECT 1 FROM calibration_count_deltas) deltas";
    fixture.count(all).await
}

/// Resources of three accounts in two clouds, whose names give tags.
pub fn dataset(n: usize) -> Vec<ResourceReport> {
    (0..n)
        .map(|i| ResourceReport {
            account_id: format!("account-{}", i % 3),
            cloud: if i % 3 == 0 { Cloud::Gcp } else { Cloud::Aws },
            native_tags: [("Env".to_owned(), ["prod", "dev"][i % 2].to_owned())].into(),
            ..resource(&format!("orders-prod-db-{i}"))
        })
        .collect()
}

pub async fn pending(fixture: &Fixture) -> Vec<i64> {
    let pending = |tag: &approvals::VirtualTag| tag.approval_status == ApprovalStatus::Pending;
    fixture
        .tags()
        .await
        .iter()
        .filter(|tag| pending(tag))
        .map(|tag| tag.id)
        .collect()
}

#[tokio::test]
async fn counters_follow_every_verb() {
    let fixture = Fixture::new().await;
    let mut reports = dataset(80);
    let (_, ids) = fixture.report(&reports).await;
    assert_counted(&fixture, "discovery").await;
    fixture.auto_tag().await;
    assert_counted(&fixture, "evaluation").await;
    let tags = pending(&fixture).await;
    assert!(tags.len() >= 40, "{}", tags.len());
    decide(&fixture, &approver("ann"), Decision::Approve, &tags[..20]).await;
    assert_counted(&fixture, "approval").await;
    decide(&fixture, &approver("ann"), Decision::Deny, &tags[20..30]).await;
    assert_counted(&fixture, "denial").await;
    undo(&fixture.pool, &approver("ann"), tags[10..25].to_vec(), None)
        .await
        .unwrap();
    assert_counted(&fixture, "undoing").await;
    let by_hand = NewTag {
        resource_id: ids[1],
        tag_key: "environment".into(),
        tag_value: "by hand".into(),
        reason: None,
    };
    approvals::create(&fixture.pool, shipped_vocabulary(), &approver("ann"), by_hand)
        .await
        .unwrap();
    assert_counted(&fixture, "a tag by hand").await;
    for report in &mut reports[..10] {
        report.account_id = "account-9".into();
    }
    fixture.report(&reports[..10]).await;
    assert_counted(&fixture, "a move").await;
    let txn = fixture.pool.begin().await.unwrap();
    let cause = Cause {
        actor: "system:test".into(),
        reason: None,
        run_id: None,
    };
    let retired = reconcile::retire(&txn, "test", &ids[..15], Duration::ZERO, &cause)
        .await
        .unwrap();
    txn.commit().await.unwrap();
    assert_eq!(retired, 15);
    assert_counted(&fixture, "retirement").await;
    fixture.report(&reports[..5]).await;
    fixture.auto_tag().await;
    assert_counted(&fixture, "revival").await;
    inventory::delete(&fixture.pool, &actor("root", Role::Admin), ids[3], None)
        .await
        .unwrap();
    sql::execute(
        &fixture.pool,
        "DELETE FROM resources WHERE id = ANY($1)",
        [ids[30..].to_vec().into()],
    )
    .await
    .unwrap();
    assert_counted(&fixture, "deletion").await;
    sql::execute(&fixture.pool, "TRUNCATE virtual_tags", [])
        .await
        .unwrap();
    assert_counted(&fixture, "truncation of tags").await;
    sql::execute(&fixture.pool, "TRUNCATE resources CASCADE", [])
        .await
        .unwrap();
    assert_counted(&fixture, "truncation").await;
    assert_eq!(fixture.count("tag_counts WHERE count <> 0").await, 0);
}

#[tokio::test]
async fn an_approval_in_a_statement_with_others_is_seen() {
    let fixture = Fixture::new().await;
    let (first, second) = (
        fixture.resource("orders").await,
        fixture.resource("payments").await,
    );
    let tag = fixture.tag(first, "environment", "production", 0.9).await;
    counters::fold(&fixture.pool).await.unwrap();
    // One statement inserts an approved tag and approves another of the same resource.
    let both = "WITH made AS (INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
            approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT id, 'team', 'a', 'MANUAL', 1, true, 'APPROVED', '{}', 'MANUAL', cloud, account_id, resource_type
           FROM resources)
         UPDATE virtual_tags SET approval_status = 'APPROVED' WHERE id = $1";
    sql::execute(&fixture.pool, both, [tag.into()]).await.unwrap();
    assert_counted(&fixture, "both").await;
    // Two resources change places: no sum changes.
    sql::execute(&fixture.pool, "UPDATE resources SET account_id = id::text", [])
        .await
        .unwrap();
    assert_counted(&fixture, "parting").await;
    let swap = "UPDATE resources SET account_id = CASE id WHEN $1 THEN $2::text ELSE $1::text END";
    sql::execute(&fixture.pool, swap, [first.into(), second.into()])
        .await
        .unwrap();
    assert_counted(&fixture, "swapping").await;
}

#[tokio::test]
async fn what_changes_no_figure_writes_no_delta_and_what_fails_leaves_none() {
    let fixture = Fixture::new().await;
    fixture.report(&dataset(9)).await;
    fixture.auto_tag().await;
    counters::fold(&fixture.pool).await.unwrap();
    assert_eq!(deltas(&fixture).await, 0);
    for change in [
        "UPDATE virtual_tags SET updated_at = now(), evidence = '{\"reason\": \"another\"}'",
        "UPDATE resources SET last_seen_at = now(), name = name || '-x'",
        "DELETE FROM virtual_tags WHERE false",
    ] {
        sql::execute(&fixture.pool, change, []).await.unwrap();
        assert_eq!(deltas(&fixture).await, 0, "{change}");
    }
    let txn = fixture.pool.begin().await.unwrap();
    sql::execute(&txn, "UPDATE virtual_tags SET approval_status = 'DENIED'", [])
        .await
        .unwrap();
    txn.rollback().await.unwrap();
    assert_eq!(deltas(&fixture).await, 0);
    assert_counted(&fixture, "nothing").await;
}

#[tokio::test]
async fn counters_hold_while_many_write_and_some_fold() {
    let fixture = Arc::new(Fixture::new().await);
    fixture.report(&dataset(60)).await;
    fixture.auto_tag().await;
    let tags = pending(&fixture).await;
    let done = Arc::new(AtomicBool::new(false));
    let folders: Vec<_> = (0..2)
        .map(|_| {
            let (fixture, done) = (fixture.clone(), done.clone());
            tokio::spawn(async move {
                let mut folded = 0;
                while !done.load(Ordering::SeqCst) {
                    folded += counters::fold(&fixture.pool).await.unwrap();
                }
                folded
            })
        })
        .collect();
    let writers: Vec<_> = (0..4)
        .map(|writer: usize| {
            let (fixture, mut tags) = (fixture.clone(), tags.clone());
            tokio::spawn(async move {
                for round in 0..6 {
                    tags.rotate_left(7 * (writer + 1));
                    let some = tags[..25].to_vec();
                    let caller = approver(&format!("caller{writer}"));
                    match (writer + round) % 3 {
                        0 => drop(undo(&fixture.pool, &caller, some, None).await.unwrap()),
                        even => {
                            let decision = if even == 1 {
                                Decision::Approve
                            } else {
                                Decision::Deny
                            };
                            let selection = Selection::Ids(some);
                            try_decide(&fixture.pool, &caller, decision, selection, None)
                                .await
                                .unwrap();
                        }
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let mut folded = 0;
    for folder in folders {
        folded += folder.await.unwrap();
    }
    assert!(folded > 0, "the folders met no delta");
    assert_counted(&fixture, "all").await;
}

#[tokio::test]
async fn a_figure_is_that_of_its_cells_and_of_the_callers_accounts() {
    let fixture = Fixture::new().await;
    fixture.report(&dataset(30)).await;
    fixture.auto_tag().await;
    let all = AccountScope::All;
    let scope = limited("account-1").scope;
    let count = |cells: TagCounterKey| {
        let (pool, scope) = (fixture.pool.clone(), all.clone());
        async move { counters::tags(&pool, &scope, &cells).await.unwrap() as i64 }
    };
    let of_account = TagCounterKey {
        account_id: Some("account-1".into()),
        ..TagCounterKey::default()
    };
    assert_eq!(
        count(TagCounterKey::default()).await,
        fixture.count("virtual_tags").await
    );
    let expected = fixture.count("virtual_tags WHERE account_id = 'account-1'").await;
    assert!(expected > 0);
    assert_eq!(count(of_account).await, expected);
    assert_eq!(
        counters::tags(&fixture.pool, &scope, &TagCounterKey::default())
            .await
            .unwrap() as i64,
        expected
    );
    let of_cloud = TagCounterKey {
        cloud: Some(Cloud::Gcp),
        status: Some(ApprovalStatus::Pending),
        tag_key: Some("environment".into()),
        ..TagCounterKey::default()
    };
    let expected =
        "virtual_tags WHERE cloud = 'gcp' AND approval_status = 'PENDING' AND tag_key = 'environment'";
    assert_eq!(count(of_cloud).await, fixture.count(expected).await);
    let alive = ResourceCounterKey {
        retired: Some(false),
        ..ResourceCounterKey::default()
    };
    assert_eq!(
        counters::resources(&fixture.pool, &all, &alive).await.unwrap(),
        30
    );
    assert_eq!(
        counters::resources(&fixture.pool, &scope, &alive).await.unwrap(),
        10
    );
    sql::execute(&fixture.pool, "UPDATE tag_counts SET count = count + 1", [])
        .await
        .unwrap();
    counters::fold(&fixture.pool).await.unwrap();
    sql::execute(&fixture.pool, "UPDATE tag_counts SET count = count + 1", [])
        .await
        .unwrap();
    assert!(
        !differences(&fixture).await.is_empty(),
        "the check sees what is wrong"
    );
    sql::execute(&fixture.pool, "SELECT counters_rebuild()", [])
        .await
        .unwrap();
    assert_counted(&fixture, "rebuilding").await;
}
