//! Evaluations on a real database: what is proposed, kept, withdrawn, and not proposed again.

use crate::world::{World, actor, approver, resource, settings};
use sea_orm::TransactionTrait;
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::TagSource;
use virtual_tagging::domain::approvals::{self, Decision, Selection};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::auth::Role;
use virtual_tagging::domain::rules::{self, RuleDraft};
use virtual_tagging::domain::tagging::auto_tag::{self, CHUNK};
use virtual_tagging::domain::tagging::revision;
use virtual_tagging::entities::virtual_tag::Model as Tag;

async fn tag_of(world: &World, key: &str) -> Option<Tag> {
    world.tags().await.into_iter().find(|tag| tag.tag_key == key)
}

async fn decide(world: &World, decision: Decision, id: i64) {
    let ids = Selection::Ids(vec![id]);
    approvals::decide(&world.pool, &approver("ann"), decision, ids, None)
        .await
        .unwrap();
}

fn rule(name: &str, condition: &str, key: &str, value: &str) -> RuleDraft {
    RuleDraft {
        rule_name: name.into(),
        description: String::new(),
        condition: condition.into(),
        tag_key: key.into(),
        tag_value: value.into(),
        priority: 100,
        confidence: 0.95,
        enabled: true,
    }
}

#[tokio::test]
async fn a_name_and_a_native_tag_become_pending_tags() {
    let world = World::new().await;
    let mut tagged = resource("orders");
    tagged.native_tags.insert("Env".into(), "PRD".into());
    world.report(&[tagged]).await;
    let done = world.auto_tag().await;
    assert_eq!(
        (done.evaluated, done.proposed),
        (1, world.count("virtual_tags").await as u64)
    );
    let tag = tag_of(&world, "environment").await.unwrap();
    assert_eq!(
        (tag.tag_value.as_str(), tag.source),
        ("production", TagSource::Native)
    );
    assert_eq!((tag.approval_status, tag.auto_applied), (Pending, true));
    assert_eq!(world.count("ml_inferences WHERE model_version = 'test'").await, 1);
    assert_eq!(world.count("tag_audit").await, world.count("virtual_tags").await);
    world.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn evaluating_again_changes_nothing() {
    let world = World::new().await;
    world
        .report(&[resource("orders-prod"), resource("bills-staging")])
        .await;
    world.auto_tag().await;
    assert_eq!(world.auto_tag().await.evaluated, 0);
    let (before, trail) = (world.tags().await, world.count("tag_audit").await);
    revision::raise(&world.pool).await.unwrap();
    let again = world.auto_tag().await;
    assert_eq!(
        (again.evaluated, again.proposed, again.refreshed, again.withdrawn),
        (2, 0, 0, 0)
    );
    assert_eq!(
        (world.tags().await, world.count("tag_audit").await),
        (before, trail)
    );
}

#[tokio::test]
async fn many_workers_share_the_work_and_each_resource_is_evaluated_once() {
    let world = World::new().await;
    let count = CHUNK as usize * 5 + 7;
    let reports: Vec<_> = (0..count)
        .map(|n| resource(&format!("service{n}-prod")))
        .collect();
    world.report(&reports).await;
    let workers = (0..4).map(|_| {
        let pool = world.pool.clone();
        tokio::spawn(async move {
            let loaded = auto_tag::load_engine(&pool, &settings()).await.unwrap();
            let cause = Cause {
                actor: "worker".into(),
                reason: None,
                run_id: None,
            };
            let mut evaluated = 0;
            loop {
                let txn = pool.begin().await.unwrap();
                let chunk = auto_tag::chunk(&txn, &loaded, &cause).await.unwrap();
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
    assert_eq!(world.count("ml_inferences").await as usize, count);
    assert_eq!(world.count("tag_audit").await, world.count("virtual_tags").await);
}

#[tokio::test]
async fn a_chunk_that_is_not_committed_leaves_no_trace() {
    let world = World::new().await;
    world.report(&[resource("orders-prod")]).await;
    let loaded = auto_tag::load_engine(&world.pool, &settings()).await.unwrap();
    let cause = Cause {
        actor: "worker".into(),
        reason: None,
        run_id: None,
    };
    let txn = world.pool.begin().await.unwrap();
    assert_eq!(auto_tag::chunk(&txn, &loaded, &cause).await.unwrap().evaluated, 1);
    txn.rollback().await.unwrap();
    assert_eq!(
        world.count("virtual_tags").await + world.count("tag_audit").await,
        0
    );
    assert_eq!(world.auto_tag().await.evaluated, 1);
}

#[tokio::test]
async fn a_denied_tag_stays_denied_until_its_evidence_changes() {
    let world = World::new().await;
    world.report(&[resource("orders-prod")]).await;
    world.auto_tag().await;
    let tag = tag_of(&world, "environment").await.unwrap();
    decide(&world, Decision::Deny, tag.id).await;
    revision::raise(&world.pool).await.unwrap();
    world.auto_tag().await;
    assert_eq!(world.status(tag.id).await, Denied);

    let mut changed = resource("orders-prod");
    changed.native_tags.insert("stage".into(), "prod".into());
    world.report(&[changed]).await;
    world.auto_tag().await;
    let tag = tag_of(&world, "environment").await.unwrap();
    assert_eq!((tag.approval_status, tag.source), (Pending, TagSource::Native));
    assert_eq!((tag.decided_by, tag.decided_at), (None, None));
    world.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn an_approved_tag_is_not_proposed_again_and_what_it_superseded_stays_away() {
    let world = World::new().await;
    let id = world.resource("orders-prod").await;
    world.auto_tag().await;
    let inferred = tag_of(&world, "environment").await.unwrap();
    let by_hand = approvals::NewTag {
        resource_id: id,
        tag_key: "environment".into(),
        tag_value: "staging".into(),
        reason: None,
    };
    let by_hand = approvals::create(&world.pool, &approver("ann"), by_hand)
        .await
        .unwrap();
    revision::raise(&world.pool).await.unwrap();
    world.auto_tag().await;
    assert_eq!(
        (world.status(inferred.id).await, world.status(by_hand.id).await),
        (Superseded, Approved)
    );
    assert_eq!(
        world
            .tags()
            .await
            .iter()
            .filter(|tag| tag.tag_key == "environment")
            .count(),
        2
    );
}

#[tokio::test]
async fn a_rule_back_fills_by_itself_and_takes_its_tags_along_when_it_goes() {
    let world = World::new().await;
    let admin = actor("ada", Role::Admin);
    world
        .report(&[resource("orders-api"), resource("bills-api")])
        .await;
    world.auto_tag().await;
    let draft = rule(
        "orders",
        "resource.name.startsWith('orders-')",
        "team",
        "Order Desk",
    );
    let made = rules::create(&world.pool, &admin, draft).await.unwrap();
    let done = world.auto_tag().await;
    assert_eq!((done.evaluated, done.proposed), (2, 1));
    let tag = tag_of(&world, "team").await.unwrap();
    assert_eq!(
        (tag.source, tag.rule_id, tag.approval_status),
        (TagSource::Rule, Some(made.id), Pending)
    );

    let same = rules::update(&world.pool, &admin, made.id, Some(made.version), |_| ())
        .await
        .unwrap();
    assert_eq!(same.version, made.version);
    assert_eq!(
        world.auto_tag().await.evaluated,
        0,
        "an edit that changes nothing makes nothing due"
    );

    rules::delete(&world.pool, &admin, made.id).await.unwrap();
    assert_eq!(world.auto_tag().await.withdrawn, 1);
    assert_eq!(world.status(tag.id).await, Superseded);
    rules::create(
        &world.pool,
        &admin,
        rule(
            "orders",
            "resource.name.startsWith('orders-')",
            "team",
            "Order Desk",
        ),
    )
    .await
    .unwrap();
    world.auto_tag().await;
    assert_eq!(world.status(tag.id).await, Pending, "a withdrawn tag comes back");
    world.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn rules_are_refused_with_all_that_is_wrong_and_edits_in_order() {
    let world = World::new().await;
    let admin = actor("ada", Role::Admin);
    let mut wrong = rule(" ", "resource.nme == 'x'", "team", "x");
    wrong.confidence = 1.5;
    let refused = rules::create(&world.pool, &admin, wrong)
        .await
        .unwrap_err()
        .to_string();
    for field in ["ruleName", "condition", "confidence"] {
        assert!(refused.contains(field), "{refused}");
    }
    assert!(
        rules::create(&world.pool, &approver("ann"), rule("r", "true", "k", "v"))
            .await
            .is_err()
    );
    let first = rules::create(&world.pool, &admin, rule("first", "true", "team", "a"))
        .await
        .unwrap();
    let second = rules::create(&world.pool, &admin, rule("second", "true", "team", "b"))
        .await
        .unwrap();
    let taken = rules::create(&world.pool, &admin, rule("first", "true", "team", "c"))
        .await
        .unwrap_err();
    assert!(
        taken.to_string().contains("another rule has this name"),
        "{taken}"
    );
    assert!(rules::reorder(&world.pool, &admin, &[first.id]).await.is_err());
    let ordered = rules::reorder(&world.pool, &admin, &[second.id, first.id])
        .await
        .unwrap();
    assert_eq!(
        ordered.iter().map(|rule| rule.id).collect::<Vec<_>>(),
        [second.id, first.id]
    );
    let stale = rules::update(&world.pool, &admin, first.id, Some(first.version), |rule| {
        rule.enabled = false;
    })
    .await;
    assert!(stale.unwrap_err().to_string().contains("changed by ada"));

    world.resource("orders").await;
    world.auto_tag().await;
    assert_eq!(
        tag_of(&world, "team").await.unwrap().tag_value,
        "b",
        "the first rule in order wins"
    );
}

#[tokio::test]
async fn other_settings_raise_the_revision_once() {
    let world = World::new().await;
    let mine = settings().fingerprint();
    let adopted = revision::adopt(&world.pool, &mine).await.unwrap();
    assert_eq!(revision::adopt(&world.pool, &mine).await.unwrap(), adopted);
    let mut other = settings();
    other.model_version = "another".into();
    assert_eq!(
        revision::adopt(&world.pool, &other.fingerprint()).await.unwrap(),
        adopted + 1
    );
}

#[tokio::test]
async fn a_status_is_one_of_four() {
    let world = World::new().await;
    let id = world.resource("orders").await;
    let tag = world.tag(id, "environment", "test", 0.8).await;
    let refused = virtual_tagging::db::sql::execute(
        &world.pool,
        "UPDATE virtual_tags SET approval_status = 'MAYBE' WHERE id = $1",
        [tag.into()],
    );
    assert!(refused.await.is_err());
    assert_eq!(world.status(tag).await, Pending);
}

#[tokio::test]
async fn a_preview_tells_what_a_rule_would_do_and_does_nothing() {
    use virtual_tagging::domain::rules::PreviewOutcome::{AlreadyHolds, Conflict, NewTag, Shadowed};
    let world = World::new().await;
    let admin = actor("ada", Role::Admin);
    let mut held = resource("orders-held");
    held.native_tags.insert("team".into(), "desk".into());
    world
        .report(&[
            resource("orders-new"),
            held,
            resource("bills"),
            resource("orders-first"),
        ])
        .await;
    let decided = world.resource("orders-decided").await;
    let by_hand = approvals::NewTag {
        resource_id: decided,
        tag_key: "team".into(),
        tag_value: "Other".into(),
        reason: None,
    };
    approvals::create(&world.pool, &approver("ann"), by_hand)
        .await
        .unwrap();
    let mut first = rule("first", "resource.name == 'orders-first'", "team", "First");
    first.priority = 1;
    rules::create(&world.pool, &admin, first).await.unwrap();
    let mut last = rule("last", "true", "team", "Last");
    last.priority = 1000;
    rules::create(&world.pool, &admin, last).await.unwrap();

    let draft = rule("desk", "resource.name.startsWith('orders-')", "team", "desk");
    let preview = rules::preview(&world.pool, &admin, &settings(), draft, None)
        .await
        .unwrap();
    assert_eq!(
        (preview.examined, preview.complete, preview.matches),
        (5, true, 4)
    );
    let outcomes: Vec<_> = preview.outcomes.into_iter().collect();
    assert_eq!(
        outcomes,
        [(NewTag, 1), (AlreadyHolds, 1), (Conflict, 1), (Shadowed, 1)]
    );
    assert_eq!(
        (
            preview.shadowed_by[0].rule_name.as_str(),
            preview.shadowed_by[0].count
        ),
        ("first", 1)
    );
    assert_eq!(
        (preview.shadows[0].rule_name.as_str(), preview.shadows[0].count),
        ("last", 4)
    );
    assert_eq!(world.count("rules").await, 2);
}
