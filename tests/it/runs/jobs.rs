//! The workers, on the real queue.

use crate::support::db::TestDb;
use crate::support::runs::{DISCOVER, actor, count, execute, request, run_of, until};
use crate::support::wait::wait_until;
use crate::support::workers::{JobWorkers, Scripted};
use sea_orm::EntityTrait;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use virtual_tagging::auth::Role;
use virtual_tagging::domain::evaluation::AutoTagJob;
use virtual_tagging::domain::imports::{self, ImportSpec};
use virtual_tagging::domain::inventory::DiscoverJob;
use virtual_tagging::domain::maintenance::MaintainJob;
use virtual_tagging::domain::{JobName, RunStatus};
use virtual_tagging::entities::scheduler_job;
use virtual_tagging::jobs;
use virtual_tagging::providers::Simulated;
use virtual_tagging::runs;

#[tokio::test(flavor = "multi_thread")]
async fn discovery_leads_to_auto_tagging() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let replica = JobWorkers::start(&db, Simulated::default()).await;
    let run = request(&db, DISCOVER).await;
    let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
    assert_eq!((run.status, run.error), (RunStatus::Succeeded, None));
    assert_eq!(run.counts["inserted"], 20);
    let all = scheduler_job::Entity::find().all(&db).await.unwrap();
    let tagging = all.iter().find(|run| run.job_name == JobName::AutoTag).unwrap();
    let tagging = until(&db, tagging.id, |run| run.finished_at.is_some()).await;
    assert_eq!(
        (tagging.status, tagging.progress_done),
        (RunStatus::Succeeded, 20)
    );
    assert_eq!(
        count(&db, "SELECT count(DISTINCT resource_id) FROM ml_inferences").await,
        20
    );
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_starts_a_run_at_once() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let replica = JobWorkers::start(&db, Simulated::default()).await;
    let warm = request(&db, AutoTagJob {}).await;
    until(&db, warm.id, |run| run.finished_at.is_some()).await;
    let mut waits = Vec::new();
    for _ in 0..15 {
        let run = request(&db, AutoTagJob {}).await;
        let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
        waits.push((run.started_at.unwrap() - run.created_at).num_milliseconds());
    }
    waits.sort_unstable();
    println!("ms from request to start: {waits:?}");
    // Polling alone would take half a second in the median; and no announcement is lost.
    assert!(waits[7] < 100 && waits[14] < 500, "{waits:?}");
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_lost_its_task_is_queued_again() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let run = request(&db, AutoTagJob {}).await;
    execute(&db, "DELETE FROM apalis.jobs").await;
    let replica = JobWorkers::start(&db, Simulated::default()).await;
    let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
    assert_eq!(run.status, RunStatus::Succeeded);
    replica.stop().await;
}

/// An error of the database ends apalis' worker; the runs that its tasks work on go on, and another worker is started
/// for the slots that are free.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_outlives_the_worker_of_apalis_that_executes_it() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let replica = JobWorkers::start(&db, Scripted::Hangs).await;
    let hanging = request(&db, DISCOVER).await;
    let hanging = until(&db, hanging.id, |run| run.status == RunStatus::Running).await;
    execute(&db, "ALTER FUNCTION apalis.get_jobs RENAME TO get_jobs_away").await;
    wait_until(Duration::from_secs(20), "another worker of apalis", async || {
        count(&db, "SELECT count(*) FROM apalis.workers").await > 1
    })
    .await;
    execute(&db, "ALTER FUNCTION apalis.get_jobs_away RENAME TO get_jobs").await;
    let next = request(&db, AutoTagJob {}).await;
    let next = until(&db, next.id, |run| run.finished_at.is_some()).await;
    assert_eq!(next.status, RunStatus::Succeeded);
    let still = run_of(&db, hanging.id).await;
    assert_eq!(
        (still.status, still.attempt, still.fence, still.worker),
        (RunStatus::Running, 1, hanging.fence, hanging.worker)
    );
    assert!(still.heartbeat_at > hanging.heartbeat_at);
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_fails_or_panics_with_is_recorded() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    for (provider, error) in [
        (Scripted::Panics, "the job panicked: boom"),
        (Scripted::Fails, "scripted: unplugged"),
    ] {
        let replica = JobWorkers::start(&db, provider).await;
        let run = request(&db, DISCOVER).await;
        let run = until(&db, run.id, |run| run.error.is_some()).await;
        assert_eq!(run.error.as_deref(), Some(error));
        assert_eq!((run.status, run.attempt), (RunStatus::Queued, 1));
        let next = until(&db, run.id, |run| {
            run.attempt == 2 && run.status == RunStatus::Queued
        })
        .await;
        assert!(next.started_at.is_some() && next.run_at > run.run_at);
        runs::cancel(&db, &jobs::definitions(), &actor(Role::Approver), run.id)
            .await
            .unwrap();
        replica.stop().await;
        // apalis has nothing left to run for ever.
        let open = "SELECT count(*) FROM apalis.jobs WHERE status NOT IN ('Done', 'Pending')";
        assert_eq!(count(&db, open).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_mend_itself_is_not_tried_again() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let replica = JobWorkers::start(&db, Simulated::default()).await;
    let unknown_source = DiscoverJob {
        source: Some("aws".into()),
    };
    for (run, error) in [
        (request(&db, unknown_source).await, "there is no source \"aws\""),
        (
            request(&db, ImportSpec::new(7)).await,
            "there is no uploaded file 7",
        ),
    ] {
        let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
        assert_eq!((run.status, run.attempt), (RunStatus::Failed, 1));
        let recorded = run.error.unwrap();
        assert!(recorded.contains(error), "{recorded}");
    }
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_hands_the_run_to_another_replica() {
    let test = TestDb::create().await;
    let (db, other) = (test.connect().await, test.connect().await);
    let replica = JobWorkers::start(&db, Scripted::Hangs).await;
    let run = request(&db, DISCOVER).await;
    until(&db, run.id, |run| run.status == RunStatus::Running).await;
    replica.stop().await;
    let run = run_of(&db, run.id).await;
    assert_eq!(
        (run.status, run.attempt, run.worker),
        (RunStatus::Queued, 0, None)
    );
    let replica = JobWorkers::start(&other, Simulated::default()).await;
    let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
    assert_eq!((run.status, run.attempt), (RunStatus::Succeeded, 1));
    replica.stop().await;
}

/// Makes the insert of a row wait for the test, and so a worker stand still in the midst of a part.
const BARRIER: &str = "
    CREATE FUNCTION barrier() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END $$;
    CREATE TRIGGER barrier BEFORE INSERT ON import_rows FOR EACH ROW WHEN (NEW.resource_id = 'i-6000')
        EXECUTE FUNCTION barrier();
    CREATE TRIGGER barrier BEFORE INSERT ON resources FOR EACH ROW WHEN (NEW.resource_id = 'i-6001')
        EXECUTE FUNCTION barrier()";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_costs_one_part_of_an_import_in_either_phase_and_doubles_nothing() {
    let test = TestDb::create().await;
    let other = test.connect().await;
    let lines = (0..7500).map(|n| {
        format!(
            "{{\"cloud\":\"aws\",\"account_id\":\"1\",\"resource_type\":\"ec2\",\"resource_id\":\"i-{n}\",\
             \"name\":\"web-{n}\",\"native_tags\":{{}}}}\n"
        )
    });
    let content: String = ["not json\n".to_owned()].into_iter().chain(lines).collect();
    let file = imports::store(
        &other,
        &actor(Role::Approver),
        "inventory.jsonl",
        content.as_bytes(),
    )
    .await
    .unwrap();
    let mut barrier = PgConnection::connect_with(&test.connect_options()).await.unwrap();
    sqlx::raw_sql(BARRIER).execute(&mut barrier).await.unwrap();
    let run = request(&other, ImportSpec::new(file.id)).await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted";
    // Killed once while the second part is read, and once while it is merged.
    for (total, done) in [(5000, 0), (7501, 5000)] {
        sqlx::raw_sql("SELECT pg_advisory_lock(42)")
            .execute(&mut barrier)
            .await
            .unwrap();
        let replica = JobWorkers::start(&test.connect().await, Scripted::Hangs).await;
        until(&other, run.id, |run| {
            run.progress_total == Some(total) && run.progress_done >= done
        })
        .await;
        wait_until(
            Duration::from_secs(20),
            "the import to reach the barrier",
            async || count(&other, waiting).await > 0,
        )
        .await;
        replica.kill();
        sqlx::raw_sql("SELECT pg_advisory_unlock(42)")
            .execute(&mut barrier)
            .await
            .unwrap();
    }
    let replica = JobWorkers::start(&other, Scripted::Hangs).await;
    let run = until(&other, run.id, |run| run.finished_at.is_some()).await;
    assert_eq!((run.status, run.fence), (RunStatus::Succeeded, 3));
    assert_eq!((run.progress_done, run.progress_total), (7501, Some(7501)));
    let counts = serde_json::json!({ "inserted": 7500, "updated": 0, "unchanged": 0, "rejected": 1 });
    assert_eq!(run.counts, counts);
    assert_eq!(count(&other, "SELECT count(*) FROM resources").await, 7500);
    assert_eq!(count(&other, "SELECT count(*) FROM import_rejections").await, 1);
    assert_eq!(count(&other, "SELECT count(*) FROM import_rows").await, 0);
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_entries_of_discovery_are_kept_for_its_last_runs() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    execute(
        &db,
        "WITH r AS (INSERT INTO scheduler_jobs (job_name, status, requested_by, finished_at)
             SELECT job, 'SUCCEEDED', 'x', now() FROM unnest(ARRAY['import', 'discover']) job, generate_series(1, 8)
             RETURNING id)
         INSERT INTO import_rejections (run_id, reason) SELECT id, 'refused' FROM r, generate_series(1, 2)",
    )
    .await;
    let replica = JobWorkers::start(&db, Simulated::default()).await;
    let run = request(&db, DISCOVER).await;
    until(&db, run.id, |run| run.finished_at.is_some()).await;
    // The present run is the fifth, and refused nothing.
    let kept = "SELECT count(*) FROM import_rejections i JOIN scheduler_jobs r ON r.id = i.run_id
         WHERE job_name = 'discover'";
    assert_eq!(count(&db, kept).await, 8);
    assert_eq!(count(&db, "SELECT count(*) FROM import_rejections").await, 8 + 16);
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_prunes_what_is_old() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    execute(
        &db,
        "WITH r AS (INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
             SELECT 'i-' || n, 'web', 'aws', '1', 'ec2', 'test' FROM generate_series(1, 3) n RETURNING id)
         INSERT INTO ml_inferences (resource_id, model_version, revision, predictions)
         SELECT id, 'm', n, '[]' FROM r, generate_series(1, 13) n",
    )
    .await;
    execute(
        &db,
        "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, done_at)
         VALUES (apalis.generate_ulid(), 'runs', '1', 'Done', 1, 1, now(), 0, now() - interval '2 hours')",
    )
    .await;
    let replica = JobWorkers::start(&db, Scripted::Hangs).await;
    let run = request(&db, MaintainJob {}).await;
    let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
    assert_eq!((run.status, run.error), (RunStatus::Succeeded, None));
    assert_eq!(run.counts["inferences_pruned"], 9);
    assert_eq!(run.counts["tasks_pruned"], 1);
    assert_eq!(count(&db, "SELECT min(revision) FROM ml_inferences").await, 4);
    replica.stop().await;
}
