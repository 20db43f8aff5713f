//! Evaluations on a real database: what is proposed, kept, withdrawn, and not proposed again.

use crate::support::decisions::{decide, undo};
use crate::support::fixture::rule;
use crate::support::fixture::{Fixture, approver, resource, settings, shipped_vocabulary};
use crate::support::runs::{claim, request};
use std::sync::Arc;
use std::time::Duration;
use tagging::{Candidate, CandidateSource, Engine, SourceInput, SourceKind};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::TagSource;
use virtual_tagging::domain::approvals::{self, Decision};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::evaluation::auto_tag::{self, CHUNK};
use virtual_tagging::domain::evaluation::{EngineSettings, load_engine};
use virtual_tagging::domain::revision;
use virtual_tagging::runs::{self, Job};

#[tokio::test]
async fn a_name_becomes_a_pending_tag() {
    let fixture = Fixture::new().await;
    fixture.report(&[resource("orders-prod")]).await;
    let done = fixture.auto_tag().await;
    assert_eq!(
        (done.evaluated, done.proposed),
        (1, fixture.count("virtual_tags").await as u64)
    );
    let tag = fixture.tag_with_key("environment").await.unwrap();
    assert_eq!(
        (tag.tag_value.as_str(), tag.source),
        ("production", TagSource::Pattern)
    );
    assert_eq!((tag.approval_status, tag.auto_applied), (Pending, true));
    assert_eq!(
        fixture
            .count("ml_inferences WHERE model_version = 'untrained'")
            .await,
        1
    );
    assert_eq!(
        fixture.count("tag_audit").await,
        fixture.count("virtual_tags").await
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn evaluating_again_changes_nothing() {
    let fixture = Fixture::new().await;
    fixture
        .report(&[resource("orders-prod"), resource("bills-staging")])
        .await;
    fixture.auto_tag().await;
    assert_eq!(fixture.auto_tag().await.evaluated, 0);
    let (before, trail) = (fixture.tags().await, fixture.count("tag_audit").await);
    revision::raise(&fixture.pool).await.unwrap();
    let again = fixture.auto_tag().await;
    assert_eq!(
        (again.evaluated, again.proposed, again.refreshed, again.withdrawn),
        (2, 0, 0, 0)
    );
    assert_eq!(
        (fixture.tags().await, fixture.count("tag_audit").await),
        (before, trail)
    );
}

#[tokio::test]
async fn many_workers_share_the_work_and_each_resource_is_evaluated_once() {
    let fixture = Fixture::new().await;
    let count = CHUNK as usize * 5 + 7;
    let reports: Vec<_> = (0..count)
        .map(|n| resource(&format!("service{n}-prod")))
        .collect();
    fixture.report(&reports).await;
    let workers = (0..4).map(|_| {
        let pool = fixture.pool.clone();
        tokio::spawn(async move {
            let loaded = load_engine(&pool, &settings()).await.unwrap();
            let cause = Cause {
                actor: "worker".into(),
                reason: None,
                run_id: None,
            };
            let mut evaluated = 0;
            loop {
                let txn = pool.begin().await.unwrap();
                let chunk = auto_tag::chunk(&txn, &loaded, CHUNK, &cause).await.unwrap();
                txn.commit().await.unwrap();
                if chunk.evaluated == 0 {
                    return evaluated;
                }
                evaluated += chunk.evaluated;
            }
        })
    });
    let mut evaluated = 0;
    for worker in workers.collect::<Vec<_>>() {
        evaluated += worker.await.unwrap();
    }
    assert_eq!(evaluated as usize, count);
    assert_eq!(fixture.count("ml_inferences").await as usize, count);
    assert_eq!(
        fixture.count("tag_audit").await,
        fixture.count("virtual_tags").await
    );
}

#[tokio::test]
async fn a_chunk_that_is_not_committed_leaves_no_trace() {
    let fixture = Fixture::new().await;
    fixture.report(&[resource("orders-prod")]).await;
    let loaded = load_engine(&fixture.pool, &settings()).await.unwrap();
    let cause = Cause {
        actor: "worker".into(),
        reason: None,
        run_id: None,
    };
    let txn = fixture.pool.begin().await.unwrap();
    assert_eq!(
        auto_tag::chunk(&txn, &loaded, CHUNK, &cause)
            .await
            .unwrap()
            .evaluated,
        1
    );
    txn.rollback().await.unwrap();
    assert_eq!(
        fixture.count("virtual_tags").await + fixture.count("tag_audit").await,
        0
    );
    assert_eq!(fixture.auto_tag().await.evaluated, 1);
}

#[tokio::test]
async fn a_denied_tag_stays_denied_until_its_evidence_changes() {
    let fixture = Fixture::new().await;
    fixture.report(&[resource("orders-prod")]).await;
    fixture.auto_tag().await;
    let tag = fixture.tag_with_key("environment").await.unwrap();
    decide(&fixture, &approver("ann"), Decision::Deny, &[tag.id]).await;
    revision::raise(&fixture.pool).await.unwrap();
    fixture.auto_tag().await;
    assert_eq!(fixture.status(tag.id).await, Denied);

    let mut changed = resource("orders-prod");
    changed.name = "orders-production".into();
    fixture.report(&[changed]).await;
    fixture.auto_tag().await;
    let tag = fixture.tag_with_key("environment").await.unwrap();
    assert_eq!((tag.approval_status, tag.source), (Pending, TagSource::Pattern));
    assert_eq!((tag.decided_by, tag.decided_at), (None, None));
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn an_approved_tag_is_not_proposed_again_and_what_it_superseded_stays_away() {
    let fixture = Fixture::new().await;
    let id = fixture.resource("orders-prod").await;
    fixture.auto_tag().await;
    let inferred = fixture.tag_with_key("environment").await.unwrap();
    let by_hand = approvals::NewTag {
        resource_id: id,
        tag_key: "environment".into(),
        tag_value: "staging".into(),
        reason: None,
    };
    let by_hand = approvals::create(&fixture.pool, shipped_vocabulary(), &approver("ann"), by_hand)
        .await
        .unwrap();
    revision::raise(&fixture.pool).await.unwrap();
    fixture.auto_tag().await;
    assert_eq!(
        (
            fixture.status(inferred.id).await,
            fixture.status(by_hand.id).await
        ),
        (Superseded, Approved)
    );
    assert_eq!(
        fixture
            .tags()
            .await
            .iter()
            .filter(|tag| tag.tag_key == "environment")
            .count(),
        2
    );
}

#[tokio::test]
async fn other_settings_raise_the_revision_once() {
    let fixture = Fixture::new().await;
    let mine = settings().fingerprint();
    let adopted = revision::adopt(&fixture.pool, &mine).await.unwrap();
    assert_eq!(revision::adopt(&fixture.pool, &mine).await.unwrap(), adopted);
    let mut other = settings();
    other.pinned_model = Some("another".into());
    assert_eq!(
        revision::adopt(&fixture.pool, &other.fingerprint())
            .await
            .unwrap(),
        adopted + 1
    );
}

#[tokio::test]
async fn a_status_is_one_of_four() {
    let fixture = Fixture::new().await;
    let id = fixture.resource("orders").await;
    let tag = fixture.tag(id, "environment", "test", 0.8).await;
    let refused = sql::execute(
        &fixture.pool,
        "UPDATE virtual_tags SET approval_status = 'MAYBE' WHERE id = $1",
        [tag.into()],
    );
    assert!(refused.await.is_err());
    assert_eq!(fixture.status(tag).await, Pending);
}

/// A source that cannot take one resource.
struct Panics;

impl CandidateSource for Panics {
    fn source(&self) -> SourceKind {
        SourceKind::Model
    }

    fn propose(&self, input: &SourceInput<'_>, _: &mut Vec<Candidate>) {
        assert_ne!(input.subject.name, "panics-prod");
    }
}

#[tokio::test]
async fn a_resource_that_fails_does_not_hold_up_the_others_nor_come_back() {
    let fixture = Fixture::new().await;
    let refused = resource("refused-staging");
    let fine = [
        resource("orders-prod"),
        resource("panics-prod"),
        resource("bills-prod"),
    ];
    fixture.report(&[&fine[..], &[refused]].concat()).await;
    let poison = "ALTER TABLE virtual_tags ADD CONSTRAINT poison CHECK (tag_value <> 'staging')";
    sql::execute(&fixture.pool, poison, []).await.unwrap();
    let mut loaded = load_engine(&fixture.pool, &settings()).await.unwrap();
    let engine = Engine::new(settings().vocabulary, Vec::new(), settings().thresholds);
    loaded.engine = Arc::new(engine.with_source(Box::new(Panics)));
    let txn = fixture.pool.begin().await.unwrap();
    let cause = Cause {
        actor: "worker".into(),
        reason: None,
        run_id: None,
    };
    let done = auto_tag::chunk(&txn, &loaded, CHUNK, &cause).await.unwrap();
    assert_eq!((done.evaluated, done.failed), (4, 2));
    assert_eq!(
        auto_tag::chunk(&txn, &loaded, CHUNK, &cause)
            .await
            .unwrap()
            .evaluated,
        0
    );
    txn.commit().await.unwrap();
    let tagged = "virtual_tags WHERE tag_key = 'environment' AND tag_value = 'production'";
    assert_eq!(fixture.count(tagged).await, 2);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn what_native_tags_state_is_stored_and_not_proposed_however_long_it_is() {
    let fixture = Fixture::new().await;
    // Varied letters of four bytes, which PostgreSQL cannot compress into an index row.
    let varied = |length: u32| -> String {
        (0..length)
            .filter_map(|n| char::from_u32(0x20000 + n * 7919 % 40_000))
            .collect()
    };
    let mut long = resource("long");
    long.native_tags
        .insert(format!("{}/team", varied(250)), varied(240));
    let mut longer = resource("longer");
    longer.native_tags.insert("Team".into(), varied(257));
    fixture.report(&[long, longer]).await;
    let done = fixture.auto_tag().await;
    assert_eq!((done.evaluated, done.failed), (2, 0));
    assert_eq!(fixture.count("virtual_tags WHERE tag_key = 'team'").await, 0);
    let stated = "evaluations WHERE stated ->> 'team' IS NOT NULL AND invalid IS NULL";
    assert_eq!(fixture.count(stated).await, 1);
    assert_eq!(fixture.count("evaluations WHERE invalid = '{team}'").await, 1);
}

#[tokio::test]
async fn claims_wait_for_nobody() {
    let fixture = Fixture::new().await;
    let held = fixture.resource("held-prod").await;
    let marked = fixture.resource("marked-prod").await;
    fixture.resource("free-prod").await;
    let other = fixture.pool.begin().await.unwrap();
    for (lock, id) in [
        ("SELECT 1 FROM resources WHERE id = $1 FOR NO KEY UPDATE", held),
        (
            "SELECT 1 FROM evaluations WHERE resource_id = $1 FOR NO KEY UPDATE",
            marked,
        ),
    ] {
        sql::execute(&other, lock, [id.into()]).await.unwrap();
    }
    let done = tokio::time::timeout(Duration::from_secs(10), fixture.auto_tag()).await;
    assert_eq!(done.expect("no waiting").evaluated, 1);
    other.rollback().await.unwrap();
    assert_eq!(fixture.auto_tag().await.evaluated, 2);
}

#[tokio::test]
async fn other_settings_than_the_adopted_ones_evaluate_nothing() {
    let fixture = Fixture::new().await;
    fixture.resource("orders-prod").await;
    let mut newer = settings();
    newer.pinned_model = Some("newer".into());
    revision::adopt(&fixture.pool, &newer.fingerprint())
        .await
        .unwrap();
    run(&fixture, &settings()).await;
    assert_eq!(fixture.count("ml_inferences").await, 0);
    run(&fixture, &newer).await;
    assert_eq!(fixture.count("ml_inferences").await, 1);
}

/// A run of the job, from its request to its last chunk.
async fn run(fixture: &Fixture, settings: &EngineSettings) {
    let id = request(&fixture.pool, AutoTagJob {}).await.id;
    let handle = claim(&fixture.pool, id, "worker").await.unwrap();
    let context = (fixture.pool.clone(), settings.clone());
    AutoTagJob {}.run(&context, &handle).await.unwrap();
    runs::finish_run(&fixture.pool, &handle, Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_decision_makes_its_resource_due_for_rules_that_look_at_tags() {
    let fixture = Fixture::new().await;
    let condition = "'team' in resource.tags && resource.tags['team'] == 'desk'";
    let follows = rule("follows", condition, "owner", "someone");
    fixture.create_rule(follows).await;
    let id = fixture.resource("orders").await;
    let other = fixture.resource("bills").await;
    fixture.auto_tag().await;
    let team = fixture.tag(id, "team", "desk", 0.8).await;
    let denied = fixture.tag(other, "team", "desk", 0.8).await;
    decide(&fixture, &approver("ann"), Decision::Approve, &[team]).await;
    let done = fixture.auto_tag().await;
    assert_eq!((done.evaluated, done.proposed), (1, 1));
    assert_eq!(
        fixture.tag_with_key("owner").await.unwrap().approval_status,
        Pending
    );
    decide(&fixture, &approver("ann"), Decision::Deny, &[denied]).await;
    assert_eq!(fixture.auto_tag().await.evaluated, 1);
    undo(&fixture.pool, &approver("ann"), vec![team], None)
        .await
        .unwrap();
    let done = fixture.auto_tag().await;
    assert_eq!(done.evaluated, 1);
    assert_eq!(
        fixture.tag_with_key("owner").await.unwrap().approval_status,
        Superseded
    );
    assert_eq!(fixture.status(denied).await, Denied);
}
