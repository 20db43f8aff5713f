//! Rules on a real database: made, changed, ordered, tried and removed, and what becomes of their tags.

use crate::support::decisions::decide;
use crate::support::fixture::{
    Fixture, actor, approver, resource, rule, settings, shipped_vocabulary, vocabulary,
};
use futures::future::join_all;
use virtual_tagging::auth::Role;
use virtual_tagging::domain::ApprovalStatus::{Denied, Pending, Superseded};
use virtual_tagging::domain::TagSource;
use virtual_tagging::domain::approvals::{self, Decision};
use virtual_tagging::domain::evaluation::{self, DryRuns};
use virtual_tagging::domain::rules::{self, RuleDraft};

#[tokio::test]
async fn a_rule_back_fills_by_itself_and_takes_its_tags_along_when_it_goes() {
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    fixture
        .report(&[resource("orders-api"), resource("bills-api")])
        .await;
    fixture.auto_tag().await;
    let draft = rule(
        "orders",
        "resource.name.startsWith('orders-')",
        "team",
        "Order Desk",
    );
    let made = fixture.create_rule(draft).await;
    let done = fixture.auto_tag().await;
    assert_eq!((done.evaluated, done.proposed), (1, 1));
    let tag = fixture.tag_with_key("team").await.unwrap();
    assert_eq!(
        (tag.source, tag.rule_id, tag.approval_status),
        (TagSource::Rule, Some(made.id), Pending)
    );
    assert_eq!(
        tag.evidence["signals"][0]["basis"]["ruleId"],
        serde_json::json!(made.id)
    );

    let same = rules::update(
        &fixture.pool,
        &admin,
        &vocabulary(),
        made.id,
        Some(made.version),
        |_| (),
    )
    .await
    .unwrap();
    assert_eq!(same.version, made.version);
    assert_eq!(
        fixture.auto_tag().await.evaluated,
        0,
        "an edit that changes nothing makes nothing due"
    );

    rules::delete(&fixture.pool, &admin, made.id).await.unwrap();
    assert_eq!(fixture.auto_tag().await.withdrawn, 1);
    assert_eq!(fixture.status(tag.id).await, Superseded);
    fixture
        .create_rule(rule(
            "orders",
            "resource.name.startsWith('orders-')",
            "team",
            "Order Desk",
        ))
        .await;
    fixture.auto_tag().await;
    assert_eq!(
        fixture.status(tag.id).await,
        Pending,
        "a withdrawn tag comes back"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn rules_are_refused_with_all_that_is_wrong_and_edits_in_order() {
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    let mut wrong = rule(" ", "resource.nme == 'x'", "team", "x");
    wrong.confidence = 1.5;
    let refused = rules::create(&fixture.pool, &admin, &vocabulary(), wrong)
        .await
        .unwrap_err()
        .to_string();
    for field in ["ruleName", "condition", "confidence"] {
        assert!(refused.contains(field), "{refused}");
    }
    assert!(
        rules::create(
            &fixture.pool,
            &approver("ann"),
            &vocabulary(),
            rule("r", "true", "k", "v")
        )
        .await
        .is_err()
    );
    let first = fixture.create_rule(rule("first", "true", "team", "a")).await;
    let second = fixture.create_rule(rule("second", "true", "team", "b")).await;
    let taken = rules::create(
        &fixture.pool,
        &admin,
        &vocabulary(),
        rule("first", "true", "team", "c"),
    )
    .await
    .unwrap_err();
    assert!(
        taken.to_string().contains("another rule has this name"),
        "{taken}"
    );
    assert!(rules::reorder(&fixture.pool, &admin, &[first.id]).await.is_err());
    let ordered = rules::reorder(&fixture.pool, &admin, &[second.id, first.id])
        .await
        .unwrap();
    assert_eq!(
        ordered.rules.iter().map(|rule| rule.id).collect::<Vec<_>>(),
        [second.id, first.id]
    );
    let stale = rules::update(
        &fixture.pool,
        &admin,
        &vocabulary(),
        first.id,
        Some(first.version),
        |rule| {
            rule.enabled = false;
        },
    )
    .await;
    assert!(stale.unwrap_err().to_string().contains("changed by ada"));

    fixture.resource("orders").await;
    fixture.auto_tag().await;
    assert_eq!(
        fixture.tag_with_key("team").await.unwrap().tag_value,
        "b",
        "the first rule in order wins"
    );
}

#[tokio::test]
async fn a_preview_tells_what_a_rule_would_do_and_does_nothing() {
    use virtual_tagging::domain::evaluation::PreviewOutcome::{AlreadyHolds, Conflict, NewTag, Shadowed};
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    let mut held = resource("orders-held");
    held.native_tags.insert("team".into(), "desk".into());
    fixture
        .report(&[
            resource("orders-new"),
            held,
            resource("bills"),
            resource("orders-first"),
        ])
        .await;
    let decided = fixture.resource("orders-decided").await;
    let by_hand = approvals::NewTag {
        resource_id: decided,
        tag_key: "team".into(),
        tag_value: "Other".into(),
        reason: None,
    };
    approvals::create(&fixture.pool, shipped_vocabulary(), &approver("ann"), by_hand)
        .await
        .unwrap();
    let mut first = rule("first", "resource.name == 'orders-first'", "team", "First");
    first.priority = 1;
    fixture.create_rule(first).await;
    let mut last = rule("last", "true", "team", "Last");
    last.priority = 1000;
    fixture.create_rule(last).await;

    let draft = rule("desk", "resource.name.startsWith('orders-')", "team", "desk");
    let preview = evaluation::preview(
        &fixture.pool,
        &DryRuns::new(fixture.pool.clone()),
        &admin,
        &settings(),
        draft,
        None,
    )
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
    assert_eq!(fixture.count("rules").await, 2);
}

#[tokio::test]
async fn a_preview_promises_no_tag_that_would_not_be_proposed() {
    use virtual_tagging::domain::evaluation::PreviewOutcome::{
        AlreadyProposed, NativeConflict, NewTag, NotProposed,
    };
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    let mut stated = resource("stated");
    stated.native_tags.insert("Team".into(), "Payments".into());
    fixture
        .report(&[stated, resource("orders"), resource("denied")])
        .await;
    let draft = rule("desk", "true", "team", "desk");
    let preview = async |draft: &RuleDraft, replaces| {
        let preview = evaluation::preview(
            &fixture.pool,
            &DryRuns::new(fixture.pool.clone()),
            &admin,
            &settings(),
            draft.clone(),
            replaces,
        )
        .await;
        preview.unwrap().outcomes.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(preview(&draft, None).await, [(NewTag, 2), (NativeConflict, 1)]);
    let mut unsure = draft.clone();
    unsure.confidence = 0.5;
    assert_eq!(
        preview(&unsure, None).await,
        [(NativeConflict, 1), (NotProposed, 2)]
    );

    let made = fixture.create_rule(draft.clone()).await;
    fixture.auto_tag().await;
    let tags = fixture.tags().await;
    let denied = tags.iter().find(|tag| tag.rule_id == Some(made.id)).unwrap();
    decide(&fixture, &approver("ann"), Decision::Deny, &[denied.id]).await;
    assert_eq!(
        preview(&draft, Some(made.id)).await,
        [(AlreadyProposed, 2), (NotProposed, 1)]
    );
}

#[tokio::test]
async fn a_denied_tag_of_a_rule_comes_back_only_when_the_rule_says_something_else() {
    let fixture = Fixture::new().await;
    let made = fixture.create_rule(rule("desk", "true", "team", "desk")).await;
    fixture.resource("orders").await;
    fixture.auto_tag().await;
    let tag = fixture.tag_with_key("team").await.unwrap().id;
    decide(&fixture, &approver("ann"), Decision::Deny, &[tag]).await;
    let described = fixture.update_rule(made.id, |rule| {
        rule.description = "why".into();
        rule.priority = 7;
        rule.rule_name = "another name".into();
    });
    assert_eq!(described.await.version, made.version + 1);
    assert_eq!(fixture.auto_tag().await.evaluated, 1);
    assert_eq!(fixture.status(tag).await, Denied);
    let changed = fixture.update_rule(made.id, |rule| {
        rule.condition = "resource.name == 'orders'".into();
    });
    changed.await;
    fixture.auto_tag().await;
    assert_eq!(fixture.status(tag).await, Pending);
}

#[tokio::test]
async fn removing_a_rule_writes_to_none_of_its_tags() {
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    let made = fixture.create_rule(rule("desk", "true", "team", "desk")).await;
    fixture.resource("orders").await;
    fixture.auto_tag().await;
    let tag = fixture.tag_with_key("team").await.unwrap().id;
    decide(&fixture, &approver("ann"), Decision::Approve, &[tag]).await;
    rules::delete(&fixture.pool, &admin, made.id).await.unwrap();
    assert_eq!(fixture.tag_with_key("team").await.unwrap().rule_id, Some(made.id));
}

/// A condition that takes minutes on a resource with many long tags.
const SLOW: &str = "resource.native_tags.exists(k, resource.native_tags[k].matches(
    '(?:[a-y]|[b-z]|a[a-z]{1,30}){40}[0-9]'))";

fn with_long_tags(name: &str) -> virtual_tagging::domain::discovery::ResourceReport {
    let mut report = resource(name);
    report.native_tags = (0..50)
        .map(|n| (format!("k{n}"), "abcdefghijklmnopqrstuvwxyz".repeat(30)))
        .collect();
    report
}

#[tokio::test]
async fn a_rule_that_takes_too_long_matches_nowhere_and_is_told() {
    let fixture = Fixture::new().await;
    let admin = actor("ada", Role::Admin);
    fixture.report(&[with_long_tags("slow"), resource("quick")]).await;
    fixture.create_rule(rule("slow", SLOW, "team", "x")).await;
    let quick = rule(
        "quick",
        "resource.name == 'slow' || resource.name == 'quick'",
        "team",
        "y",
    );
    fixture.create_rule(quick).await;
    let done = fixture.auto_tag().await;
    assert_eq!((done.evaluated, done.given_up, done.failed), (2, 1, 0));
    let tags = fixture
        .tags()
        .await
        .into_iter()
        .filter(|tag| tag.tag_key == "team");
    let values: Vec<_> = tags.map(|tag| tag.tag_value).collect();
    assert_eq!(values, ["y", "y"]);

    let runs = DryRuns::new(fixture.pool.clone());
    let draft = rule("another", SLOW, "team", "z");
    let tried = evaluation::preview(&fixture.pool, &runs, &admin, &settings(), draft, None)
        .await
        .unwrap();
    assert_eq!((tried.examined, tried.matches, tried.too_expensive), (2, 0, 1));
}

#[tokio::test]
async fn a_caller_has_a_few_previews_at_a_time() {
    let fixture = Fixture::new().await;
    fixture.report(&[resource("one")]).await;
    let runs = DryRuns::new(fixture.pool.clone());
    let preview = |who: &'static str| {
        let (fixture, runs) = (&fixture, &runs);
        async move {
            let draft = rule("all", "true", "team", "x");
            evaluation::preview(&fixture.pool, runs, &approver(who), &settings(), draft, None).await
        }
    };
    // None of them is over before the last has asked.
    let (results, other) = tokio::join!(join_all((0..5).map(|_| preview("ann"))), preview("bob"));
    let refused: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].to_string().contains("under way"), "{}", refused[0]);
    assert_eq!(other.unwrap().matches, 1);
    // A dry run that ended returns its permit.
    assert_eq!(preview("ann").await.unwrap().matches, 1);
    let viewer = actor("eve", Role::Viewer);
    let draft = rule("all", "true", "team", "x");
    let refused = evaluation::preview(&fixture.pool, &runs, &viewer, &settings(), draft, None).await;
    assert!(matches!(
        refused,
        Err(virtual_tagging::error::Error::Forbidden(_))
    ));
}
