//! Rules on a real database: made, changed, ordered, tried and removed, and what becomes of their tags.

use crate::auto_tag::{decide, tag_of};
use crate::world::{World, actor, approver, resource, settings};
use virtual_tagging::domain::ApprovalStatus::{Denied, Pending, Superseded};
use virtual_tagging::domain::TagSource;
use virtual_tagging::domain::approvals::{self, Decision};
use virtual_tagging::domain::auth::Role;
use virtual_tagging::domain::rules::{self, RuleDraft};

pub fn rule(name: &str, condition: &str, key: &str, value: &str) -> RuleDraft {
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

#[tokio::test]
async fn a_preview_promises_no_tag_that_would_not_be_proposed() {
    use virtual_tagging::domain::rules::PreviewOutcome::{NewTag, NotProposed};
    let world = World::new().await;
    let admin = actor("ada", Role::Admin);
    let mut stated = resource("stated");
    stated.native_tags.insert("Team".into(), "Payments".into());
    world
        .report(&[stated, resource("orders"), resource("denied")])
        .await;
    let draft = rule("desk", "true", "team", "desk");
    let preview = async |draft: &RuleDraft, replaces| {
        let preview = rules::preview(&world.pool, &admin, &settings(), draft.clone(), replaces).await;
        preview.unwrap().outcomes.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(preview(&draft, None).await, [(NewTag, 2), (NotProposed, 1)]);
    let mut unsure = draft.clone();
    unsure.confidence = 0.5;
    assert_eq!(preview(&unsure, None).await, [(NotProposed, 3)]);

    let made = rules::create(&world.pool, &admin, draft.clone()).await.unwrap();
    world.auto_tag().await;
    let tags = world.tags().await;
    let denied = tags.iter().find(|tag| tag.rule_id == Some(made.id)).unwrap();
    decide(&world, Decision::Deny, denied.id).await;
    assert_eq!(
        preview(&draft, Some(made.id)).await,
        [(NewTag, 1), (NotProposed, 2)]
    );
}

#[tokio::test]
async fn a_denied_tag_of_a_rule_comes_back_only_when_the_rule_says_something_else() {
    let world = World::new().await;
    let admin = actor("ada", Role::Admin);
    let made = rules::create(&world.pool, &admin, rule("desk", "true", "team", "desk"))
        .await
        .unwrap();
    world.resource("orders").await;
    world.auto_tag().await;
    let tag = tag_of(&world, "team").await.unwrap().id;
    decide(&world, Decision::Deny, tag).await;
    let described = rules::update(&world.pool, &admin, made.id, None, |rule| {
        rule.description = "why".into();
        rule.priority = 7;
        rule.rule_name = "another name".into();
    });
    assert_eq!(described.await.unwrap().version, made.version + 1);
    assert_eq!(world.auto_tag().await.evaluated, 1);
    assert_eq!(world.status(tag).await, Denied);
    let narrowed = rules::update(&world.pool, &admin, made.id, None, |rule| {
        rule.condition = "resource.name == 'orders'".into();
    });
    narrowed.await.unwrap();
    world.auto_tag().await;
    assert_eq!(world.status(tag).await, Pending);
}

#[tokio::test]
async fn removing_a_rule_writes_to_none_of_its_tags() {
    let world = World::new().await;
    let admin = actor("ada", Role::Admin);
    let made = rules::create(&world.pool, &admin, rule("desk", "true", "team", "desk"))
        .await
        .unwrap();
    world.resource("orders").await;
    world.auto_tag().await;
    let tag = tag_of(&world, "team").await.unwrap().id;
    decide(&world, Decision::Approve, tag).await;
    rules::delete(&world.pool, &admin, made.id).await.unwrap();
    assert_eq!(tag_of(&world, "team").await.unwrap().rule_id, Some(made.id));
}
