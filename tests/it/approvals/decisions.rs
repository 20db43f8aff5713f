//! The approval state machine on a real database.

use crate::support::decisions::{decide, try_decide, undo};
use crate::support::fixture::{Fixture, actor, approver, limited};
use crate::support::locks::{wait_until_blocked_for, wait_until_deadlocks_are};
use sea_orm::TransactionTrait;
use std::time::Duration;
use virtual_tagging::auth::Role;
use virtual_tagging::db::sql;
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::approvals::{
    self, Decision, DecisionOutcome, Decisions, GroupKey, Selection, TagFilter,
};
use virtual_tagging::domain::{AuditAction, TagSource};
use virtual_tagging::error::{Error, ProblemCode};

fn code(decisions: &Decisions, at: usize) -> Option<ProblemCode> {
    decisions.items[at].problem.as_ref().map(|problem| problem.code)
}

#[tokio::test]
async fn an_approval_is_kept_with_who_and_why_and_audited() {
    let fixture = Fixture::new().await;
    let tag = fixture
        .tag(
            fixture.resource("orders").await,
            "environment",
            "production",
            0.95,
        )
        .await;
    let selection = Selection::Ids(vec![tag]);
    let because = Some("it is".to_owned());
    let done = try_decide(
        &fixture.pool,
        &approver("ann"),
        Decision::Approve,
        selection,
        because,
    )
    .await
    .unwrap();
    let now = done.items[0].tag.as_ref().unwrap();
    assert_eq!((done.decided(), now.approval_status), (1, Approved));
    assert_eq!(now.decided_by.as_deref(), Some("ann"));
    assert_eq!(now.decision_reason.as_deref(), Some("it is"));
    let trail = fixture.trail().await;
    assert_eq!(trail.len(), 1);
    assert_eq!(
        (trail[0].action, trail[0].actor.as_str()),
        (AuditAction::Approved, "ann")
    );
    assert_eq!(
        (trail[0].old_status, trail[0].new_status),
        (Some(Pending), Some(Approved))
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn deciding_again_learns_the_first_decision_and_changes_nothing() {
    let fixture = Fixture::new().await;
    let tag = fixture
        .tag(
            fixture.resource("orders").await,
            "environment",
            "production",
            0.95,
        )
        .await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[tag]).await;
    let again = decide(&fixture, &approver("bob"), Decision::Approve, &[tag]).await;
    assert_eq!(
        (again.decided(), code(&again, 0)),
        (0, Some(ProblemCode::AlreadyDecided))
    );
    let message = &again.items[0].problem.as_ref().unwrap().message;
    assert!(message.starts_with("already denied by ann at "), "{message}");
    assert_eq!(fixture.status(tag).await, Denied);
    assert_eq!(fixture.trail().await.len(), 1);
}

#[tokio::test]
async fn of_many_callers_at_once_one_decides_each_tag() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let mut tags = Vec::new();
    for n in 0..20 {
        tags.push(fixture.tag(resource, &format!("key{n}"), "value", 0.8).await);
    }
    let callers = (0..8).map(|n| {
        let (pool, mut ids) = (fixture.pool.clone(), tags.clone());
        tokio::spawn(async move {
            // Each in another order, which must not end in a deadlock.
            ids.rotate_left(n * 2);
            let decision = if n % 2 == 0 {
                Decision::Approve
            } else {
                Decision::Deny
            };
            let caller = approver(&format!("caller{n}"));
            try_decide(&pool, &caller, decision, Selection::Ids(ids), None)
                .await
                .unwrap()
        })
    });
    let mut decided = 0;
    for caller in callers.collect::<Vec<_>>() {
        let decisions = caller.await.unwrap();
        decided += decisions.decided();
        assert!(decisions.items.iter().all(|item| {
            item.problem
                .as_ref()
                .is_none_or(|problem| problem.message.starts_with("already "))
        }));
    }
    assert_eq!(decided, tags.len());
    assert_eq!(fixture.trail().await.len(), tags.len());
}

#[tokio::test]
async fn approving_a_value_supersedes_the_others_and_undoing_gives_them_back() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let old = fixture.tag(resource, "environment", "staging", 0.9).await;
    decide(&fixture, &approver("ann"), Decision::Approve, &[old]).await;
    let new = fixture.tag(resource, "environment", "production", 0.95).await;
    let other = fixture.tag(resource, "environment", "test", 0.7).await;
    let unrelated = fixture.tag(resource, "team", "payments", 0.9).await;
    decide(&fixture, &approver("bob"), Decision::Approve, &[new]).await;
    let now = [
        fixture.status(old).await,
        fixture.status(new).await,
        fixture.status(other).await,
    ];
    assert_eq!(now, [Superseded, Approved, Superseded]);
    assert_eq!(fixture.status(unrelated).await, Pending);
    let of_superseded = decide(&fixture, &approver("cy"), Decision::Approve, &[other]).await;
    assert_eq!(code(&of_superseded, 0), Some(ProblemCode::AlreadyDecided));

    undo(&fixture.pool, &approver("bob"), vec![new], Some("oops".into()))
        .await
        .unwrap();
    let now = [
        fixture.status(old).await,
        fixture.status(new).await,
        fixture.status(other).await,
    ];
    assert_eq!(now, [Approved, Pending, Pending]);
    // Approved once, superseded two and approved one, undone one and restored two.
    assert_eq!(fixture.trail().await.len(), 1 + 3 + 3);
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn of_two_values_of_a_key_in_one_request_the_more_confident_wins() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let weak = fixture.tag(resource, "environment", "test", 0.75).await;
    let strong = fixture.tag(resource, "environment", "production", 0.92).await;
    let done = decide(&fixture, &approver("ann"), Decision::Approve, &[weak, strong]).await;
    assert_eq!(
        (code(&done, 0), code(&done, 1)),
        (Some(ProblemCode::AlreadyDecided), None)
    );
    assert_eq!(
        (fixture.status(weak).await, fixture.status(strong).await),
        (Superseded, Approved)
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn undoing_a_denial_reopens_it_and_what_was_not_decided_is_reported() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let denied = fixture.tag(resource, "environment", "test", 0.75).await;
    let pending = fixture.tag(resource, "team", "payments", 0.75).await;
    decide(&fixture, &approver("ann"), Decision::Deny, &[denied]).await;
    let undone = undo(&fixture.pool, &approver("ann"), vec![denied, pending, 999], None)
        .await
        .unwrap();
    assert_eq!(code(&undone, 0), None);
    assert_eq!(code(&undone, 1), Some(ProblemCode::Conflict));
    assert_eq!(code(&undone, 2), Some(ProblemCode::NotFound));
    let now = undone.items[0].tag.as_ref().unwrap();
    assert_eq!((now.approval_status, now.decided_by.as_ref()), (Pending, None));
}

#[tokio::test]
async fn a_filter_and_a_group_decide_what_they_take() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let sure = fixture.tag(resource, "environment", "production", 0.95).await;
    let unsure = fixture.tag(resource, "team", "payments", 0.75).await;
    let grouped = fixture
        .tag(fixture.resource("bills").await, "team", "payments", 0.8)
        .await;
    let filter = TagFilter {
        min_confidence: Some(0.9),
        ..TagFilter::default()
    };
    let by_filter = try_decide(
        &fixture.pool,
        &approver("ann"),
        Decision::Approve,
        Selection::Filter(filter),
        None,
    )
    .await;
    assert_eq!(by_filter.unwrap().decided(), 1);
    assert_eq!(fixture.status(sure).await, Approved);
    let group = GroupKey {
        tag_key: "team".into(),
        tag_value: "payments".into(),
        source: TagSource::Pattern,
        evidence_signature: "PATTERN:test".into(),
    };
    let by_group = try_decide(
        &fixture.pool,
        &approver("ann"),
        Decision::Deny,
        Selection::Group(group),
        None,
    )
    .await;
    assert_eq!(by_group.unwrap().decided(), 2);
    assert_eq!(
        (fixture.status(unsure).await, fixture.status(grouped).await),
        (Denied, Denied)
    );
}

#[tokio::test]
async fn more_than_a_thousand_are_left_to_a_run_and_none_is_decided_at_once() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource("orders").await;
    let fill = "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
            approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
         SELECT $1, 'key' || n, 'value', 'PATTERN', 0.8, false, 'PENDING', '{}', 's', 'aws', '111122223333', 't'
           FROM generate_series(1, 1001) AS n";
    sql::execute(&fixture.pool, fill, [resource.into()])
        .await
        .unwrap();
    let all = || Selection::Filter(TagFilter::default());
    let ids = Selection::Ids((1..=1001).collect());
    let ann = approver("ann");
    for selection in [all(), ids] {
        let left = approvals::decide(&fixture.pool, &ann, Decision::Approve, selection, None).await;
        assert!(matches!(left, Ok(DecisionOutcome::Deferred(_))), "{left:?}");
    }
    assert_eq!(fixture.trail().await.len(), 0);
    sql::execute(&fixture.pool, "DELETE FROM virtual_tags WHERE id = 1", [])
        .await
        .unwrap();
    let done = try_decide(&fixture.pool, &ann, Decision::Approve, all(), None)
        .await
        .unwrap();
    assert_eq!(done.decided(), 1000);
}

#[tokio::test]
async fn viewers_and_other_accounts_decide_nothing() {
    let fixture = Fixture::new().await;
    let tag = fixture
        .tag(
            fixture.resource("orders").await,
            "environment",
            "production",
            0.95,
        )
        .await;
    let viewer = actor("vic", Role::Viewer);
    let ids = Selection::Ids(vec![tag]);
    let refused = try_decide(&fixture.pool, &viewer, Decision::Approve, ids, None).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let stranger = limited("999988887777");
    let unseen = decide(&fixture, &stranger, Decision::Approve, &[tag]).await;
    assert_eq!(code(&unseen, 0), Some(ProblemCode::NotFound));
    let by_filter = Selection::Filter(TagFilter::default());
    let none = try_decide(&fixture.pool, &stranger, Decision::Deny, by_filter, None)
        .await
        .unwrap();
    assert!(none.items.is_empty());
    assert_eq!(fixture.status(tag).await, Pending);
}

#[tokio::test]
async fn a_decision_that_gave_way_in_a_deadlock_is_made_again() {
    let fixture = Fixture::new().await;
    let (first, second) = (fixture.resource("first").await, fixture.resource("second").await);
    let tags = [
        fixture.tag(first, "team", "payments", 0.8).await,
        fixture.tag(second, "team", "payments", 0.8).await,
    ];
    let lock = "SELECT 1 FROM resources WHERE id = $1 FOR NO KEY UPDATE";
    let other = fixture.pool.begin().await.unwrap();
    sql::execute(&other, lock, [second.into()]).await.unwrap();
    let pool = fixture.pool.clone();
    let decision = tokio::spawn(async move {
        let ids = Selection::Ids(tags.to_vec());
        try_decide(&pool, &approver("ann"), Decision::Approve, ids, None).await
    });
    // The decision holds the first and waits for the second. It has waited for longer, so it looks for a deadlock first
    // and is the one that PostgreSQL ends; the other one succeeds.
    wait_until_blocked_for(&fixture.pool, Duration::from_millis(300)).await;
    sql::execute(&other, lock, [first.into()]).await.unwrap();
    other.commit().await.unwrap();
    wait_until_deadlocks_are(&fixture.pool, 1).await;
    assert_eq!(decision.await.unwrap().unwrap().decided(), 2);
}
