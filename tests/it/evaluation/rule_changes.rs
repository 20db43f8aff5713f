//! Changes of rules and what becomes due with them: as little as can be told, at once, and at the times that a rule is set to.

use crate::support::fixture::{Fixture, actor, resource, rule, settings, vocabulary};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::sync::Mutex;
use tagging::rules::Condition;
use virtual_tagging::auth::{Actor, Role};
use virtual_tagging::clock::Clock;
use virtual_tagging::db::sql;
use virtual_tagging::domain::evaluation::{self, DryRuns};
use virtual_tagging::domain::rules::coarse::CoarseFilter;
use virtual_tagging::domain::rules::{self, RuleDraft};
use virtual_tagging::entities::RunStatus;

struct SetClock(Mutex<DateTime<Utc>>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

fn admin() -> Actor {
    actor("ada", Role::Admin)
}

async fn due(fixture: &Fixture) -> i64 {
    fixture
        .count("evaluations WHERE revision < (SELECT revision FROM engine_state)")
        .await
}

async fn with_resources() -> Fixture {
    let fixture = Fixture::new().await;
    let mut reports: Vec<_> = (0..40).map(|n| resource(&format!("pay-{n}"))).collect();
    reports.extend((0..60).map(|n| resource(&format!("bill-{n}"))));
    fixture.report(&reports).await;
    fixture.auto_tag().await;
    assert_eq!(due(&fixture).await, 0);
    fixture
}

#[tokio::test]
async fn a_change_makes_due_what_the_rule_matches_before_or_after_it_and_queues_the_run() {
    let fixture = with_resources().await;
    let made = fixture
        .create_rule(rule("pay", "resource.name.startsWith('pay-')", "team", "pay"))
        .await;
    let run = made.run.as_ref().unwrap();
    assert_eq!(
        (run.status, run.requested_by.as_str()),
        (RunStatus::Queued, "ada")
    );
    assert_eq!(due(&fixture).await, 40);
    assert_eq!(fixture.auto_tag().await.proposed, 40);

    let condition = "resource.name.startsWith('bill-1') && resource.name.size() == 7";
    let change = |draft: &mut RuleDraft| draft.condition = condition.into();
    let changed = rules::update(&fixture.pool, &admin(), &vocabulary(), made.id, None, change).await;
    assert_eq!(
        changed.unwrap().run.map(|run| run.id),
        Some(run.id),
        "it waits still"
    );
    // bill-1 and bill-10 to bill-19, as PostgreSQL can tell; the length is looked at by the evaluation.
    assert_eq!(due(&fixture).await, 40 + 11);
    let done = fixture.auto_tag().await;
    assert_eq!((done.proposed, done.withdrawn), (10, 40));

    rules::delete(&fixture.pool, &admin(), made.id).await.unwrap();
    assert_eq!(due(&fixture).await, 11);
    assert_eq!(fixture.auto_tag().await.withdrawn, 10);
}

#[tokio::test]
async fn a_condition_of_which_postgresql_can_tell_nothing_is_looked_at() {
    let fixture = with_resources().await;
    fixture
        .create_rule(rule("long", "resource.name.size() == 5", "team", "pay"))
        .await;
    assert_eq!(due(&fixture).await, 10, "pay-0 to pay-9");
    fixture.auto_tag().await;
    let made = fixture
        .create_rule(rule("tagged", "'x' in resource.tags", "owner", "x"))
        .await;
    assert_eq!(
        due(&fixture).await,
        100,
        "effective tags are known to the evaluation alone"
    );
    fixture.auto_tag().await;
    let off = |draft: &mut RuleDraft| draft.enabled = false;
    fixture.update_rule(made.id, off).await;
    fixture.auto_tag().await;
    let described = |draft: &mut RuleDraft| draft.description = "off".into();
    fixture.update_rule(made.id, described).await;
    assert_eq!(due(&fixture).await, 0, "a rule that is off affects nothing");
}

#[tokio::test]
async fn a_new_order_makes_due_what_the_moved_rules_match() {
    let fixture = with_resources().await;
    let one = fixture
        .create_rule(rule("one", "resource.name.startsWith('pay-1')", "team", "one"))
        .await;
    let two = fixture
        .create_rule(rule("two", "resource.name.startsWith('pay-')", "team", "two"))
        .await;
    let other = fixture
        .create_rule(rule("other", "resource.name.startsWith('bill-')", "owner", "x"))
        .await;
    fixture.auto_tag().await;
    let ids = [other.id, one.id, two.id];
    rules::reorder(&fixture.pool, &admin(), &ids).await.unwrap();
    assert_eq!(
        due(&fixture).await,
        0,
        "no rule of a key goes before another than it did"
    );
    let ordered = rules::reorder(&fixture.pool, &admin(), &[two.id, one.id, other.id])
        .await
        .unwrap();
    assert!(ordered.run.is_some());
    assert_eq!(due(&fixture).await, 40);
    fixture.auto_tag().await;
    let values = fixture.tags().await;
    let pending = |value: &str| {
        let is_pending = |tag: &&virtual_tagging::entities::virtual_tag::Model| {
            tag.tag_value == value && tag.approval_status == virtual_tagging::domain::ApprovalStatus::Pending
        };
        values.iter().filter(is_pending).count()
    };
    assert_eq!((pending("one"), pending("two")), (0, 40));
}

#[tokio::test]
async fn a_rule_matches_between_its_times_and_their_passing_makes_due_what_it_matches() {
    let fixture = with_resources().await;
    let now = Utc::now();
    let mut draft = rule("pay", "resource.name.startsWith('pay-')", "team", "pay");
    draft.effective_from = Some(now + TimeDelta::hours(1));
    draft.effective_to = Some(now + TimeDelta::hours(2));
    let made = fixture.create_rule(draft).await;
    assert!(!made.in_effect);
    assert_eq!(due(&fixture).await, 0);
    let clock = SetClock(Mutex::new(now));
    assert!(rules::switch_due(&fixture.pool, &clock).await.unwrap().is_none());

    *clock.0.lock().unwrap() = now + TimeDelta::minutes(61);
    let run = rules::switch_due(&fixture.pool, &clock).await.unwrap().unwrap();
    assert_eq!(run.status, RunStatus::Queued);
    assert!(rules::switch_due(&fixture.pool, &clock).await.unwrap().is_none());
    assert_eq!(due(&fixture).await, 40);
    assert_eq!(fixture.auto_tag().await.proposed, 40);

    *clock.0.lock().unwrap() = now + TimeDelta::minutes(121);
    assert!(rules::switch_due(&fixture.pool, &clock).await.unwrap().is_some());
    assert_eq!(fixture.auto_tag().await.withdrawn, 40);

    let mut turned = rule("turned", "true", "team", "x");
    (turned.effective_from, turned.effective_to) = (Some(now), Some(now));
    let refused = rules::create(&fixture.pool, &admin(), &vocabulary(), turned).await;
    assert!(refused.unwrap_err().to_string().contains("effectiveTo"));
}

#[tokio::test]
async fn every_version_is_kept_and_an_older_one_can_be_restored() {
    let fixture = with_resources().await;
    let made = fixture
        .create_rule(rule("pay", "resource.name.startsWith('pay-')", "Team", "Pay"))
        .await;
    assert_eq!((made.tag_key.as_str(), made.tag_value.as_str()), ("team", "pay"));
    let change = |draft: &mut RuleDraft| {
        draft.rule_name = "bills".into();
        draft.condition = "resource.name.startsWith('bill-')".into();
    };
    fixture.update_rule(made.id, change).await;
    let restored = rules::history::restore(&fixture.pool, &admin(), &vocabulary(), made.id, 1)
        .await
        .unwrap();
    assert_eq!((restored.version, restored.rule_name.as_str()), (3, "bills"));
    assert_eq!(restored.condition, "resource.name.startsWith('pay-')");
    let versions = rules::history::of_rules(&fixture.pool, &admin().scope, vec![made.id], 10)
        .await
        .unwrap();
    let numbers: Vec<i32> = versions[&made.id].iter().map(|version| version.version).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let missing = rules::history::restore(&fixture.pool, &admin(), &vocabulary(), made.id, 9).await;
    assert!(missing.unwrap_err().to_string().contains("version"));
    fixture.auto_tag().await;
    let tag = fixture.tag_with_key("team").await.unwrap();
    assert!(
        tag.evidence["reason"].as_str().unwrap().contains("version 3"),
        "{}",
        tag.evidence
    );
}

/// Random conditions on the names and tags of the resources below.
fn condition() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        "resource\\.(name|region|account_id|resource_type)\\.(startsWith|endsWith|contains)\\('(pay|-1|É|')?'\\)"
            .prop_map(|text| text.replace("('')", "('x')").replace("(''')", "('')")),
        "resource\\.name(\\.lowerAscii\\(\\))? (==|!=) '(pay-1|Pay-1|x)'",
        "resource\\.name\\.matches\\('\\^?(pay|bill)-[12]\\$?'\\)",
        "resource\\.native_tags\\['(team|env)'\\](\\.lowerAscii\\(\\))? (==|!=) '(Pay|pay)'",
        "'(team|env)' in resource\\.native_tags",
        "resource\\.native_tags\\['team'\\]\\.(startsWith|endsWith|contains)\\('(P|ay)'\\)",
        "resource\\.name in \\['(pay-1|x)', '(bill-2|y)'\\]",
    ];
    test.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

#[tokio::test]
async fn postgresql_leaves_out_no_resource_that_a_condition_matches() {
    let fixture = Fixture::new().await;
    let names = ["pay-1", "Pay-1", "pay-12", "bill-2", "x", "é-1", "É"];
    let mut reports = Vec::new();
    for (n, name) in names.iter().enumerate() {
        for (m, tags) in [
            vec![],
            vec![("team", "Pay")],
            vec![("team", "pay"), ("env", "Pay")],
        ]
        .iter()
        .enumerate()
        {
            let mut report = resource(name);
            report.resource_id = format!("r-{n}-{m}");
            report.region = (m > 0).then(|| "-1".to_owned());
            report.native_tags = tags
                .iter()
                .map(|&(key, value)| (key.into(), value.into()))
                .collect();
            reports.push(report);
        }
    }
    fixture.report(&reports).await;
    let all: Vec<virtual_tagging::entities::resource::Model> =
        sql::rows(&fixture.pool, "SELECT * FROM resources", [])
            .await
            .unwrap();
    let mut runner = TestRunner::deterministic();
    let mut matched = 0;
    for _ in 0..300 {
        let text = condition().new_tree(&mut runner).unwrap().current();
        let Ok(compiled) = Condition::compile(&text) else {
            continue;
        };
        let filter = CoarseFilter::new(&[compiled.requirement()], 0);
        let statement = format!("SELECT r.* FROM resources r WHERE {}", filter.sql);
        let found: Vec<virtual_tagging::entities::resource::Model> =
            sql::rows(&fixture.pool, &statement, filter.values).await.unwrap();
        for row in &all {
            let id = row.id;
            let subject = evaluation::subject(row.clone(), &[]).unwrap();
            if compiled.matches(&subject.condition_input(None)) {
                matched += 1;
                assert!(
                    found.iter().any(|row| row.id == id),
                    "{text} on {subject:?}: {}",
                    filter.sql
                );
            }
        }
    }
    assert!(matched > 1000, "{matched} matches");
}

#[tokio::test]
async fn a_preview_looks_at_all_resources_and_says_what_it_doubts() {
    use virtual_tagging::domain::evaluation::PreviewOutcome::{Change, NativeConflict, NewTag};
    let fixture = with_resources().await;
    let mut stated = resource("pay-stated");
    stated.native_tags.insert("Team".into(), "Checkout".into());
    fixture.report(&[stated]).await;
    fixture
        .create_rule(rule("one", "resource.name.startsWith('pay-1')", "team", "one"))
        .await;
    fixture.auto_tag().await;
    let one = rules::list::in_order(&fixture.pool, &admin().scope)
        .await
        .unwrap()[0]
        .id;
    let draft = rule("all", "resource.name.matches('^pay-')", "Team", "${name}");
    let (runs, admin, settings) = (DryRuns::new(fixture.pool.clone()), admin(), settings());
    let preview = evaluation::preview(&fixture.pool, &runs, &admin, &settings, draft, Some(one));
    let preview = preview.await.unwrap();
    assert_eq!((preview.examined, preview.complete), (101, true));
    assert_eq!((preview.matches, preview.outcomes_examined), (41, 41));
    let outcomes: Vec<_> = preview.outcomes.into_iter().collect();
    assert_eq!(outcomes, [(NewTag, 29), (Change, 11), (NativeConflict, 1)]);
    assert_eq!(preview.examples.len(), 5 + 5 + 1);
    assert_eq!(preview.warnings[0].code, rules::RuleWarningCode::UnknownTemplate);
}
