//! Acceptance: rules, and the tags that they approve.

use super::{accept, evaluate_all_again, named, suggest, tag_of, tags_of};
use crate::support::decisions::{decide, refusal, undo};
use crate::support::fixture::{Fixture, actor, approver, limited, resource, settings, shipped_vocabulary};
use virtual_tagging::auth::Role;
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending};
use virtual_tagging::domain::approvals::{self, Decision, NewTag};
use virtual_tagging::domain::suggestions::{self, SuggestionAcceptance, SuggestionStatus, list};
use virtual_tagging::domain::{AuditAction, JobName, TagSource, rules};
use virtual_tagging::error::ProblemCode;

const ANY: [(&str, &str); 2] = [("team", "desk"), ("owner", "")];

#[tokio::test]
async fn all_keys_are_approved_in_the_name_of_who_accepted() {
    let fixture = Fixture::new().await;
    fixture
        .report(&[resource("orders-a"), resource("orders-b"), resource("bills")])
        .await;
    fixture.auto_tag().await;
    let id = suggest(&fixture, &named("orders-"), &[("team", "Desk"), ("owner", "ann")]).await;
    let accepted = accept(&fixture, &approver("bob"), id, None).await.unwrap();
    let keys: Vec<_> = accepted.rules.iter().map(|rule| rule.tag_key.as_str()).collect();
    assert_eq!(keys, ["owner", "team"]);
    assert_eq!(accepted.run.unwrap().job_name, JobName::AutoTag);
    assert_eq!(accepted.suggestion.status, SuggestionStatus::Accepted);

    let done = fixture.auto_tag().await;
    assert_eq!(
        (done.evaluated, done.approved),
        (2, 4),
        "exactly the members were due"
    );
    let tags = fixture.tags().await;
    let tags: Vec<_> = tags
        .iter()
        .filter(|tag| tag.approval_status == Approved)
        .collect();
    assert_eq!(tags.len(), 4);
    for tag in &tags {
        assert_eq!((tag.source, tag.approved_by_rule), (TagSource::Rule, true));
        assert_eq!(tag.decided_by.as_deref(), Some("bob"));
        assert_eq!(tag.decision_reason.as_deref(), Some("they are theirs"));
        assert!(tag.decided_at.is_some());
        assert!(
            accepted
                .rules
                .iter()
                .any(|rule| Some(rule.id) == tag.rule_id && rule.tag_key == tag.tag_key)
        );
    }
    assert!(
        tags.iter().any(|tag| tag.tag_value == "desk"),
        "the words of the vocabulary"
    );
    let trail = fixture.trail().await;
    assert_eq!(trail.len(), 4);
    for row in &trail {
        assert_eq!((row.action, row.actor.as_str()), (AuditAction::Approved, "bob"));
        assert_eq!(row.reason.as_deref(), Some("they are theirs"));
    }
    fixture.assert_trail_leads_to_tags().await;

    evaluate_all_again(&fixture).await;
    assert_eq!(fixture.trail().await.len(), 4, "evaluating again changes nothing");
    let new = fixture.resource("orders-c").await;
    fixture.auto_tag().await;
    assert_eq!(
        tag_of(&fixture, new, "team").await.decided_by.as_deref(),
        Some("bob")
    );
}

#[tokio::test]
async fn some_keys_and_typed_values_are_accepted_and_mistakes_are_told() {
    let fixture = Fixture::new().await;
    let orders = fixture.resource("orders-a").await;
    let id = suggest(&fixture, &named("orders-"), &ANY).await;
    let bob = approver("bob");
    for (tags, wrong) in [
        (None, "owner has no value"),
        (Some(&[("owner", " ")][..]), "blank"),
        (Some(&[("colour", "red")][..]), "not offered"),
        (Some(&[("owner", "ann"), ("Owner", "bob")][..]), "twice"),
        (Some(&[("owner", "{{ name }}")][..]), "a template"),
        (Some(&[][..]), "nothing"),
    ] {
        let refused = accept(&fixture, &bob, id, tags).await.unwrap_err();
        assert_eq!(refusal(refused), ProblemCode::Invalid, "{wrong}");
    }
    let missing = accept(&fixture, &bob, id + 1, None).await.unwrap_err();
    assert_eq!(refusal(missing), ProblemCode::NotFound);
    assert!(
        accept(&fixture, &actor("vic", Role::Viewer), id, None)
            .await
            .is_err()
    );
    let outdated = SuggestionAcceptance {
        id,
        tags: Some(vec![suggestions::TagChoice {
            key: "owner".into(),
            value: "ann".into(),
        }]),
        signature: Some("another".into()),
        reason: None,
    };
    let stale = suggestions::accept(&fixture.pool, &bob, &settings().vocabulary, outdated).await;
    assert_eq!(refusal(stale.unwrap_err()), ProblemCode::Stale);
    assert_eq!(fixture.count("rules").await, 0, "refusals change nothing");

    accept(&fixture, &bob, id, Some(&[("Owner", "Ann")]))
        .await
        .unwrap();
    fixture.auto_tag().await;
    assert_eq!(tag_of(&fixture, orders, "owner").await.tag_value, "ann");
    assert!(tags_of(&fixture, orders, "team").await.is_empty());
}

#[tokio::test]
async fn the_second_acceptance_learns_what_the_first_did() {
    let fixture = Fixture::new().await;
    fixture.resource("orders-a").await;
    let id = suggest(&fixture, &named("orders-"), &[("team", "desk")]).await;
    let (ann, bob) = (approver("ann"), approver("bob"));
    let (first, second) = tokio::join!(accept(&fixture, &ann, id, None), accept(&fixture, &bob, id, None));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(
        first.run.is_some() != second.run.is_some(),
        "one of them was first"
    );
    assert_eq!(first.rules, second.rules);
    assert_eq!(first.suggestion.decided_by, second.suggestion.decided_by);
    let other = accept(&fixture, &bob, id, Some(&[("team", "till")]))
        .await
        .unwrap_err();
    assert_eq!(refusal(other), ProblemCode::AlreadyDecided);
    let dismissed = suggestions::dismiss(&fixture.pool, &bob, id, None)
        .await
        .unwrap_err();
    assert_eq!(refusal(dismissed), ProblemCode::AlreadyDecided);
}

#[tokio::test]
async fn what_is_dismissed_is_open_no_more_and_is_mined_without() {
    let fixture = Fixture::new().await;
    let id = suggest(&fixture, &named("orders-"), &[("team", "desk")]).await;
    let bob = approver("bob");
    let dismissed = suggestions::dismiss(&fixture.pool, &bob, id, Some("mixed".into()))
        .await
        .unwrap();
    assert_eq!(dismissed.status, SuggestionStatus::Dismissed);
    let again = suggestions::dismiss(&fixture.pool, &approver("ann"), id, None)
        .await
        .unwrap();
    assert_eq!(again, dismissed, "the second learns what the first did");
    let mining = "scheduler_jobs WHERE job_name = 'mine_suggestions' AND status = 'QUEUED'";
    assert_eq!(fixture.count(mining).await, 1);
    let open = list::count(&fixture.pool, &bob, &list::SuggestionFilter::default())
        .await
        .unwrap();
    assert_eq!(open.count, 0);
    let accepted = accept(&fixture, &bob, id, None).await.unwrap_err();
    assert_eq!(refusal(accepted), ProblemCode::AlreadyDecided);
    let revoked = suggestions::revoke(&fixture.pool, &bob, id, None)
        .await
        .unwrap_err();
    assert_eq!(refusal(revoked), ProblemCode::AlreadyDecided);
}

#[tokio::test]
async fn what_people_decided_one_by_one_stays() {
    let fixture = Fixture::new().await;
    let (_, ids) = fixture
        .report(&[resource("orders-a"), resource("orders-b"), resource("orders-c")])
        .await;
    fixture.auto_tag().await;
    let ann = approver("ann");
    let by_hand = |resource_id, value: &str| NewTag {
        resource_id,
        tag_key: "team".into(),
        tag_value: value.into(),
        reason: None,
    };
    let other = approvals::create(&fixture.pool, shipped_vocabulary(), &ann, by_hand(ids[0], "till"))
        .await
        .unwrap();
    let same = approvals::create(&fixture.pool, shipped_vocabulary(), &ann, by_hand(ids[1], "desk"))
        .await
        .unwrap();
    let denied = fixture.tag(ids[2], "team", "desk", 0.8).await;
    decide(&fixture, &ann, Decision::Deny, &[denied]).await;
    let id = suggest(&fixture, &named("orders-"), &[("team", "desk")]).await;
    accept(&fixture, &approver("bob"), id, None).await.unwrap();
    for _ in 0..2 {
        evaluate_all_again(&fixture).await;
        assert_eq!(fixture.status(other.id).await, Approved);
        assert_eq!(fixture.status(denied).await, Denied);
        let kept = tag_of(&fixture, ids[1], "team").await;
        assert_eq!(
            (kept.id, kept.source, kept.decided_by.as_deref()),
            (same.id, TagSource::Manual, Some("ann"))
        );
        assert_eq!(tags_of(&fixture, ids[0], "team").await.len(), 1);
    }
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn a_single_tag_is_undone_denied_and_approved_like_any_other() {
    let fixture = Fixture::new().await;
    let (_, ids) = fixture
        .report(&[resource("orders-a"), resource("orders-b")])
        .await;
    let id = suggest(&fixture, &named("orders-"), &[("team", "desk")]).await;
    accept(&fixture, &approver("bob"), id, None).await.unwrap();
    fixture.auto_tag().await;
    let (one, two) = (
        tag_of(&fixture, ids[0], "team").await.id,
        tag_of(&fixture, ids[1], "team").await.id,
    );
    let ann = approver("ann");
    undo(&fixture.pool, &ann, vec![one, two], None).await.unwrap();
    evaluate_all_again(&fixture).await;
    assert_eq!(
        (fixture.status(one).await, fixture.status(two).await),
        (Pending, Pending)
    );
    decide(&fixture, &ann, Decision::Deny, &[one]).await;
    decide(&fixture, &ann, Decision::Approve, &[two]).await;
    evaluate_all_again(&fixture).await;
    assert_eq!(
        (fixture.status(one).await, fixture.status(two).await),
        (Denied, Approved)
    );
    suggestions::revoke(&fixture.pool, &ann, id, None).await.unwrap();
    evaluate_all_again(&fixture).await;
    assert_eq!(
        (fixture.status(one).await, fixture.status(two).await),
        (Denied, Approved),
        "what a person decided is the person's"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn who_is_limited_to_accounts_decides_there_alone() {
    let fixture = Fixture::new().await;
    let elsewhere = |name: &str| {
        let mut resource = resource(name);
        resource.account_id = "999".into();
        resource
    };
    let resource_id = fixture.resource("orders-a").await;
    fixture.report(&[elsewhere("bills-a")]).await;
    let orders = suggest(&fixture, &named("orders-"), &[("team", "desk")]).await;
    let bills = suggest(&fixture, &named("bills-"), &[("team", "till")]).await;
    let limited = limited("111122223333");
    let seen = list::by_ids(&fixture.pool, &limited.scope, vec![orders, bills])
        .await
        .unwrap();
    assert_eq!(seen.iter().map(|each| each.id).collect::<Vec<_>>(), [orders]);
    for refused in [
        accept(&fixture, &limited, bills, None).await.map(drop),
        suggestions::dismiss(&fixture.pool, &limited, bills, None)
            .await
            .map(drop),
        suggestions::revoke(&fixture.pool, &limited, bills, None)
            .await
            .map(drop),
    ] {
        assert_eq!(refusal(refused.unwrap_err()), ProblemCode::NotFound);
    }
    accept(&fixture, &limited, orders, None).await.unwrap();
    let (_, other) = fixture.report(&[elsewhere("orders-b")]).await;
    fixture.auto_tag().await;
    assert_eq!(
        tag_of(&fixture, resource_id, "team").await.approval_status,
        Approved
    );
    assert!(tags_of(&fixture, other[0], "team").await.is_empty());

    let admin = actor("ada", Role::Admin);
    accept(&fixture, &admin, bills, None).await.unwrap();
    fixture.auto_tag().await;
    let rule = rules::list::in_order(&fixture.pool, &admin.scope).await.unwrap();
    assert_eq!(rule.len(), 2);
}
