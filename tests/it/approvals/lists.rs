//! Results of a list do not depend on the query plan: each filter, order and page beside all rows, looked through
//! one by one.

use crate::support::fixture::{Fixture, approver, limited};
use crate::support::pages::{sorted, walk};
use chrono::{DateTime, Utc};
use sea_orm::ActiveEnum;
use std::collections::BTreeMap;
use virtual_tagging::auth::{AccountScope, Actor};
use virtual_tagging::db::estimate::Total;
use virtual_tagging::db::keyset::Keyset;
use virtual_tagging::db::sql;
use virtual_tagging::domain::approvals::facets::{self, ApprovalFacet};
use virtual_tagging::domain::approvals::groups::{self, Group, GroupOrder};
use virtual_tagging::domain::approvals::queue::{self, QueueOrder};
use virtual_tagging::domain::approvals::tags::{self, AnyTagFilter, TagOrder};
use virtual_tagging::domain::approvals::{
    ResourceColumns, TagFilter, TagKind, TagProjection, VirtualTag, stats,
};
use virtual_tagging::domain::counters::facets::FacetSearch;
use virtual_tagging::domain::{ApprovalStatus, Cloud, TagSource};

/// So many pending tags that no filter is taken for a rare one because all are few.
const RESOURCES: i64 = 1_000;

async fn fill(fixture: &Fixture) {
    let resources =
        "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
         SELECT 'r' || g, 'r' || g, CASE WHEN g % 10 = 0 THEN 'gcp' ELSE 'aws' END, 'account-' || g % 10,
                CASE WHEN g > $1 - 40 THEN 'late' ELSE 'type-' || g % 3 END, 'test'
           FROM generate_series(1, $1) g";
    sql::execute(&fixture.pool, resources, [RESOURCES.into()])
        .await
        .unwrap();
    // A source says what it says with a confidence of its own; what is late is the least sure.
    let tags =
        "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status,
                evidence, evidence_signature, created_at, cloud, account_id, resource_type)
         SELECT r.id, k.key, 'value-' || r.id % k.values, s.source, s.confidence, s.confidence >= 0.9,
                CASE WHEN r.id % 50 = 1 THEN 'DENIED' ELSE 'PENDING' END, '{}',
                CASE WHEN r.id % 17 = 3 AND s.confidence < 0.9 THEN 'CONTRADICTS:other:' ELSE '' END || s.source || ':' || r.id % 4,
                now() - (r.id * 7 % 1000) * interval '1 minute', r.cloud, r.account_id, r.resource_type
           FROM resources r CROSS JOIN (VALUES (1, 'environment', 3), (2, 'team', 90), (3, 'owner', 7)) k(n, key, values)
          CROSS JOIN LATERAL (SELECT CASE (r.id + k.n) % 3 WHEN 0 THEN 'NATIVE' WHEN 1 THEN 'TYPE' ELSE 'PATTERN' END
                     AS source) o
          CROSS JOIN LATERAL (SELECT o.source, CASE WHEN r.resource_type = 'late' THEN 0.5 WHEN o.source = 'NATIVE' THEN 0.98
                     WHEN o.source = 'TYPE' THEN 0.75 ELSE 0.7 + (r.id % 29) / 100.0 END AS confidence) s";
    sql::execute(&fixture.pool, tags, []).await.unwrap();
    sql::execute(&fixture.pool, "ANALYZE", []).await.unwrap();
}

fn takes(filter: &TagFilter, tag: &VirtualTag) -> bool {
    fn is<T: PartialEq>(wanted: Option<&T>, has: &T) -> bool {
        wanted.is_none_or(|wanted| wanted == has)
    }
    is(filter.kind.as_ref(), &TagKind::of(tag))
        && is(filter.tag_key.as_ref(), &tag.tag_key)
        && is(filter.tag_value.as_ref(), &tag.tag_value)
        && is(filter.cloud.as_ref(), &tag.cloud)
        && is(filter.account_id.as_ref(), &tag.account_id)
        && is(filter.resource_type.as_ref(), &tag.resource_type)
        && is(filter.source.as_ref(), &tag.source)
        && is(filter.evidence_signature.as_ref(), &tag.evidence_signature)
        && filter.min_confidence.is_none_or(|least| tag.confidence >= least)
        && filter.max_confidence.is_none_or(|most| tag.confidence <= most)
        && filter.created_before.is_none_or(|before| tag.created_at < before)
        && filter.created_after.is_none_or(|after| tag.created_at >= after)
}

fn filters(some: &VirtualTag) -> Vec<TagFilter> {
    let all = TagFilter::default;
    let text = |text: &str| Some(text.to_owned());
    vec![
        all(),
        TagFilter {
            cloud: Some(Cloud::Aws),
            ..all()
        },
        TagFilter {
            account_id: text("account-3"),
            ..all()
        },
        TagFilter {
            resource_type: text("late"),
            ..all()
        },
        TagFilter {
            resource_type: text("nothing"),
            ..all()
        },
        TagFilter {
            tag_value: text("value-2"),
            ..all()
        },
        TagFilter {
            evidence_signature: text("TYPE:3"),
            ..all()
        },
        TagFilter {
            evidence_signature: text("nothing"),
            ..all()
        },
        TagFilter {
            tag_key: text("owner"),
            tag_value: text("value-2"),
            source: Some(TagSource::Native),
            evidence_signature: text("NATIVE:1"),
            ..all()
        },
        TagFilter {
            kind: Some(TagKind::Suggestion),
            min_confidence: Some(0.9),
            ..all()
        },
        TagFilter {
            source: Some(TagSource::Type),
            min_confidence: Some(0.76),
            ..all()
        },
        TagFilter {
            min_confidence: Some(0.75),
            max_confidence: Some(0.85),
            ..all()
        },
        TagFilter {
            max_confidence: Some(0.5),
            ..all()
        },
        TagFilter {
            tag_value: text("value-1"),
            min_confidence: Some(0.98),
            ..all()
        },
        TagFilter {
            created_before: Some(some.created_at),
            ..all()
        },
        TagFilter {
            kind: Some(TagKind::Contradiction),
            ..all()
        },
        TagFilter {
            created_after: Some(some.created_at),
            kind: Some(TagKind::AutoApplied),
            ..all()
        },
    ]
}

fn ids(tags: &[VirtualTag]) -> Vec<i64> {
    tags.iter().map(|tag| tag.id).collect()
}

#[tokio::test]
async fn the_queue_its_groups_and_its_figures_are_those_of_the_filter() {
    let fixture = Fixture::new().await;
    fill(&fixture).await;
    let all = fixture.tags().await;
    let two = AccountScope::Only(vec!["account-0".into(), "account-3".into()]);
    for scope in [AccountScope::All, limited("account-0").scope, two] {
        let actor = Actor {
            scope: scope.clone(),
            ..approver("ann")
        };
        for filter in filters(&all[500]) {
            let pending: Vec<VirtualTag> = all
                .iter()
                .filter(|tag| tag.approval_status == ApprovalStatus::Pending)
                .filter(|tag| scope.allows(&tag.account_id) && takes(&filter, tag))
                .cloned()
                .collect();
            let (fixture, actor, filter) = (&fixture, &actor, &filter);
            for (order, backward) in [
                (QueueOrder::ConfidenceDesc, false),
                (QueueOrder::ConfidenceAsc, true),
                (QueueOrder::Age, false),
                (QueueOrder::Newest, true),
            ] {
                let load = TagProjection {
                    resource: backward.then(ResourceColumns::keys),
                    ..TagProjection::default()
                };
                let found = walk(order, 490, backward, async |window| {
                    let page = queue::list(&fixture.pool, actor, filter, order, &window, load).await;
                    page.unwrap().map(|row| row.tag)
                });
                let (found, expected) = (found.await, sorted(order, pending.clone()));
                assert_eq!(ids(&found), ids(&expected), "{filter:?} {scope:?} {order:?}");
            }
            assert_groups(fixture, actor, filter, &pending).await;
            let in_scope = |tag: &&VirtualTag| {
                tag.approval_status == ApprovalStatus::Pending && actor.scope.allows(&tag.account_id)
            };
            assert_facets(fixture, actor, filter, all.iter().filter(in_scope)).await;
            let figures = stats::stats(&fixture.pool, actor, filter, Utc::now())
                .await
                .unwrap();
            assert_eq!(figures.pending, pending.len() as i64, "{filter:?} {scope:?}");
            let oldest = pending.iter().map(|tag| tag.created_at).min();
            assert_eq!(figures.oldest, oldest, "{filter:?} {scope:?}");
            let any = AnyTagFilter {
                tag: filter.clone(),
                status: Some(ApprovalStatus::Pending),
                rule_id: None,
            };
            let found = walk(TagOrder::Newest, 490, false, async |window| {
                let (order, load) = (TagOrder::Newest, TagProjection::default());
                let page = tags::list(&fixture.pool, actor, &any, order, &window, load).await;
                page.unwrap().map(|row| row.tag)
            });
            let expected = sorted(TagOrder::Newest, pending);
            assert_eq!(ids(&found.await), ids(&expected), "{filter:?} {scope:?}");
        }
    }
}

/// Facets of the filter beside the tags of the actor, counted one by one.
async fn assert_facets(
    fixture: &Fixture,
    actor: &Actor,
    filter: &TagFilter,
    tags: impl Iterator<Item = &VirtualTag> + Clone,
) {
    type Read = fn(&VirtualTag) -> String;
    type Clear = fn(&mut TagFilter);
    let facets: [(ApprovalFacet, Read, Clear); 6] = [
        (
            ApprovalFacet::Account,
            |tag| tag.account_id.clone(),
            |filter| filter.account_id = None,
        ),
        (
            ApprovalFacet::Cloud,
            |tag| tag.cloud.to_value(),
            |filter| filter.cloud = None,
        ),
        (
            ApprovalFacet::Key,
            |tag| tag.tag_key.clone(),
            |filter| filter.tag_key = None,
        ),
        (
            ApprovalFacet::ResourceType,
            |tag| tag.resource_type.clone(),
            |filter| filter.resource_type = None,
        ),
        (
            ApprovalFacet::Source,
            |tag| tag.source.to_value(),
            |filter| filter.source = None,
        ),
        (
            ApprovalFacet::Value,
            |tag| tag.tag_value.clone(),
            |filter| filter.tag_value = None,
        ),
    ];
    for (facet, read, clear) in facets {
        let mut others = filter.clone();
        clear(&mut others);
        for prefix in [None, Some("VALUE-1"), Some("a")] {
            let mut expected: BTreeMap<String, i64> = BTreeMap::new();
            for tag in tags.clone().filter(|tag| takes(&others, tag)) {
                let value = read(tag);
                if value.starts_with(&prefix.unwrap_or_default().to_lowercase()) {
                    *expected.entry(value).or_default() += 1;
                }
            }
            let mut expected: Vec<(String, i64)> = expected.into_iter().collect();
            expected.sort_by_key(|(_, count)| -count);
            let search = FacetSearch {
                prefix: prefix.map(str::to_owned),
                first: 30,
            };
            let found = facets::count_by(&fixture.pool, actor, facet, filter.clone(), &search).await;
            let found = found.unwrap();
            assert!(!found.is_estimate, "{facet:?} {filter:?}");
            let found: Vec<_> = found
                .values
                .into_iter()
                .map(|one| (one.value, one.count))
                .collect();
            let counts = |list: &[(String, i64)]| list.iter().map(|one| one.1).collect::<Vec<_>>();
            assert_eq!(
                found.len(),
                expected.len().min(30),
                "{facet:?} {prefix:?} {filter:?}"
            );
            assert_eq!(
                counts(&found),
                counts(&expected[..found.len()]),
                "{facet:?} {prefix:?} {filter:?}"
            );
            assert!(
                found.iter().all(|one| expected.contains(one)),
                "{facet:?} {prefix:?} {filter:?}"
            );
        }
    }
}

async fn assert_groups(fixture: &Fixture, actor: &Actor, filter: &TagFilter, pending: &[VirtualTag]) {
    let mut expected: BTreeMap<_, (i64, f64, f64, DateTime<Utc>)> = BTreeMap::new();
    for tag in pending {
        let key = (
            &tag.tag_key,
            &tag.tag_value,
            format!("{:?}", tag.source),
            &tag.evidence_signature,
        );
        let of_tag = (0, tag.confidence, tag.confidence, tag.created_at);
        let group = expected.entry(key).or_insert(of_tag);
        *group = (
            group.0 + 1,
            group.1.min(tag.confidence),
            group.2.max(tag.confidence),
            group.3.min(tag.created_at),
        );
    }
    for (backward, most) in [
        (false, groups::MAX_READ),
        (true, groups::MAX_READ),
        (true, 90),
        (false, 200),
    ] {
        let found = walk(GroupOrder::Name, 300, backward, async |window| {
            let page = groups::list_within(&fixture.pool, actor, filter, &window, most).await;
            page.unwrap()
        });
        let found = found.await;
        let mut figures = BTreeMap::new();
        for group in &found {
            let key = (
                &group.tag_key,
                &group.tag_value,
                format!("{:?}", group.source),
                &group.evidence_signature,
            );
            let figure = (
                group.count,
                group.min_confidence,
                group.max_confidence,
                group.oldest,
            );
            figures.insert(key, figure);
        }
        assert_eq!(
            (figures.len(), &figures),
            (found.len(), &expected),
            "{filter:?} {actor:?}"
        );
    }
    for order in [GroupOrder::Impact, GroupOrder::Surest, GroupOrder::Oldest] {
        for backward in [false, true] {
            let found = walk(order, 40, backward, async |window| {
                let page = groups::list(&fixture.pool, actor, filter, order, &window).await;
                page.unwrap()
            });
            let found = found.await;
            assert_eq!(found.len(), expected.len(), "{order:?} {filter:?} {actor:?}");
            assert!(
                found.is_sorted_by(|one, next| order.key(one) < order.key(next)),
                "{order:?} {filter:?} {actor:?}"
            );
            let contradicts = |group: &Group| group.evidence_signature.starts_with("CONTRADICTS:");
            assert!(
                found.is_sorted_by_key(|group| !contradicts(group)),
                "contradictions come first: {order:?} {filter:?} {actor:?}"
            );
            if *filter == TagFilter::default() {
                assert!(found.iter().any(contradicts) && !found.iter().all(contradicts));
            }
            if filter.kind == Some(TagKind::Contradiction) {
                assert!(!found.is_empty() && found.iter().all(contradicts));
            }
            for group in &found {
                let key = (
                    &group.tag_key,
                    &group.tag_value,
                    format!("{:?}", group.source),
                    &group.evidence_signature,
                );
                let figure = (
                    group.count,
                    group.min_confidence,
                    group.max_confidence,
                    group.oldest,
                );
                assert_eq!(expected[&key], figure, "{order:?} {filter:?} {actor:?}");
            }
        }
    }
    let count = groups::count(&fixture.pool, actor, filter).await.unwrap();
    assert_eq!(count, Total::exact(expected.len() as u64), "{filter:?}");
}
