//! Rules that approve and go away: their tags go with them, and what was before comes back.

use super::{accept, evaluate_all_again, named, suggest, tag_of, tags_of};
use crate::support::decisions::refusal;
use crate::support::fixture::{Fixture, approver, resource};
use virtual_tagging::db::sql;
use virtual_tagging::domain::ApprovalStatus::{Approved, Pending, Superseded};
use virtual_tagging::domain::AuditAction;
use virtual_tagging::domain::rules::RuleRow;
use virtual_tagging::domain::suggestions::{self, SuggestionStatus};
use virtual_tagging::error::ProblemCode;

/// A rule that approves the team of orders in the name of bob, and did so on what there is.
async fn approving_rule(fixture: &Fixture) -> RuleRow {
    let id = suggest(fixture, &named("orders-"), &[("team", "desk")]).await;
    let accepted = accept(fixture, &approver("bob"), id, None).await.unwrap();
    fixture.auto_tag().await;
    accepted.rules[0].clone()
}

#[tokio::test]
async fn revoking_restores_what_waited_before() {
    let fixture = Fixture::new().await;
    let orders = fixture.resource("orders-prod").await;
    fixture.auto_tag().await;
    let before = tag_of(&fixture, orders, "environment").await;
    assert_eq!(
        (before.tag_value.as_str(), before.approval_status),
        ("production", Pending)
    );
    let imported = fixture.tag(orders, "team", "till", 1.0).await;
    let by_file = "UPDATE virtual_tags SET source = 'CSV', evidence_signature = 'CSV' WHERE id = $1";
    sql::execute(&fixture.pool, by_file, [imported.into()])
        .await
        .unwrap();

    let bob = approver("bob");
    let id = suggest(
        &fixture,
        &named("orders-"),
        &[("environment", "staging"), ("team", "desk")],
    )
    .await;
    accept(&fixture, &bob, id, None).await.unwrap();
    fixture.auto_tag().await;
    let [production, staging] = &tags_of(&fixture, orders, "environment").await[..] else {
        panic!("two values");
    };
    assert_eq!(
        (production.approval_status, staging.approval_status),
        (Superseded, Approved)
    );
    assert_eq!(production.superseded_by, Some(staging.id));
    assert_eq!(fixture.status(imported).await, Superseded);

    let revoked = suggestions::revoke(&fixture.pool, &bob, id, Some("wrong".into()))
        .await
        .unwrap();
    assert_eq!(revoked.rules.len(), 2);
    assert_eq!(revoked.suggestion.status, SuggestionStatus::Open);
    let done = fixture.auto_tag().await;
    assert_eq!((done.evaluated, done.withdrawn), (1, 2));
    let after = tags_of(&fixture, orders, "environment").await;
    assert_eq!(
        (
            after[0].approval_status,
            after[0].source,
            after[0].confidence,
            &after[0].evidence_signature
        ),
        (
            Pending,
            before.source,
            before.confidence,
            &before.evidence_signature
        )
    );
    assert_eq!(
        (after[1].approval_status, after[1].approved_by_rule),
        (Superseded, false)
    );
    assert_eq!(fixture.status(imported).await, Pending);
    let trail = fixture.trail().await;
    let withdrawn = trail
        .iter()
        .filter(|row| row.action == AuditAction::Withdrawn)
        .map(|row| row.reason.as_deref());
    assert_eq!(withdrawn.collect::<Vec<_>>(), [Some("wrong"); 2]);
    let recorded =
        "admin_changes WHERE action = 'DELETED' AND actor = 'bob' AND after = '{\"reason\": \"wrong\"}'";
    assert_eq!(fixture.count(recorded).await, 2);
    fixture.assert_trail_leads_to_tags().await;

    let again = suggestions::revoke(&fixture.pool, &bob, id, None)
        .await
        .unwrap_err();
    assert_eq!(refusal(again), ProblemCode::Conflict);
    accept(&fixture, &bob, id, None).await.unwrap();
    fixture.auto_tag().await;
    assert_eq!(
        fixture.status(staging.id).await,
        Approved,
        "it can be accepted again"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_tag_that_another_rule_supports_stays_in_the_name_of_the_other() {
    let fixture = Fixture::new().await;
    let orders = fixture.resource("orders-prod").await;
    let narrow = suggest(&fixture, &named("orders-prod"), &[("team", "desk")]).await;
    let wide = suggest(&fixture, &named("orders-"), &[("team", "desk")]).await;
    accept(&fixture, &approver("ann"), narrow, None).await.unwrap();
    fixture.auto_tag().await;
    accept(&fixture, &approver("bob"), wide, None).await.unwrap();
    fixture.auto_tag().await;
    assert_eq!(
        tag_of(&fixture, orders, "team").await.decided_by.as_deref(),
        Some("ann")
    );
    suggestions::revoke(&fixture.pool, &approver("ann"), narrow, None)
        .await
        .unwrap();
    fixture.auto_tag().await;
    let tag = tag_of(&fixture, orders, "team").await;
    assert_eq!(
        (tag.approval_status, tag.decided_by.as_deref()),
        (Approved, Some("bob"))
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn tags_follow_a_rule_that_is_edited_disabled_or_no_longer_matches() {
    let fixture = Fixture::new().await;
    let orders = fixture.resource("orders-prod").await;
    let rule = approving_rule(&fixture).await;
    fixture
        .update_rule(rule.id, |draft| {
            draft.tag_value = "till".into();
        })
        .await;
    fixture.auto_tag().await;
    let [desk, till] = &tags_of(&fixture, orders, "team").await[..] else {
        panic!("two values");
    };
    assert_eq!(
        (desk.approval_status, till.approval_status),
        (Superseded, Approved)
    );
    assert_eq!(till.decided_by.as_deref(), Some("bob"));

    fixture
        .update_rule(rule.id, |draft| {
            draft.enabled = false;
        })
        .await;
    fixture.auto_tag().await;
    assert_eq!(fixture.status(till.id).await, Superseded);
    fixture
        .update_rule(rule.id, |draft| {
            draft.enabled = true;
        })
        .await;
    fixture.auto_tag().await;
    assert_eq!(fixture.status(till.id).await, Approved);

    let mut renamed = resource("orders-prod");
    renamed.name = "bills-prod".into();
    fixture.report(&[renamed]).await;
    fixture.auto_tag().await;
    assert_eq!(fixture.status(till.id).await, Superseded);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_rule_that_reads_tags_neither_supports_nor_denies_itself() {
    let fixture = Fixture::new().await;
    let orders = fixture.resource("orders-a").await;
    let rule = approving_rule(&fixture).await;
    let mut follows =
        crate::support::fixture::rule("follows", "resource.tags['team'] == 'desk'", "owner", "ann");
    follows.confidence = 0.95;
    fixture.create_rule(follows).await;
    fixture.auto_tag().await;
    assert_eq!(
        tag_of(&fixture, orders, "owner").await.approval_status,
        Pending,
        "rules see what is approved"
    );
    for (condition, status) in [
        ("!('team' in resource.tags)", Approved),
        ("resource.tags['team'] == 'desk'", Superseded),
    ] {
        fixture
            .update_rule(rule.id, |draft| {
                draft.condition = condition.into();
            })
            .await;
        for _ in 0..2 {
            evaluate_all_again(&fixture).await;
            assert_eq!(
                tag_of(&fixture, orders, "team").await.approval_status,
                status,
                "{condition}"
            );
        }
    }
    fixture.assert_trail_leads_to_tags().await;
}
