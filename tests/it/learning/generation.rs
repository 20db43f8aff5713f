//! Generation of the engine: a change whose resources are known makes those due and no others, and leaves none as an engine
//! without it evaluated them.

use crate::support::fixture::{Fixture, resource, rule, settings};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use virtual_tagging::db::{Begin, Transaction, sql};
use virtual_tagging::domain::audit::Cause;
use virtual_tagging::domain::evaluation::{LoadedEngine, auto_tag, load_engine};
use virtual_tagging::domain::revision;

/// Rules of a fixture; each matches the resources of one service.
const RULES: usize = 3;

fn cause() -> Cause {
    Cause {
        actor: "worker".into(),
        reason: None,
        run_id: None,
    }
}

async fn with_rules() -> Arc<Fixture> {
    let fixture = Arc::new(Fixture::new().await);
    for number in 0..RULES {
        let condition = format!("resource.name.startsWith('svc{number}-')");
        let rule = rule(&format!("rule {number}"), &condition, "component", "first");
        fixture.create_rule(rule).await;
    }
    fixture
}

/// Begins to give a rule another value.
async fn begin_change(fixture: &Fixture, number: usize, value: &str) -> Transaction {
    let txn = fixture.pool.begin().await.unwrap();
    revision::raise_generation(&txn).await.unwrap();
    let update = "UPDATE rules SET tag_value = $2, version = version + 1 WHERE rule_name = $1";
    sql::execute(&txn, update, [format!("rule {number}").into(), value.into()])
        .await
        .unwrap();
    txn
}

/// Makes the resources due that the rule matches, and commits.
async fn end_change(txn: Transaction, number: usize) -> usize {
    #[derive(sea_orm::FromQueryResult)]
    struct Matched {
        id: i64,
    }
    let matched = "SELECT id FROM resources WHERE starts_with(name, $1) ORDER BY random()";
    let matched: Vec<Matched> = sql::rows(&txn, matched, [format!("svc{number}-").into()])
        .await
        .unwrap();
    let affected = matched.len();
    let ids = matched.into_iter().map(|row| row.id).collect();
    revision::make_affected_due(&txn, ids).await.unwrap();
    txn.commit().await.unwrap();
    affected
}

async fn engine(fixture: &Fixture) -> LoadedEngine {
    load_engine(&fixture.pool, &settings()).await.unwrap()
}

async fn due(fixture: &Fixture) -> i64 {
    fixture
        .count("evaluations WHERE revision < (SELECT revision FROM engine_state)")
        .await
}

/// Evaluating all resources once more changes nothing.
async fn assert_nothing_is_stale(fixture: &Fixture) {
    revision::raise(&fixture.pool).await.unwrap();
    let again = fixture.auto_tag().await;
    assert_eq!((again.proposed, again.refreshed, again.withdrawn), (0, 0, 0));
}

#[tokio::test]
async fn a_change_makes_the_resources_due_that_it_affects_and_no_others() {
    let fixture = with_rules().await;
    fixture
        .report(&[resource("svc0-a"), resource("svc0-b"), resource("svc1-a")])
        .await;
    fixture.auto_tag().await;
    let before = revision::current(&fixture.pool).await.unwrap();
    let txn = begin_change(&fixture, 0, "second").await;
    assert_eq!(end_change(txn, 0).await, 2);
    let after = revision::current(&fixture.pool).await.unwrap();
    assert_eq!(
        (after.revision, after.generation),
        (before.revision, before.generation + 1)
    );
    assert_eq!(due(&fixture).await, 2);
    let done = fixture.auto_tag().await;
    assert_eq!((done.evaluated, done.proposed), (2, 2));
    assert_nothing_is_stale(&fixture).await;
}

#[tokio::test]
async fn too_many_affected_resources_raise_the_revision() {
    let fixture = with_rules().await;
    fixture.report(&[resource("svc0-a"), resource("other")]).await;
    fixture.auto_tag().await;
    let before = revision::current(&fixture.pool).await.unwrap();
    let txn = begin_change(&fixture, 0, "second").await;
    let ids = (0..=revision::MOST_AFFECTED as i64).collect();
    revision::make_affected_due(&txn, ids).await.unwrap();
    txn.commit().await.unwrap();
    assert_eq!(
        revision::current(&fixture.pool).await.unwrap().revision,
        before.revision + 1
    );
    assert_eq!(due(&fixture).await, 2);
}

#[tokio::test]
async fn an_engine_of_an_older_generation_evaluates_nothing() {
    let fixture = with_rules().await;
    let old = engine(&fixture).await;
    fixture.resource("svc0-a").await;
    let txn = begin_change(&fixture, 0, "second").await;
    end_change(txn, 0).await;
    let txn = fixture.pool.begin().await.unwrap();
    let chunk = auto_tag::chunk(&txn, &old, 10, &cause()).await.unwrap();
    txn.commit().await.unwrap();
    assert!(chunk.is_outdated);
    assert_eq!((chunk.evaluated, fixture.count("virtual_tags").await), (0, 0));
    assert_eq!(fixture.auto_tag().await.evaluated, 1);
    assert_eq!(
        fixture.tag_with_key("component").await.unwrap().tag_value,
        "second"
    );
}

/// The change has already looked for the resources that it affects when another one appears: no worker evaluates that
/// one without the change.
#[tokio::test]
async fn what_appears_during_a_change_waits_for_it() {
    let fixture = with_rules().await;
    fixture.auto_tag().await;
    let old = engine(&fixture).await;
    let change = begin_change(&fixture, 0, "second").await;
    fixture.resource("svc0-late").await;
    let worker = tokio::spawn({
        let fixture = Arc::clone(&fixture);
        async move {
            let txn = fixture.pool.begin().await.unwrap();
            let chunk = auto_tag::chunk(&txn, &old, 10, &cause()).await.unwrap();
            txn.commit().await.unwrap();
            chunk
        }
    });
    let waits = "pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while fixture.count(waits).await == 0 {
        assert!(!worker.is_finished(), "the worker does not wait for the change");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    change.commit().await.unwrap();
    assert!(worker.await.unwrap().is_outdated);
    fixture.auto_tag().await;
    assert_nothing_is_stale(&fixture).await;
}

/// A worker: takes small chunks until told to stop, with an engine that it replaces only when it is refused.
async fn work(fixture: Arc<Fixture>, stop: Arc<AtomicBool>) -> u64 {
    let mut loaded = engine(&fixture).await;
    let mut outdated = 0;
    while !stop.load(Ordering::Relaxed) {
        let txn = fixture.pool.begin().await.unwrap();
        let chunk = auto_tag::chunk(&txn, &loaded, 3, &cause()).await.unwrap();
        txn.commit().await.unwrap();
        if chunk.is_outdated {
            loaded = engine(&fixture).await;
            outdated += 1;
        }
        tokio::task::yield_now().await;
    }
    outdated
}

/// Reports new resources and changes of old ones, of any service.
async fn report(fixture: Arc<Fixture>, stop: Arc<AtomicBool>, mut random: StdRng) {
    while !stop.load(Ordering::Relaxed) {
        let service = random.random_range(0..=RULES);
        let mut report = resource(&format!("svc{service}-{}", random.random_range(0..40)));
        let note = random.random_range(0..1000).to_string();
        report.native_tags.insert("note".into(), note);
        fixture.report(&[report]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_resource_is_left_evaluated_under_stale_rules() {
    for seed in 0..3 {
        let fixture = with_rules().await;
        let reports: Vec<_> = (0..60)
            .map(|number| resource(&format!("svc{}-{number}", number % (RULES + 1))))
            .collect();
        fixture.report(&reports).await;
        let stop = Arc::new(AtomicBool::new(false));
        let (mut workers, mut reporters) = (JoinSet::new(), JoinSet::new());
        for number in 0..2 {
            workers.spawn(work(Arc::clone(&fixture), Arc::clone(&stop)));
            let random = StdRng::seed_from_u64(seed * 10 + number);
            reporters.spawn(report(Arc::clone(&fixture), Arc::clone(&stop), random));
        }
        let mut random = StdRng::seed_from_u64(1000 + seed);
        for change in 0..40 {
            let number = random.random_range(0..RULES);
            let txn = begin_change(&fixture, number, &format!("v{change}")).await;
            end_change(txn, number).await;
        }
        stop.store(true, Ordering::Relaxed);
        let outdated: u64 = workers.join_all().await.into_iter().sum();
        reporters.join_all().await;
        assert!(outdated > 10, "the workers met {outdated} changes");
        fixture.auto_tag().await;
        assert!(fixture.count("virtual_tags WHERE tag_key = 'component'").await > 20);
        assert_nothing_is_stale(&fixture).await;
        fixture.assert_trail_leads_to_tags().await;
    }
}
