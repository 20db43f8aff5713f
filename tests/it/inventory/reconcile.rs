//! Reconciling the inventory with what is reported.

use crate::support::fixture::{Fixture, actor, limited, resource};
use crate::support::locks::wait_until_blocked;
use virtual_tagging::auth::Role;
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::discovery::{ReportSink, ResourceReport};
use virtual_tagging::domain::inventory::reconcile::Reconciled;
use virtual_tagging::domain::inventory::{self, Reconciler, ResourcePatch};
use virtual_tagging::error::{Error, ProblemCode};

fn done(inserted: u64, updated: u64, unchanged: u64) -> Reconciled {
    Reconciled {
        inserted,
        updated,
        unchanged,
    }
}

#[tokio::test]
async fn what_is_reported_again_changes_nothing() {
    let fixture = Fixture::new().await;
    let reports = [resource("a"), resource("b")];
    assert_eq!(fixture.report(&reports).await.0, done(2, 0, 0));
    let changes = "SELECT sum(changed_xid::text::bigint)::bigint FROM resources";
    let before = fixture.number(changes, []).await;
    let (again, keys) = fixture.report(&reports).await;
    assert_eq!((again, keys.len()), (done(0, 0, 2), 2));
    assert_eq!(fixture.number(changes, []).await, before);
}

#[tokio::test]
async fn a_change_is_written_and_makes_the_resource_due() {
    let fixture = Fixture::new().await;
    fixture.report(&[resource("a"), resource("b")]).await;
    fixture.auto_tag().await;
    assert_eq!(fixture.count("evaluations WHERE revision = 0").await, 0);
    let mut changed = resource("a");
    changed.native_tags.insert("team".into(), "payments".into());
    assert_eq!(fixture.report(&[changed, resource("b")]).await.0, done(0, 1, 1));
    assert_eq!(fixture.count("evaluations WHERE revision = 0").await, 1);
    assert_eq!(
        fixture
            .count("resources WHERE native_tags ->> 'team' = 'payments'")
            .await,
        1
    );
}

#[tokio::test]
async fn of_two_reports_of_one_resource_the_later_counts() {
    let fixture = Fixture::new().await;
    let mut later = resource("a");
    later.name = "later".into();
    let (counts, keys) = fixture.report(&[resource("a"), later]).await;
    assert_eq!((counts, keys.len()), (done(1, 0, 1), 1));
    assert_eq!(fixture.count("resources WHERE name = 'later'").await, 1);
}

#[tokio::test]
async fn two_reports_at_once_of_the_same_resources_do_not_collide() {
    let fixture = Fixture::new().await;
    let reports: Vec<ResourceReport> = (0..300).map(|n| resource(&format!("r{n}"))).collect();
    let mut backwards = reports.clone();
    backwards.reverse();
    let report = |reports: Vec<ResourceReport>| {
        let pool = fixture.pool.clone();
        tokio::spawn(async move {
            let txn = pool.begin().await.unwrap();
            inventory::reconcile::batch(&txn, "test", &reports).await.unwrap();
            txn.commit().await.unwrap();
        })
    };
    let (one, two) = (report(reports), report(backwards));
    one.await.unwrap();
    two.await.unwrap();
    assert_eq!(fixture.count("resources").await, 300);
    assert_eq!(fixture.count("evaluations").await, 300);
}

/// Keys follow the order of discovery, texts do not: a report that locked in the order of texts would wait for a
/// decision that waits for the report.
#[tokio::test]
async fn a_report_locks_in_the_order_of_keys() {
    for change in ["name", "last_seen_at"] {
        let fixture = Fixture::new().await;
        let (first, second) = (fixture.resource("z").await, fixture.resource("a").await);
        assert!(first < second);
        let reports = ["a", "z"].map(|name| {
            let mut report = resource(name);
            if change == "name" {
                report.region = None;
            }
            report
        });
        let long_ago = "UPDATE resources SET last_seen_at = now() - interval '2 hours'";
        sql::execute(&fixture.pool, long_ago, []).await.unwrap();
        let lock = "SELECT FROM resources WHERE id = $1 FOR NO KEY UPDATE";
        let decision = fixture.pool.begin().await.unwrap();
        sql::execute(&decision, lock, [first.into()]).await.unwrap();
        let pool = fixture.pool.clone();
        let reporting = tokio::spawn(async move {
            let txn = pool.begin().await.unwrap();
            let done = inventory::reconcile::batch(&txn, "test", &reports).await;
            done.map(|_| txn).unwrap().commit().await.unwrap();
        });
        wait_until_blocked(&fixture.pool).await;
        let free = "SELECT FROM resources WHERE id = $1 FOR NO KEY UPDATE NOWAIT";
        sql::execute(&decision, free, [second.into()])
            .await
            .expect("the report waits for the first key without holding the second");
        decision.commit().await.unwrap();
        reporting.await.unwrap();
    }
}

#[tokio::test]
async fn what_a_snapshot_no_longer_lists_is_retired_and_returns() {
    let fixture = Fixture::new().await;
    let snapshot = async |names: &[&str]| {
        let mut reconciler = Reconciler::new(&fixture.pool, "file:a", None);
        let reports = names.iter().map(|name| resource(name)).collect();
        reconciler.resources(reports).await.unwrap();
        reconciler.retire_missing().await.unwrap()
    };
    assert_eq!(snapshot(&["a", "b"]).await, 0);
    fixture.report(&[resource("of another source")]).await;
    let gone = fixture
        .number("SELECT id FROM resources WHERE name = 'b'", [])
        .await;
    let pending = fixture.tag(gone, "environment", "test", 0.8).await;

    assert_eq!(snapshot(&["a"]).await, 1);
    assert_eq!(
        fixture
            .count("resources WHERE retired_at IS NOT NULL AND name = 'b'")
            .await,
        1
    );
    assert_eq!(
        fixture
            .count(&format!("evaluations WHERE resource_id = {gone}"))
            .await,
        0
    );
    let last = fixture.trail().await.pop().unwrap();
    assert_eq!(
        (last.virtual_tag_id, last.actor.as_str()),
        (pending, "source:file:a")
    );
    fixture.assert_trail_leads_to_tags().await;

    assert_eq!(snapshot(&["a", "b"]).await, 0);
    assert_eq!(fixture.count("resources WHERE retired_at IS NULL").await, 3);
    assert_eq!(
        fixture
            .count(&format!(
                "evaluations WHERE resource_id = {gone} AND revision = 0"
            ))
            .await,
        1
    );
}

#[tokio::test]
async fn what_another_report_brings_meanwhile_is_not_retired() {
    let fixture = Fixture::new().await;
    let mut older = Reconciler::new(&fixture.pool, "file:a", None);
    older.resources(vec![resource("a")]).await.unwrap();
    let mut newer = Reconciler::new(&fixture.pool, "file:a", None);
    newer.resources(vec![resource("a"), resource("b")]).await.unwrap();
    assert_eq!(newer.retire_missing().await.unwrap(), 0);
    assert_eq!(older.retire_missing().await.unwrap(), 0);
    assert_eq!(fixture.count("resources WHERE retired_at IS NULL").await, 2);
}

#[tokio::test]
async fn retiring_many_takes_many_transactions() {
    let fixture = Fixture::new().await;
    let reports: Vec<ResourceReport> = (0..2_500).map(|n| resource(&format!("r{n}"))).collect();
    let mut all = Reconciler::new(&fixture.pool, "file:a", None);
    for batch in reports.chunks(1000) {
        all.resources(batch.to_vec()).await.unwrap();
    }
    fixture.auto_tag().await;
    let mut one = Reconciler::new(&fixture.pool, "file:a", None);
    one.resources(reports[..1].to_vec()).await.unwrap();
    assert_eq!(one.retire_missing().await.unwrap(), 2_499);
    let transactions = "SELECT count(DISTINCT changed_xid) FROM resources WHERE retired_at IS NOT NULL";
    assert_eq!(fixture.number(transactions, []).await, 3);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_snapshot_with_a_refused_entry_retires_nothing() {
    let fixture = Fixture::new().await;
    let mut first = Reconciler::new(&fixture.pool, "file:a", None);
    first.resources(vec![resource("a"), resource("b")]).await.unwrap();
    first.finish().await.unwrap();
    let mut second = Reconciler::new(&fixture.pool, "file:a", None);
    second.resources(vec![resource("a")]).await.unwrap();
    second.rejected(Vec::new()).await.unwrap();
    assert_eq!(second.retire_missing().await.unwrap(), 0);
    assert_eq!(second.rejected_entries(), 1);
}

#[tokio::test]
async fn people_add_change_and_remove_resources_of_their_accounts() {
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    let made = inventory::create(&fixture.pool, &admin, resource("a"))
        .await
        .unwrap();
    let again = inventory::create(&fixture.pool, &admin, resource("a"))
        .await
        .unwrap_err();
    assert!(
        matches!(&again, Error::Validation(problems) if problems[0].code == ProblemCode::Conflict),
        "{again}"
    );
    let edit = ResourcePatch {
        name: Some("renamed".into()),
        ..ResourcePatch::default()
    };
    let changed = inventory::update(&fixture.pool, &admin, made.id, edit)
        .await
        .unwrap();
    assert_eq!((changed.name.as_str(), changed.region), ("renamed", made.region));

    let stranger = limited("999988887777");
    assert!(
        inventory::create(&fixture.pool, &stranger, resource("b"))
            .await
            .is_err()
    );
    let unseen = inventory::delete(&fixture.pool, &stranger, made.id, None)
        .await
        .unwrap_err();
    assert!(
        matches!(&unseen, Error::Validation(problems) if problems[0].code == ProblemCode::NotFound),
        "{unseen}"
    );

    fixture.tag(made.id, "environment", "test", 0.8).await;
    inventory::delete(&fixture.pool, &admin, made.id, Some("gone".into()))
        .await
        .unwrap();
    assert_eq!(
        fixture.count("resources").await + fixture.count("virtual_tags").await,
        0
    );
    let trail = fixture.trail().await;
    assert_eq!(
        (
            trail.len(),
            trail[0].reason.as_deref(),
            trail[0].new_value.as_deref()
        ),
        (1, Some("gone"), None)
    );
}

#[tokio::test]
async fn the_audit_trail_can_only_grow() {
    let fixture = Fixture::new().await;
    fixture
        .tag(fixture.resource("a").await, "environment", "test", 0.8)
        .await;
    let partition = "tag_audit_".to_owned() + &chrono::Utc::now().format("%Y_%m").to_string();
    for table in ["tag_audit", partition.as_str()] {
        for change in ["UPDATE # SET actor = 'me'", "DELETE FROM #", "TRUNCATE #"] {
            let refused = sql::execute(&fixture.pool, &change.replace('#', table), []).await;
            assert!(refused.is_err(), "{change} {table}");
        }
    }
    assert_eq!(fixture.count("tag_audit").await, 1);
}
