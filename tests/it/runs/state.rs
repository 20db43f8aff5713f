//! Runs as rows: what holds whichever worker, replica or queue there is.

use crate::support::db::TestDb;
use crate::support::fixture::Fixture;
use crate::support::runs::{
    DISCOVER, actor, chunk, claim, claim_until, execute, failure, request, run_of, silence, worker,
};
use chrono::{TimeDelta, Utc};
use sea_orm::{ConnectionTrait, EntityTrait, TransactionTrait};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::Role;
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::inventory::DiscoverJob;
use virtual_tagging::domain::{JobName, RunStatus};
use virtual_tagging::entities::scheduler_job;
use virtual_tagging::error::{Error, ProblemCode};
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, ControlFlow, Lease, RunEnd};

fn code(error: &Error) -> ProblemCode {
    match error {
        Error::Validation(problems) => problems[0].code,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn one_of_many_claims_gets_the_run() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, DISCOVER).await;
    let claims = (0..8).map(|n| {
        let db = db.clone();
        async move { claim(&db, run.id, &format!("worker {n}")).await }
    });
    let held = futures::future::join_all(claims).await.into_iter().flatten();
    assert_eq!(held.count(), 1);
    let run = run_of(&db, run.id).await;
    assert_eq!((run.status, run.attempt, run.fence), (RunStatus::Running, 1, 1));
}

/// At a shutdown apalis leaves its last fetch where it is, with its transaction open, until all runs are handed back.
#[tokio::test]
async fn a_run_is_handed_back_while_a_fetch_of_its_task_stands_still() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, DISCOVER).await;
    let held = claim(&db, run.id, "leaving").await.unwrap();
    let fetch = db.begin().await.unwrap();
    let locked = "SELECT id FROM apalis.jobs WHERE status = 'Pending' FOR UPDATE";
    let locked = fetch.execute_unprepared(locked).await.unwrap();
    assert_eq!(locked.rows_affected(), 1, "the task that announced the run");
    let released = tokio::time::timeout(Duration::from_secs(10), runs::release(&db, &held)).await;
    released.expect("waits for no fetch").unwrap();
    let run = run_of(&db, run.id).await;
    assert_eq!((run.status, run.attempt), (RunStatus::Queued, 0));
    fetch.rollback().await.unwrap();
}

#[tokio::test]
async fn a_worker_that_was_presumed_dead_is_refused() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, DISCOVER).await;
    let dead = claim(&db, run.id, "dead").await.unwrap();
    assert_eq!(
        dead.checkpoint(&db, chunk(10)).await.unwrap(),
        ControlFlow::Continue
    );
    assert_eq!(
        runs::reclaim_orphans(&db).await.unwrap(),
        runs::ReclaimedRuns::default()
    );
    silence(&db).await;
    let rescued = runs::reclaim_orphans(&db).await.unwrap();
    assert_eq!((rescued.requeued, rescued.ended), (1, 0));

    let txn = db.begin().await.unwrap();
    assert!(dead.checkpoint(&txn, chunk(10)).await.is_err(), "queued again");
    drop(txn);
    let alive = claim(&db, run.id, "alive").await.unwrap();
    assert_eq!((alive.attempt, alive.done_before), (1, 10));
    assert!(dead.checkpoint(&db, chunk(10)).await.is_err(), "in other hands");
    assert_eq!(dead.heartbeat(&db).await.unwrap(), Lease::Lost);
    assert_eq!(runs::finish_run(&db, &dead, Ok(())).await.unwrap(), RunEnd::Lost);

    assert_eq!(
        alive.checkpoint(&db, chunk(5)).await.unwrap(),
        ControlFlow::Continue
    );
    assert_eq!(
        runs::finish_run(&db, &alive, Ok(())).await.unwrap(),
        RunEnd::Succeeded
    );
    let run = run_of(&db, run.id).await;
    assert_eq!((run.progress_done, run.progress_total), (15, Some(100)));
    assert_eq!(run.counts, serde_json::json!({ "inserted": 15 }));
}

#[tokio::test]
async fn an_equal_queued_run_is_given_rather_than_made_twice() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let first = request(&db, DISCOVER).await;
    assert_eq!(request(&db, DISCOVER).await.id, first.id);
    let other = DiscoverJob {
        source: Some("x".into()),
    };
    assert_ne!(request(&db, other).await.id, first.id);
    let held = claim(&db, first.id, "w").await.unwrap();
    let second = request(&db, DISCOVER).await;
    assert_ne!(
        second.id, first.id,
        "a running one may have passed the place already"
    );
    // And comes back to the queue beside the second.
    let settled = runs::finish_run(&db, &held, Err(failure("x", false)))
        .await
        .unwrap();
    assert_eq!(settled, RunEnd::WillRetry);
}

#[tokio::test]
async fn cancelling_and_trying_again() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let ada = actor(Role::Approver);
    let run = request(&db, DISCOVER).await;
    let cancelled = runs::cancel(&db, &jobs::definitions(), &ada, run.id)
        .await
        .unwrap();
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    assert!(claim(&db, run.id, "w").await.is_none());
    assert_eq!(
        runs::cancel(&db, &jobs::definitions(), &ada, run.id)
            .await
            .unwrap(),
        cancelled
    );

    let again = runs::retry(&db, &jobs::definitions(), &ada, run.id)
        .await
        .unwrap();
    assert_eq!(
        (again.status, again.cancel_requested_at),
        (RunStatus::Queued, None)
    );
    let held = claim(&db, run.id, "w").await.unwrap();
    assert_eq!(
        held.checkpoint(&db, chunk(1)).await.unwrap(),
        ControlFlow::Continue
    );
    let running = runs::cancel(&db, &jobs::definitions(), &ada, run.id)
        .await
        .unwrap();
    assert_eq!(running.status, RunStatus::Running);
    assert_eq!(
        held.checkpoint(&db, chunk(1)).await.unwrap(),
        ControlFlow::Cancelled
    );
    let settled = runs::finish_run(&db, &held, Err(failure("stopped", false)))
        .await
        .unwrap();
    assert_eq!(settled, RunEnd::Cancelled);
    let run = run_of(&db, run.id).await;
    assert_eq!((run.status, run.progress_done), (RunStatus::Cancelled, 2));
    assert_eq!(run.cancel_requested_by.as_deref(), Some("ada"));

    assert_eq!(
        code(
            &runs::cancel(&db, &jobs::definitions(), &ada, 999)
                .await
                .unwrap_err()
        ),
        ProblemCode::NotFound
    );
    let done = request(&db, AutoTagJob {}).await;
    let held = claim(&db, done.id, "w").await.unwrap();
    assert_eq!(
        code(
            &runs::retry(&db, &jobs::definitions(), &ada, done.id)
                .await
                .unwrap_err()
        ),
        ProblemCode::Conflict
    );
    assert_eq!(
        runs::finish_run(&db, &held, Ok(())).await.unwrap(),
        RunEnd::Succeeded
    );
    assert_eq!(
        code(
            &runs::cancel(&db, &jobs::definitions(), &ada, done.id)
                .await
                .unwrap_err()
        ),
        ProblemCode::Conflict
    );
    assert!(matches!(
        runs::cancel(&db, &jobs::definitions(), &actor(Role::Viewer), done.id).await,
        Err(Error::Forbidden(_))
    ));
}

#[tokio::test]
async fn failures_wait_longer_and_longer_until_the_attempts_are_used_up() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, DISCOVER).await;
    for attempt in 1..=run.max_attempts {
        execute(&db, "UPDATE scheduler_jobs SET run_at = now()").await;
        let held = claim(&db, run.id, "w").await.unwrap();
        assert_eq!(held.attempt, attempt);
        let settled = runs::finish_run(&db, &held, Err(failure("boom", false)))
            .await
            .unwrap();
        let run = run_of(&db, run.id).await;
        assert_eq!(run.error.as_deref(), Some("boom"));
        if attempt == run.max_attempts {
            assert_eq!((settled, run.status), (RunEnd::Failed, RunStatus::Failed));
        } else {
            assert_eq!((settled, run.status), (RunEnd::WillRetry, RunStatus::Queued));
            let wait = (run.run_at - run.woken_at).as_seconds_f64();
            let full = f64::from(2 << (attempt - 1));
            assert!(wait >= full / 2.0 && wait <= full, "{attempt}: {wait}");
            assert!(claim(&db, run.id, "w").await.is_none(), "not due yet");
        }
    }
    let again = runs::retry(&db, &jobs::definitions(), &actor(Role::Approver), run.id)
        .await
        .unwrap();
    assert_eq!((again.status, again.attempt), (RunStatus::Queued, 0));
    let held = claim(&db, run.id, "w").await.unwrap();
    let settled = runs::finish_run(&db, &held, Err(failure("no", true)))
        .await
        .unwrap();
    assert_eq!(settled, RunEnd::Failed, "another attempt would not help");
}

#[tokio::test]
async fn a_shutdown_gives_the_run_back_and_the_attempt_does_not_count() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, DISCOVER).await;
    let stop = CancellationToken::new();
    let held = claim_until(&db, run.id, &worker("w"), stop.clone())
        .await
        .unwrap();
    stop.cancel();
    assert_eq!(
        held.checkpoint(&db, chunk(3)).await.unwrap(),
        ControlFlow::Cancelled
    );
    assert_eq!(
        runs::finish_run(&db, &held, Ok(())).await.unwrap(),
        RunEnd::Released
    );
    let next = claim(&db, run.id, "next").await.unwrap();
    assert_eq!((next.attempt, next.done_before), (1, 3));
    assert!(
        held.checkpoint(&db, chunk(3)).await.is_err(),
        "the same attempt, but not the same claim"
    );
}

#[tokio::test]
async fn success_of_discovery_asks_for_auto_tagging_once_when_something_is_due() {
    let fixture = Fixture::new().await;
    let db = fixture.pool.clone();
    for source in ["a", "b", "c"] {
        if source == "b" {
            fixture.resource("new").await;
        }
        let run = request(
            &db,
            DiscoverJob {
                source: Some(source.into()),
            },
        )
        .await;
        let held = claim(&db, run.id, "w").await.unwrap();
        runs::finish_run(&db, &held, Ok(())).await.unwrap();
    }
    let all = scheduler_job::Entity::find().all(&db).await.unwrap();
    let tagging: Vec<_> = all
        .iter()
        .filter(|run| run.job_name == JobName::AutoTag)
        .collect();
    assert_eq!(tagging.len(), 1);
    assert_eq!(
        (tagging[0].id, tagging[0].requested_by.as_str()),
        (3, "system:discover")
    );
}

#[tokio::test]
async fn history_is_pruned_by_age_and_by_number() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    execute(
        &db,
        "INSERT INTO scheduler_jobs (job_name, status, requested_by, finished_at)
         SELECT job, status, 'x', now() - n * interval '1 day'
           FROM unnest(ARRAY['discover', 'auto_tag']) job, unnest(ARRAY['SUCCEEDED', 'FAILED']) status,
                generate_series(60, 1, -1) n",
    )
    .await;
    let waiting = request(&db, DISCOVER).await;
    let prune = async |days, keep| {
        let mut pruned = 0;
        loop {
            match runs::prune(&db, Utc::now() - TimeDelta::days(days), keep)
                .await
                .unwrap()
            {
                0 => return pruned,
                some => pruned += some,
            }
        }
    };
    // Those of just thirty days are older by a moment.
    assert_eq!(prune(30, 1000).await, 4 * 31, "by age");
    assert_eq!(
        prune(30, 10).await,
        4 * 19,
        "by number, failures apart from successes"
    );
    assert_eq!(prune(0, 10).await, 4 * 9, "the last one stays");
    assert_eq!(run_of(&db, waiting.id).await.status, RunStatus::Queued);
}

#[tokio::test]
async fn the_pace_of_a_run_is_that_of_its_attempt() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, AutoTagJob {}).await;
    assert_eq!(runs::throughput(&run), runs::Throughput::default());
    let held = claim(&db, run.id, "w").await.unwrap();
    assert_eq!(
        held.checkpoint(&db, chunk(40)).await.unwrap(),
        ControlFlow::Continue
    );
    assert_eq!(
        runs::throughput(&run_of(&db, run.id).await).rate,
        None,
        "too short to tell"
    );
    let since = |seconds: i32| {
        format!(
            "UPDATE scheduler_jobs SET claimed_at = now() - interval '{seconds} s', heartbeat_at = now(),
             progress_claimed = 20"
        )
    };
    execute(&db, &since(10)).await;
    let running = run_of(&db, run.id).await;
    let pace = runs::throughput(&running);
    assert_eq!(pace.rate, Some(2.0), "twenty in ten seconds");
    let end = running.heartbeat_at.unwrap() + TimeDelta::seconds(30);
    assert_eq!(pace.estimated_end_at, Some(end), "sixty are left");
    runs::finish_run(&db, &held, Ok(())).await.unwrap();
    assert_eq!(
        runs::throughput(&run_of(&db, run.id).await).estimated_end_at,
        None
    );
}

#[tokio::test]
async fn an_attempt_that_only_prepared_work_got_further() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, AutoTagJob {}).await;
    let pool = db.get_postgres_connection_pool();
    for prepares in [true, false] {
        let held = claim(&db, run.id, "w").await.unwrap();
        if prepares {
            let mut connection = pool.acquire().await.unwrap();
            held.fence().advance(&mut connection).await.unwrap();
        }
        execute(
            &db,
            "UPDATE scheduler_jobs SET heartbeat_at = now() - interval '1 minute'",
        )
        .await;
        runs::reclaim_orphans(&db).await.unwrap();
        let run = run_of(&db, run.id).await;
        assert_eq!(
            (run.status, run.attempt),
            (RunStatus::Queued, i32::from(!prepares))
        );
        let mut connection = pool.acquire().await.unwrap();
        assert!(
            held.fence().advance(&mut connection).await.is_err(),
            "it is no longer ours"
        );
    }
}
