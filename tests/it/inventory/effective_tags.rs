//! One truth about what holds: effective tags, filters, coverage, denials of native values and undo agree.

use crate::support::decisions::{decide, undo};
use crate::support::fixture::{Fixture, approver, resource, settings, shipped_vocabulary, vocabulary};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::EntityTrait;
use std::collections::BTreeMap;
use tagging::{TagOrigin, Vocabulary};
use virtual_tagging::db::estimate::Total;
use virtual_tagging::domain::ApprovalStatus::{Denied, Pending};
use virtual_tagging::domain::approvals::{self, Decision, NewTag};
use virtual_tagging::domain::coverage::{self, CoverageDimension, CoverageFilter, CoverageGroup};
use virtual_tagging::domain::evaluation::{DryRuns, WhyNotReason, subject, why_not};
use virtual_tagging::domain::inventory::list::{self, ResourceFilter};
use virtual_tagging::domain::inventory::{HeldKey, LackedKey};
use virtual_tagging::domain::revision;
use virtual_tagging::entities::{AccountScope, resource as resources};

const NATIVE: [(&str, &[&str]); 6] = [
    ("Env", &["prd", "DEV", "parity", "tbd"]),
    ("environment", &["production", "Staging"]),
    ("Team", &["Pay Roll", "<team>", "core"]),
    ("owner", &["ann@example.com", "n/a"]),
    ("CostCentre", &["cc-1", "CC 2"]),
    ("Colour", &["red"]),
];

/// Tags in effect of each resource: key to value and origin.
async fn held(fixture: &Fixture) -> BTreeMap<i64, BTreeMap<String, (String, TagOrigin)>> {
    let vocabulary = vocabulary();
    let mut held = BTreeMap::new();
    for row in resources::Entity::find().all(&fixture.pool).await.unwrap() {
        let tags = approvals::tags::resolution_of(&fixture.pool, &AccountScope::All, vec![row.id]);
        let (id, tags) = (row.id, tags.await.unwrap());
        let resolved = subject(row, &tags).unwrap().resolve(&vocabulary).into_iter();
        held.insert(
            id,
            resolved.map(|tag| (tag.key, (tag.value, tag.origin))).collect(),
        );
    }
    held
}

async fn counted(fixture: &Fixture, holds: Option<&str>, lacks: Option<&str>) -> Total {
    let vocabulary = vocabulary();
    let filter = ResourceFilter {
        tag_key: holds.map(|key| HeldKey::new(key, &vocabulary)),
        lacks_tag_key: lacks.map(|key| LackedKey::new(key, &vocabulary)),
        ..ResourceFilter::default()
    };
    list::count(&fixture.pool, &approver("ann"), &filter)
        .await
        .unwrap()
}

async fn covered(fixture: &Fixture, vocabulary: &Vocabulary) -> Vec<CoverageGroup> {
    coverage::count(&fixture.pool, &settings()).await.unwrap();
    let filter = CoverageFilter::default();
    let by = [CoverageDimension::Key];
    coverage::report(&fixture.pool, vocabulary, &approver("ann"), &by, &filter)
        .await
        .unwrap()
}

/// Filters and coverage say of each governed key what the resolution says.
async fn assert_agreement(fixture: &Fixture, seed: u64) {
    let (held, vocabulary) = (held(fixture).await, vocabulary());
    for group in covered(fixture, &vocabulary).await {
        let (key, counts) = (group.tag_key.unwrap(), group.counts);
        let of = |wanted: TagOrigin| {
            let is_wanted = |tags: &&BTreeMap<String, (String, TagOrigin)>| {
                tags.get(&key).is_some_and(|(_, origin)| *origin == wanted)
            };
            held.values().filter(is_wanted).count() as i64
        };
        let (approved, applied, native) = (
            of(TagOrigin::Approved),
            of(TagOrigin::Applied),
            of(TagOrigin::Native),
        );
        let all = held.len() as i64;
        assert_eq!(counts.resources, all, "seed {seed} {key}");
        assert_eq!(
            (
                counts.approved,
                counts.pending,
                counts.native + counts.contradicted
            ),
            (approved, applied, native),
            "seed {seed} {key}"
        );
        let lacking = all - approved - applied - native;
        assert_eq!(
            counts.suggested + counts.missing + counts.invalid,
            lacking,
            "seed {seed} {key}"
        );
        let total = |count: i64| Total::exact(count.unsigned_abs());
        assert_eq!(
            counted(fixture, Some(&key), None).await,
            total(all - lacking),
            "seed {seed} {key}"
        );
        assert_eq!(
            counted(fixture, None, Some(&key)).await,
            total(lacking),
            "seed {seed} {key}"
        );
    }
    let red = held.values().filter(|tags| tags.contains_key("Colour")).count() as u64;
    assert_eq!(
        counted(fixture, Some("Colour"), None).await,
        Total::exact(red),
        "seed {seed}"
    );
}

async fn act(fixture: &Fixture, random: &mut StdRng) {
    let (ann, vocabulary) = (approver("ann"), vocabulary());
    let tags = fixture.tags().await;
    let resource_id = fixture.number("SELECT min(id) FROM resources", []).await + random.random_range(0..24);
    match random.random_range(0..4) {
        0 => {
            let key = *["environment", "team", "owner", "Colour"].choose(random).unwrap();
            let denied =
                approvals::deny_native(&fixture.pool, &vocabulary, &ann, resource_id, key, None).await;
            if let Ok(denied) = denied {
                assert_eq!(denied.approval_status, Denied);
            }
        }
        1 => {
            let (key, value) = *[("environment", "production"), ("team", "core")]
                .choose(random)
                .unwrap();
            let new = NewTag {
                resource_id,
                tag_key: key.into(),
                tag_value: value.into(),
                reason: None,
            };
            approvals::create(&fixture.pool, shipped_vocabulary(), &ann, new)
                .await
                .ok();
        }
        n => {
            let decision = if n == 2 { Decision::Approve } else { Decision::Deny };
            let pending = tags
                .iter()
                .filter(|tag| tag.approval_status == Pending)
                .map(|tag| tag.id);
            if let Some(&id) = pending.collect::<Vec<_>>().choose(random) {
                decide(fixture, &ann, decision, &[id]).await;
            }
        }
    }
}

#[tokio::test]
async fn effective_tags_filters_and_coverage_agree_whatever_is_decided() {
    let seed = rand::random::<u32>().into();
    let mut random = StdRng::seed_from_u64(seed);
    let fixture = Fixture::new().await;
    let mut reports = Vec::new();
    for number in 0..24 {
        let mut report = resource(&format!(
            "{}-{number}",
            ["orders-prod", "bills", "dev-x"].choose(&mut random).unwrap()
        ));
        for (key, values) in NATIVE {
            if random.random_bool(0.4) {
                let value = *values.choose(&mut random).unwrap();
                report.native_tags.insert(key.into(), value.into());
            }
        }
        reports.push(report);
    }
    fixture.report(&reports).await;
    fixture.auto_tag().await;
    assert_agreement(&fixture, seed).await;
    for _ in 0..20 {
        act(&fixture, &mut random).await;
        fixture.auto_tag().await;
    }
    assert_agreement(&fixture, seed).await;
    let (before, denied) = (
        held(&fixture).await,
        fixture
            .count("virtual_tags WHERE approval_status = 'DENIED'")
            .await,
    );
    revision::raise(&fixture.pool).await.unwrap();
    let again = fixture.auto_tag().await;
    assert_eq!(
        (again.proposed, again.refreshed, again.withdrawn),
        (0, 0, 0),
        "seed {seed}"
    );
    assert_eq!(held(&fixture).await, before, "seed {seed}");
    let still = fixture
        .count("virtual_tags WHERE approval_status = 'DENIED'")
        .await;
    assert_eq!(still, denied, "seed {seed}");
}

#[tokio::test]
async fn a_denied_native_value_does_not_hold_until_its_tag_changes_or_the_denial_is_undone() {
    let fixture = Fixture::new().await;
    let (ann, vocabulary) = (approver("ann"), vocabulary());
    let mut report = resource("orders");
    report.native_tags.insert("Env".into(), "prd".into());
    let id = fixture.report(&[report.clone()]).await.1[0];
    fixture.auto_tag().await;
    let holds = async || {
        held(&fixture).await[&id]
            .get("environment")
            .map(|(value, _)| value.clone())
    };
    assert_eq!(holds().await.as_deref(), Some("production"));
    let deny = || approvals::deny_native(&fixture.pool, &vocabulary, &ann, id, "ENV", Some("moved".into()));
    let denied = deny().await.unwrap();
    assert_eq!(
        (denied.tag_key.as_str(), denied.tag_value.as_str()),
        ("environment", "production")
    );
    assert_eq!(
        counted(&fixture, Some("environment"), None).await,
        Total::exact(0)
    );
    assert!(deny().await.is_err(), "nothing is stated any more");
    fixture.auto_tag().await;
    assert_eq!(holds().await, None);
    undo(&fixture.pool, &ann, vec![denied.id], None).await.unwrap();
    fixture.auto_tag().await;
    assert_eq!(holds().await.as_deref(), Some("production"));
    deny().await.unwrap();
    report.native_tags.insert("Env".into(), "PROD".into());
    fixture.report(&[report]).await;
    fixture.auto_tag().await;
    assert_eq!(
        holds().await.as_deref(),
        Some("production"),
        "another tag states it"
    );
    fixture.assert_trail_leads_to_tags().await;
}

#[tokio::test]
async fn why_not_says_what_keeps_a_value_away() {
    use WhyNotReason::{Denied as WasDenied, Holds, NoEvidence, Proposed, UnknownKey};
    let fixture = Fixture::new().await;
    let ann = approver("ann");
    let id = fixture.resource("orders-prod").await;
    let mut tagged = resource("bills");
    tagged.native_tags.insert("Team".into(), "Pay Roll".into());
    let tagged = fixture.report(&[tagged]).await.1[0];
    fixture.auto_tag().await;
    let ask = async |id: i64, key: &str, value: &str| {
        let runs = DryRuns::new(fixture.pool.clone());
        let found = why_not(&fixture.pool, &runs, &settings(), &ann, id, key, value).await;
        found.unwrap().reason
    };
    assert_eq!(ask(tagged, "team", "Pay Roll").await, Holds);
    assert_eq!(ask(tagged, "owner", "ann").await, NoEvidence);
    assert_eq!(ask(tagged, "colour", "red").await, UnknownKey);
    let tag = fixture.tag_with_key("environment").await.unwrap();
    let expected = if tag.auto_applied { Holds } else { Proposed };
    assert_eq!(ask(id, "env", "prod").await, expected);
    decide(&fixture, &ann, Decision::Deny, &[tag.id]).await;
    fixture.auto_tag().await;
    assert_eq!(ask(id, "environment", "production").await, WasDenied);
}
