//! Assignment of runs to workers: priorities, runs that exclude each other, helpers, and workers that die.

use crate::support::db::TestDb;
use crate::support::runs::{actor, chunk, claim, execute, failure, request, run_of};
use crate::support::runs::{claim_until, count, until, worker};
use crate::support::wait::wait_until;
use crate::support::workers::{JobWorkers, Scripted};
use sea_orm::DatabaseConnection;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::domain::RunStatus;
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::imports::{self, ImportSpec};
use virtual_tagging::domain::inventory::DiscoverJob;
use virtual_tagging::domain::maintenance::MaintainJob;
use virtual_tagging::error::Error;
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, ControlFlow, Lease, RunEnd, RunHandle, WorkerId};

const DISCOVER: DiscoverJob = DiscoverJob { source: None };
const AUTO_TAG: AutoTagJob = AutoTagJob {};
const MAINTAIN: MaintainJob = MaintainJob {};

async fn claim_next(db: &DatabaseConnection) -> Option<RunHandle> {
    runs::claim_next(
        db,
        &jobs::definitions(),
        &worker("next"),
        CancellationToken::new(),
    )
    .await
    .unwrap()
}

async fn fail(db: &DatabaseConnection, held: &RunHandle) -> RunEnd {
    let failed = Err(failure("boom", false));
    let settled = runs::finish_run(db, held, failed).await.unwrap();
    execute(
        db,
        "UPDATE scheduler_jobs SET run_at = now() WHERE status = 'QUEUED'",
    )
    .await;
    settled
}

#[tokio::test]
async fn attempts_that_get_further_do_not_count_and_those_that_do_not_are_parked() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, AUTO_TAG).await;
    for attempt in 0..20 {
        let held = claim_next(&db).await.unwrap();
        assert_eq!(held.attempt, 1, "{attempt}");
        assert_eq!(
            held.checkpoint(&db, chunk(1)).await.unwrap(),
            ControlFlow::Continue
        );
        if attempt % 2 == 0 {
            assert_eq!(fail(&db, &held).await, RunEnd::WillRetry);
        } else {
            crate::support::runs::silence(&db).await;
            assert_eq!(runs::reclaim_orphans(&db).await.unwrap().requeued, 1);
        }
    }
    for attempt in 1..=run.max_attempts {
        let held = claim_next(&db).await.unwrap();
        assert_eq!((held.attempt, held.done_before), (attempt, 20));
        assert_eq!(
            held.checkpoint(&db, chunk(0)).await.unwrap(),
            ControlFlow::Continue
        );
        let last = attempt == run.max_attempts;
        let expected = if last { RunEnd::Failed } else { RunEnd::WillRetry };
        assert_eq!(fail(&db, &held).await, expected);
    }
    let parked = run_of(&db, run.id).await;
    assert_eq!(
        (parked.status, parked.error.as_deref()),
        (RunStatus::Failed, Some("boom"))
    );
    assert!(claim_next(&db).await.is_none());

    // One that begins anew each time gets no further by getting far.
    let run = request(&db, DISCOVER).await;
    for _ in 0..run.max_attempts {
        let held = claim_next(&db).await.unwrap();
        held.start_over(&db).await.unwrap();
        assert_eq!(
            held.checkpoint(&db, chunk(7)).await.unwrap(),
            ControlFlow::Continue
        );
        fail(&db, &held).await;
    }
    assert_eq!(run_of(&db, run.id).await.status, RunStatus::Failed);
}

#[tokio::test]
async fn the_run_of_the_highest_priority_comes_first_and_then_the_oldest() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let asked = [
        request(&db, AUTO_TAG).await.id,
        request(&db, DISCOVER).await.id,
        request(&db, MAINTAIN).await.id,
        request(&db, ImportSpec::new(1)).await.id,
        request(&db, ImportSpec::new(2)).await.id,
    ];
    let mut taken = Vec::new();
    while let Some(held) = claim_next(&db).await {
        taken.push(held.run_id);
    }
    assert_eq!(taken, [asked[3], asked[4], asked[2], asked[1], asked[0]]);
}

#[tokio::test]
async fn of_runs_that_exclude_each_other_one_runs_and_the_next_follows() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let one_source = DiscoverJob {
        source: Some("x".into()),
    };
    let (all, one) = (request(&db, DISCOVER).await, request(&db, one_source).await);
    let claims = (0..6).map(|_| claim_next(&db));
    let held: Vec<_> = futures::future::join_all(claims)
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].run_id, all.id);
    assert!(claim(&db, one.id, "w").await.is_none(), "nor by its id");
    assert_eq!(run_of(&db, one.id).await.status, RunStatus::Queued);
    runs::finish_run(&db, &held[0], Ok(())).await.unwrap();
    assert_eq!(claim_next(&db).await.unwrap().run_id, one.id);
    // Auto-tagging is shared work.
    request(&db, AUTO_TAG).await;
    assert!(claim_next(&db).await.is_some());
    request(&db, AUTO_TAG).await;
    assert!(claim_next(&db).await.is_some());
}

#[tokio::test]
async fn a_heartbeat_learns_of_a_cancellation() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, MAINTAIN).await;
    let held = claim_next(&db).await.unwrap();
    assert_eq!(held.heartbeat(&db).await.unwrap(), Lease::Ours);
    assert!(!held.should_stop());
    runs::cancel(&db, &jobs::definitions(), &actor(Role::Approver), run.id)
        .await
        .unwrap();
    assert_eq!(held.heartbeat(&db).await.unwrap(), Lease::Ours);
    held.cancellation().cancelled().await;
    assert!(held.should_stop());
    let settled = runs::finish_run(&db, &held, Ok(())).await.unwrap();
    assert_eq!(settled, RunEnd::Cancelled);
}

#[tokio::test]
async fn who_is_limited_to_accounts_cancels_their_own_runs_and_tries_only_decisions_again() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let limited = Actor {
        scope: AccountScope::Only(vec!["1".into()]),
        ..actor(Role::Approver)
    };
    let run = request(&db, DISCOVER).await;
    assert_eq!(run.requested_by, limited.subject);
    let other = Actor {
        subject: "bob".into(),
        ..limited.clone()
    };
    let refused = runs::cancel(&db, &jobs::definitions(), &other, run.id).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let cancelled = runs::cancel(&db, &jobs::definitions(), &limited, run.id)
        .await
        .unwrap();
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    for refused in [&limited, &other] {
        let refused = runs::retry(&db, &jobs::definitions(), refused, run.id).await;
        assert!(
            matches!(refused, Err(Error::Forbidden(_))),
            "it concerns all accounts"
        );
    }
    let retried = runs::retry(&db, &jobs::definitions(), &actor(Role::Approver), run.id)
        .await
        .unwrap();
    assert_eq!(retried.status, RunStatus::Queued);
}

#[tokio::test]
async fn who_may_not_ask_for_a_run_neither_cancels_nor_retries_it() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, MAINTAIN).await;
    let approver = crate::support::fixture::approver("ann");
    let refused = runs::cancel(&db, &jobs::definitions(), &approver, run.id).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    // An actor who lost the role since may still take it back.
    runs::cancel(&db, &jobs::definitions(), &actor(Role::Approver), run.id)
        .await
        .unwrap();
    for approver in [approver, actor(Role::Approver)] {
        let refused = runs::retry(&db, &jobs::definitions(), &approver, run.id).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_helper_is_recruited_once_and_leaves_no_trace_when_it_did_nothing() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    request(&db, AUTO_TAG).await;
    let first = claim_next(&db).await.unwrap();
    let spawn_helper =
        async |max_parallelism| runs::spawn_helper(&db, &first, max_parallelism).await.unwrap();
    assert!(!spawn_helper(1).await, "nothing to share");
    assert!(spawn_helper(3).await);
    assert!(!spawn_helper(3).await, "one waits");
    let helper = claim_next(&db).await.unwrap();
    assert!(!spawn_helper(2).await, "two are at work");
    runs::finish_run(&db, &helper, Ok(())).await.unwrap();
    let runs_left = "SELECT count(*) FROM scheduler_jobs WHERE job_name = 'auto_tag'";
    assert_eq!(count(&db, runs_left).await, 1);

    assert!(spawn_helper(2).await);
    let helper = claim_next(&db).await.unwrap();
    assert_eq!(
        helper.checkpoint(&db, chunk(1)).await.unwrap(),
        ControlFlow::Continue
    );
    runs::finish_run(&db, &helper, Ok(())).await.unwrap();
    assert_eq!(count(&db, runs_left).await, 2, "it did something");

    assert!(spawn_helper(2).await);
    let asked = request(&db, AUTO_TAG).await;
    assert_eq!(asked.recruited_by, None, "somebody else waits for it now");
    let helper = claim_next(&db).await.unwrap();
    assert_eq!(helper.run_id, asked.id);
    runs::finish_run(&db, &helper, Ok(())).await.unwrap();
    assert_eq!(run_of(&db, asked.id).await.status, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_death_shows_by_the_lock_and_a_frozen_worker_by_its_silence() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, AUTO_TAG).await;
    let worker = WorkerId {
        name: "w".into(),
        key: Some(77),
    };
    let stop = CancellationToken::new();
    let held = claim_until(&db, run.id, &worker, stop).await.unwrap();
    let mut process = PgConnection::connect_with(&test.connect_options()).await.unwrap();
    let lock = sqlx::raw_sql("SELECT pg_advisory_lock(77)");
    lock.execute(&mut process).await.unwrap();
    let rescued_after = async |seconds: i32| {
        let silent = format!("UPDATE scheduler_jobs SET heartbeat_at = now() - interval '{seconds} s'");
        execute(&db, &silent).await;
        runs::reclaim_orphans(&db).await.unwrap().requeued == 1
    };
    assert!(!rescued_after(40).await, "its process lives");
    assert!(rescued_after(50).await, "but is frozen");
    assert_eq!(held.heartbeat(&db).await.unwrap(), Lease::Lost);

    let stop = CancellationToken::new();
    let worker = WorkerId {
        name: "w".into(),
        key: Some(77),
    };
    claim_until(&db, run.id, &worker, stop).await.unwrap();
    process.close().await.unwrap();
    assert!(!rescued_after(1).await, "a heartbeat that is late");
    // The server of the tests may have started just now, and then locks do not count yet.
    let description = "the run of a process that is gone to be reclaimed";
    wait_until(Duration::from_secs(12), description, async || {
        rescued_after(4).await
    })
    .await;
}

/// Makes each chunk of auto-tagging last.
const SLOW: &str = "
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.25); RETURN NULL; END $$;
    CREATE TRIGGER slow AFTER INSERT ON ml_inferences FOR EACH STATEMENT EXECUTE FUNCTION slow()";

async fn due_resources(db: &DatabaseConnection, number: i64) {
    execute(
        db,
        &format!(
            "WITH r AS (INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
                 SELECT 'i-' || n, 'prod-web-' || n, 'aws', '1', 'ec2', 'test' FROM generate_series(1, {number}) n
                 RETURNING id)
             INSERT INTO evaluations (resource_id) SELECT id FROM r"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_fill_makes_room_for_a_person_and_goes_on() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    due_resources(&db, 3000).await;
    sqlx::raw_sql(SLOW)
        .execute(db.get_postgres_connection_pool())
        .await
        .unwrap();
    let replica = JobWorkers::start_with(&db, Scripted::Fails, |config| config.concurrency = 1).await;
    let back_fill = request(&db, AUTO_TAG).await;
    until(&db, back_fill.id, |run| run.progress_done > 0).await;
    let content =
        "{\"cloud\":\"aws\",\"account_id\":\"1\",\"resource_type\":\"ec2\",\"resource_id\":\"x\"}\n";
    let ada = actor(Role::Approver);
    let file = imports::store(&db, &ada, "a.jsonl", content.as_bytes())
        .await
        .unwrap();
    let arguments = ImportSpec::new(file.id);
    let person = request(&db, arguments).await;
    let person = until(&db, person.id, |run| run.finished_at.is_some()).await;
    assert_eq!(person.status, RunStatus::Succeeded);
    let waiting = run_of(&db, back_fill.id).await;
    assert!(
        waiting.finished_at.is_none() && waiting.progress_done < 3000,
        "{waiting:?}"
    );
    let back_fill = until(&db, back_fill.id, |run| run.finished_at.is_some()).await;
    assert_eq!((back_fill.status, back_fill.attempt), (RunStatus::Succeeded, 1));
    assert_eq!(back_fill.fence, 2, "begun once more, and only once");
    let evaluated = "SELECT count(*) FROM ml_inferences";
    assert_eq!(count(&db, evaluated).await, 3001);
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_cut_off_after_its_time() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let limit = Duration::from_millis(200);
    let replica = JobWorkers::start_with(&db, Scripted::Hangs, |config| config.run_time_limit = limit).await;
    let run = request(&db, DISCOVER).await;
    let run = until(&db, run.id, |run| run.error.is_some()).await;
    assert_eq!(run.error.as_deref(), Some("cut off after 0.2 s"));
    assert_eq!((run.status, run.attempt), (RunStatus::Queued, 1));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_fill_is_shared_by_the_workers_of_all_replicas() {
    let test = TestDb::create().await;
    let (db, other) = (test.connect().await, test.connect().await);
    due_resources(&db, 3000).await;
    sqlx::raw_sql(SLOW)
        .execute(db.get_postgres_connection_pool())
        .await
        .unwrap();
    let one = JobWorkers::start_with(&db, Scripted::Fails, |config| config.concurrency = 1).await;
    let two = JobWorkers::start_with(&other, Scripted::Fails, |config| config.concurrency = 2).await;
    let asked = request(&db, AUTO_TAG).await;
    let asked = until(&db, asked.id, |run| run.finished_at.is_some()).await;
    // How far all are who work on it.
    assert_eq!((asked.progress_done, asked.progress_total), (3000, Some(3000)));
    let open = "SELECT count(*) FROM scheduler_jobs WHERE finished_at IS NULL";
    wait_until(Duration::from_secs(20), "the end of all helpers", async || {
        count(&db, open).await == 0
    })
    .await;
    assert_eq!(count(&db, "SELECT count(*) FROM ml_inferences").await, 3000);
    assert_eq!(
        count(
            &db,
            "SELECT sum((counts ->> 'evaluated')::bigint)::bigint FROM scheduler_jobs"
        )
        .await,
        3000
    );
    let workers = "SELECT count(DISTINCT worker) FROM scheduler_jobs WHERE counts ->> 'evaluated' > '0'";
    assert_eq!(count(&db, workers).await, 2, "both processes");
    assert_eq!(
        count(
            &db,
            "SELECT count(*) FROM scheduler_jobs WHERE job_name = 'auto_tag'"
        )
        .await,
        3,
        "one run for each of three slots"
    );
    one.stop().await;
    two.stop().await;
}
