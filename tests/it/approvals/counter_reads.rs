//! Reads by the counters give the same as without them.

use super::counters::{dataset, pending};
use crate::support::decisions::{decide, undo};
use crate::support::fixture::{Fixture, actor, approver, limited, shipped_vocabulary};
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::db::estimate::Total;
use virtual_tagging::db::keyset::{Keyset, Window};
use virtual_tagging::db::sql;
use virtual_tagging::domain::approvals::queue::{self, QueueOrder};
use virtual_tagging::domain::approvals::{self, Decision, TagFilter, TagKind, TagProjection};
use virtual_tagging::domain::counters;
use virtual_tagging::domain::inventory::inferences;
use virtual_tagging::domain::{ApprovalStatus, Cloud, TagSource};

/// The ids that a page by page walk of the queue finds.
async fn walk(
    fixture: &Fixture,
    scope: &AccountScope,
    filter: &TagFilter,
    order: QueueOrder,
    backward: bool,
) -> Vec<i64> {
    let actor = Actor {
        scope: scope.clone(),
        ..approver("ann")
    };
    let mut window = Window {
        backward,
        ..Window::first(7)
    };
    let mut found = Vec::new();
    loop {
        let page = queue::list(
            &fixture.pool,
            &actor,
            filter,
            order,
            &window,
            TagProjection::default(),
        )
        .await
        .unwrap();
        let mut rows: Vec<_> = page.rows.into_iter().map(|row| row.tag).collect();
        if backward {
            rows.reverse();
        }
        found.extend(rows.iter().map(|tag| tag.id));
        let (more, last) = (
            if backward {
                page.has_previous
            } else {
                page.has_next
            },
            rows.last(),
        );
        let bound = last.filter(|_| more).map(|tag| order.key(tag));
        match (bound, backward) {
            (None, _) => break,
            (bound, true) => window.before = bound,
            (bound, false) => window.after = bound,
        }
    }
    if backward {
        found.reverse();
    }
    let total = queue::count(&fixture.pool, &actor, filter).await.unwrap();
    assert_eq!(total, Total::exact(found.len() as u64), "{filter:?}");
    found
}

#[tokio::test]
async fn a_filter_finds_the_same_however_it_is_looked_for() {
    let fixture = Fixture::new().await;
    fixture.report(&dataset(40)).await;
    fixture.auto_tag().await;
    decide(
        &fixture,
        &approver("ann"),
        Decision::Deny,
        &pending(&fixture).await[..9],
    )
    .await;
    let tags: Vec<_> = fixture.tags().await;
    let tags: Vec<_> = tags
        .into_iter()
        .filter(|tag| tag.approval_status == ApprovalStatus::Pending)
        .collect();
    let some = tags[tags.len() / 2].clone();
    let all = TagFilter::default;
    let filters = [
        all(),
        TagFilter {
            tag_key: Some(some.tag_key.clone()),
            ..all()
        },
        TagFilter {
            tag_value: Some(some.tag_value.clone()),
            ..all()
        },
        TagFilter {
            tag_value: Some("nowhere".into()),
            ..all()
        },
        TagFilter {
            source: Some(TagSource::Model),
            ..all()
        },
        TagFilter {
            account_id: Some("account-1".into()),
            kind: Some(TagKind::AutoApplied),
            ..all()
        },
        TagFilter {
            cloud: Some(Cloud::Gcp),
            resource_type: Some("sqs/queue".into()),
            ..all()
        },
        TagFilter {
            evidence_signature: Some(some.evidence_signature.clone()),
            max_confidence: Some(0.99),
            ..all()
        },
    ];
    for scope in [
        AccountScope::All,
        limited("account-1").scope,
        AccountScope::Only(vec!["account-0".into(), "account-2".into()]),
    ] {
        for filter in &filters {
            let mut expected: Vec<_> = tags
                .iter()
                .filter(|tag| {
                    scope.allows(&tag.account_id)
                        && filter
                            .kind
                            .is_none_or(|kind| (kind == TagKind::AutoApplied) == tag.auto_applied)
                        && filter.tag_key.as_ref().is_none_or(|key| *key == tag.tag_key)
                        && filter
                            .tag_value
                            .as_ref()
                            .is_none_or(|value| *value == tag.tag_value)
                        && filter.source.is_none_or(|source| source == tag.source)
                        && filter.account_id.as_ref().is_none_or(|id| *id == tag.account_id)
                        && filter.cloud.is_none_or(|cloud| cloud == tag.cloud)
                        && filter
                            .evidence_signature
                            .as_ref()
                            .is_none_or(|it| *it == tag.evidence_signature)
                        && filter.max_confidence.is_none_or(|most| tag.confidence <= most)
                })
                .collect();
            expected.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(b.id.cmp(&a.id)));
            let expected: Vec<i64> = expected.iter().map(|tag| tag.id).collect();
            for backward in [false, true] {
                let found = walk(&fixture, &scope, filter, QueueOrder::ConfidenceDesc, backward).await;
                assert_eq!(found, expected, "{filter:?} {scope:?} backward: {backward}");
            }
        }
    }
}

#[tokio::test]
async fn the_total_of_a_long_list_without_counters_is_an_estimate() {
    let fixture = Fixture::new().await;
    let id = fixture.resource("orders").await;
    let root = actor("root", Role::Admin);
    let fill = "INSERT INTO ml_inferences (resource_id, model_version, revision, predictions)
         SELECT $1, 'test', 1, '[]' FROM generate_series(1, $2)";
    sql::execute(&fixture.pool, fill, [id.into(), 9_999_i64.into()])
        .await
        .unwrap();
    sql::execute(&fixture.pool, "ANALYZE ml_inferences", [])
        .await
        .unwrap();
    let total = inferences::count(&fixture.pool, &root, None).await.unwrap();
    assert_eq!(total, Total::exact(9_999));
    sql::execute(&fixture.pool, fill, [id.into(), 5_000_i64.into()])
        .await
        .unwrap();
    // PostgreSQL knows the size of the table before anybody has analysed it again.
    let total = inferences::count(&fixture.pool, &root, None).await.unwrap();
    assert!(
        total.is_estimate && (12_000..18_000).contains(&total.count),
        "{total:?}"
    );
    let total = inferences::count(&fixture.pool, &root, Some(id + 1))
        .await
        .unwrap();
    assert_eq!(total, Total::exact(0));
}

/// An undone decision is gone from the day's decisions, wherever its resource is now.
#[tokio::test]
async fn decisions_of_the_day_are_those_that_stand() {
    let fixture = Fixture::new().await;
    fixture.report(&dataset(80)).await;
    fixture.auto_tag().await;
    let tags = pending(&fixture).await;
    let ann = approver("ann");
    let day_ago = || chrono::Utc::now() - chrono::TimeDelta::hours(24);
    let stand = async || {
        let count = async || {
            counters::decisions(&fixture.pool, &AccountScope::All, None, None, day_ago())
                .await
                .unwrap()
        };
        let unfolded = count().await;
        counters::fold(&fixture.pool).await.unwrap();
        assert_eq!(super::counters::differences(&fixture).await, []);
        assert_eq!(count().await, unfolded);
        unfolded
    };
    decide(&fixture, &ann, Decision::Approve, &tags[..6]).await;
    decide(&fixture, &ann, Decision::Deny, &tags[6..10]).await;
    assert_eq!(stand().await, 10);
    let undo = async |tags: &[i64]| {
        undo(&fixture.pool, &ann, tags.to_vec(), None).await.unwrap();
    };
    undo(&tags[4..8]).await;
    assert_eq!(stand().await, 6);
    // Decided again, and taken back again.
    decide(&fixture, &ann, Decision::Deny, &tags[5..7]).await;
    assert_eq!(stand().await, 8);
    undo(&tags[5..6]).await;
    assert_eq!(stand().await, 7);
    // Made by hand is not decided, and to take it back takes nothing off.
    let by_hand = "SELECT resource_id FROM virtual_tags WHERE id = $1";
    let new = approvals::NewTag {
        resource_id: fixture.number(by_hand, [tags[20].into()]).await,
        tag_key: "by hand".into(),
        tag_value: "x".into(),
        reason: None,
    };
    let made = approvals::create(&fixture.pool, shipped_vocabulary(), &ann, new)
        .await
        .unwrap();
    undo(&[made.id]).await;
    assert_eq!(stand().await, 7);
    decide(&fixture, &ann, Decision::Approve, &tags[10..12]).await;
    assert_eq!(stand().await, 9);
    sql::execute(&fixture.pool, "SELECT counters_rebuild()", [])
        .await
        .unwrap();
    assert_eq!(stand().await, 9, "counted anew");
}
