//! Coverage: counts that are kept, against what each resource says, whatever is done.

use crate::support::decisions::{decide, undo};
use crate::support::fixture::{Fixture, actor, approver, limited, resource, settings};
use chrono::Utc;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::EntityTrait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tagging::{KeyChange, Vocabulary};
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending};
use virtual_tagging::domain::approvals::{self, Decision, NewTag, VirtualTag};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::coverage::{self, CoverageCounts, CoverageDimension, CoverageFilter};
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::evaluation::{EngineSettings, subject};
use virtual_tagging::domain::inventory::LackedKey;
use virtual_tagging::domain::inventory::list::{self, ResourceFilter};
use virtual_tagging::domain::inventory::reconcile;
use virtual_tagging::domain::vocabulary;
use virtual_tagging::entities::resource as resources;

const ALL: [CoverageDimension; 4] = [
    CoverageDimension::Key,
    CoverageDimension::Cloud,
    CoverageDimension::Account,
    CoverageDimension::ResourceType,
];

/// Names of a group: key, cloud, account and type; empty for what it is not grouped by.
type GroupName = [String; 4];

fn state_of(
    key: &str,
    tags: &[&VirtualTag],
    native: &tagging::NativeResolution,
    vocabulary: &Vocabulary,
) -> &'static str {
    let known = vocabulary.key(key).unwrap();
    let of_key = || tags.iter().filter(|tag| tag.tag_key == key);
    let approved = of_key().find(|tag| tag.approval_status == Approved);
    let applied = of_key().find(|tag| tag.approval_status == Pending && tag.auto_applied);
    let pending = of_key().filter(|tag| tag.approval_status == Pending);
    let contradicts = |tag: &&&VirtualTag| {
        tag.approval_status == Pending && tag.evidence_signature.starts_with("CONTRADICTS:")
    };
    if let Some(held) = approved.or(applied) {
        let is_listed = known.values.iter().any(|value| value.name == held.tag_value);
        return match approved {
            _ if !known.open && known.pattern.is_none() && !is_listed => "invalid",
            Some(_) => "approved",
            None => "pending",
        };
    }
    match native.tags.iter().find(|stated| stated.key == key) {
        Some(stated) if stated.disputed || of_key().any(|tag| contradicts(&tag)) => "contradicted",
        Some(_) => "native",
        None if native.invalid.contains(key) => "invalid",
        None if pending.count() > 0 => "suggested",
        None => "missing",
    }
}

fn add(counts: &mut CoverageCounts, state: &str) {
    counts.resources += 1;
    *match state {
        "native" => &mut counts.native,
        "approved" => &mut counts.approved,
        "pending" => &mut counts.pending,
        "suggested" => &mut counts.suggested,
        "missing" => &mut counts.missing,
        "invalid" => &mut counts.invalid,
        _ => &mut counts.contradicted,
    } += 1;
}

/// Coverage by what each resource says for itself, resource by resource.
async fn expected(fixture: &Fixture, vocabulary: &Vocabulary) -> BTreeMap<GroupName, CoverageCounts> {
    let tags = fixture.tags().await;
    let mut groups: BTreeMap<GroupName, CoverageCounts> = BTreeMap::new();
    for row in resources::Entity::find().all(&fixture.pool).await.unwrap() {
        if row.retired_at.is_some() {
            continue;
        }
        let own: Vec<&VirtualTag> = tags.iter().filter(|tag| tag.resource_id == row.id).collect();
        let read = approvals::tags::resolution_of(&fixture.pool, &AccountScope::All, vec![row.id]);
        let native = subject(row.clone(), &read.await.unwrap())
            .unwrap()
            .stated(vocabulary);
        let cloud = serde_json::to_value(row.cloud)
            .unwrap()
            .as_str()
            .unwrap()
            .to_lowercase();
        for key in vocabulary.keys().iter().filter(|key| key.governed) {
            if vocabulary.is_taggable(&key.name, &row.resource_type) {
                let (account, kind) = (row.account_id.clone(), row.resource_type.clone());
                let group = groups
                    .entry([key.name.clone(), cloud.clone(), account, kind])
                    .or_default();
                add(group, state_of(&key.name, &own, &native, vocabulary));
            }
        }
    }
    groups
}

async fn reported(
    fixture: &Fixture,
    vocabulary: &Vocabulary,
    actor: &Actor,
    by: &[CoverageDimension],
) -> BTreeMap<GroupName, CoverageCounts> {
    let filter = CoverageFilter::default();
    let groups = coverage::report(&fixture.pool, vocabulary, actor, by, &filter)
        .await
        .unwrap();
    let name = |text: Option<String>| text.unwrap_or_default();
    let cloud = |cloud| {
        serde_json::to_value(cloud)
            .unwrap()
            .as_str()
            .unwrap_or_default()
            .to_lowercase()
    };
    groups
        .into_iter()
        .map(|group| {
            let names = [
                name(group.tag_key),
                cloud(group.cloud),
                name(group.account_id),
                name(group.resource_type),
            ];
            (names, group.counts)
        })
        .collect()
}

/// Groups without the dimensions that are not named.
fn rolled_up(
    groups: &BTreeMap<GroupName, CoverageCounts>,
    by: &[CoverageDimension],
) -> BTreeMap<GroupName, CoverageCounts> {
    let mut sums: BTreeMap<GroupName, CoverageCounts> = BTreeMap::new();
    for (name, counts) in groups {
        let name = std::array::from_fn(|at| {
            if by.contains(&ALL[at]) {
                name[at].clone()
            } else {
                String::new()
            }
        });
        let sum = sums.entry(name).or_default();
        for (sum, count) in [
            (&mut sum.resources, counts.resources),
            (&mut sum.native, counts.native),
            (&mut sum.approved, counts.approved),
            (&mut sum.pending, counts.pending),
            (&mut sum.suggested, counts.suggested),
            (&mut sum.missing, counts.missing),
            (&mut sum.invalid, counts.invalid),
            (&mut sum.contradicted, counts.contradicted),
        ] {
            *sum += count;
        }
    }
    sums
}

/// Counts what is noted with the vocabulary that is stored.
pub(super) async fn count(fixture: &Fixture, settings: &EngineSettings) -> Arc<Vocabulary> {
    let stored = settings.live.refresh(&fixture.pool).await.unwrap();
    coverage::count(&fixture.pool, settings).await.unwrap();
    Arc::clone(&stored.vocabulary)
}

/// The report says what the resources say, in every table that it may read, and `lacksTagKey` finds what it counts.
async fn assert_counted(fixture: &Fixture, settings: &EngineSettings, context: &str) {
    use CoverageDimension::{Account, Cloud, Key, ResourceType};
    fixture.auto_tag().await;
    let vocabulary = count(fixture, settings).await;
    let expected = expected(fixture, &vocabulary).await;
    let ann = approver("ann");
    for by in [
        &ALL[..],
        &[Key],
        &[],
        &[Key, Account],
        &[ResourceType, Cloud],
        &[Account, ResourceType],
    ] {
        let found = reported(fixture, &vocabulary, &ann, by).await;
        assert_eq!(found, rolled_up(&expected, by), "{context} by {by:?}");
    }
    let part: BTreeMap<_, _> = expected
        .iter()
        .filter(|(name, _)| name[2] == "444455556666")
        .collect();
    let part = part
        .into_iter()
        .map(|(name, counts)| (name.clone(), *counts))
        .collect();
    let found = reported(fixture, &vocabulary, &limited("444455556666"), &[Key]).await;
    assert_eq!(found, rolled_up(&part, &[Key]), "{context} of one account");
    for (name, counts) in rolled_up(&expected, &[Key]) {
        let filter = ResourceFilter {
            lacks_tag_key: Some(LackedKey::new(&name[0], &vocabulary)),
            retired: Some(false),
            ..ResourceFilter::default()
        };
        let lacking = list::count(&fixture.pool, &ann, &filter).await.unwrap().count;
        // Values that the key cannot have hold all the same, where a person or a rule gave them.
        let unheld = counts.missing + counts.suggested;
        let range = unheld.unsigned_abs()..=(unheld + counts.invalid).unsigned_abs();
        assert!(
            range.contains(&lacking),
            "{context} {name:?}: {lacking} of {range:?}"
        );
    }
}

const NATIVE: [(&str, &[&str]); 5] = [
    ("Env", &["prd", "DEV", "nonsense"]),
    ("environment", &["production", "Staging"]),
    ("Team", &["Pay Roll", "<team>", "core"]),
    ("owner", &["ann@example.com", "n/a"]),
    ("CostCentre", &["cc-1", "CC 2"]),
];

fn random_report(number: usize, random: &mut StdRng) -> ResourceReport {
    let mut report = resource(&format!(
        "{}-{number}",
        ["orders-prod", "bills", "dev-x"][number % 3]
    ));
    report.account_id = (*["111122223333", "444455556666"].choose(random).unwrap()).into();
    report.resource_type = (*["sqs/queue", "AWS::IAM::Policy", "ec2/instance"]
        .choose(random)
        .unwrap())
    .into();
    for (key, values) in NATIVE {
        if random.random_bool(0.4) {
            report
                .native_tags
                .insert(key.into(), (*values.choose(random).unwrap()).into());
        }
    }
    report
}

async fn change_vocabulary(fixture: &Fixture, settings: &EngineSettings, random: &mut StdRng) {
    let ada = actor("ada", Role::Admin);
    let name = *["owner", "team", "project", "data-classification"]
        .choose(random)
        .unwrap();
    let flag = random.random_bool(0.5);
    let untaggable = random
        .random_bool(0.5)
        .then(|| vec!["ec2/*".to_owned(), "SQS/Queue".to_owned()]);
    let change = |key: &mut KeyChange| {
        key.governed = Some(flag);
        key.not_taggable = Some(untaggable.unwrap_or_default());
        Ok(())
    };
    let changed = vocabulary::update(&fixture.pool, &ada, &settings.live, name, None, change).await;
    changed.unwrap();
}

async fn act(fixture: &Fixture, settings: &EngineSettings, random: &mut StdRng) {
    let ann = approver("ann");
    let tags = fixture.tags().await;
    let ids: Vec<i64> = resources::Entity::find()
        .all(&fixture.pool)
        .await
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    let id = *ids.choose(random).unwrap();
    let of_status = |status| {
        tags.iter()
            .filter(move |tag| tag.approval_status == status)
            .map(|tag| tag.id)
    };
    match random.random_range(0..9) {
        0 => {
            let key = *["environment", "team", "owner"].choose(random).unwrap();
            approvals::deny_native(&fixture.pool, &settings.vocabulary(), &ann, id, key, None)
                .await
                .ok();
        }
        1 | 2 => {
            let (key, value) = *[("environment", "prod"), ("env", "nonsense"), ("team", "core")]
                .choose(random)
                .unwrap();
            let new = NewTag {
                resource_id: id,
                tag_key: key.into(),
                tag_value: value.into(),
                reason: None,
            };
            approvals::create(&fixture.pool, &settings.vocabulary(), &ann, new)
                .await
                .ok();
        }
        3 => {
            let reports: Vec<_> = (0..3)
                .map(|_| random_report(random.random_range(0..30), random))
                .collect();
            let mut reports = reports;
            reports.dedup_by(|a, b| a.resource_id == b.resource_id);
            reports.sort_by(|a, b| a.resource_id.cmp(&b.resource_id));
            reports.dedup_by(|a, b| a.resource_id == b.resource_id);
            fixture.report(&reports).await;
        }
        4 => {
            let cause = Cause {
                actor: "system:test".into(),
                reason: None,
                run_id: None,
            };
            let txn = fixture.pool.begin().await.unwrap();
            reconcile::retire(&txn, "test", &[id], Duration::ZERO, &cause)
                .await
                .unwrap();
            txn.commit().await.unwrap();
        }
        5 => {
            let decided: Vec<i64> = of_status(Approved).chain(of_status(Denied)).collect();
            if let Some(tag) = decided.choose(random) {
                undo(&fixture.pool, &ann, vec![*tag], None).await.ok();
            }
        }
        6 => change_vocabulary(fixture, settings, random).await,
        n => {
            let decision = if n == 7 { Decision::Approve } else { Decision::Deny };
            if let Some(&tag) = of_status(Pending).collect::<Vec<_>>().choose(random) {
                decide(fixture, &ann, decision, &[tag]).await;
            }
        }
    }
}

#[tokio::test]
async fn the_counts_are_what_the_resources_say_whatever_is_done() {
    let seed = rand::random::<u32>().into();
    let mut random = StdRng::seed_from_u64(seed);
    let fixture = Fixture::new().await;
    let settings = settings();
    let reports: Vec<_> = (0..24).map(|number| random_report(number, &mut random)).collect();
    fixture.report(&reports).await;
    assert_counted(&fixture, &settings, &format!("seed {seed} at first")).await;
    for step in 0..8 {
        for _ in 0..4 {
            // A count in the middle of it all goes by what is there then.
            let ((), counted) = tokio::join!(
                act(&fixture, &settings, &mut random),
                coverage::count(&fixture.pool, &settings)
            );
            counted.unwrap();
        }
        assert_counted(&fixture, &settings, &format!("seed {seed} step {step}")).await;
    }
    sql::execute(&fixture.pool, "DELETE FROM resources WHERE id % 2 = 0", [])
        .await
        .unwrap();
    assert_counted(&fixture, &settings, &format!("seed {seed} at last")).await;
    assert!(fixture.count("coverage_cells").await > 0);
    sql::execute(&fixture.pool, "SELECT coverage_rebuild()", [])
        .await
        .unwrap();
    assert_counted(&fixture, &settings, &format!("seed {seed} anew")).await;
    sql::execute(&fixture.pool, "DELETE FROM resources", [])
        .await
        .unwrap();
    assert_counted(&fixture, &settings, &format!("seed {seed} emptied")).await;
    assert_eq!(fixture.count("coverage_cells").await, 0);
    coverage::prune(&fixture.pool, Utc::now()).await.unwrap();
    for table in [
        "coverage_counts",
        "coverage_accounts",
        "coverage_totals",
        "coverage_unsure",
    ] {
        assert_eq!(fixture.count(table).await, 0, "{table}");
    }
}
