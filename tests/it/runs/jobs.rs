//! The workers, on the real queue.

use crate::runs::state::{actor, execute, request, run_of};
use crate::support::db::TestDb;
use async_trait::async_trait;
use sea_orm::{DatabaseConnection, EntityTrait};
use sqlx::{Connection, PgConnection};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tagging::{Thresholds, Vocabulary};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::Role;
use virtual_tagging::clock::SystemClock;
use virtual_tagging::config::{Config, JobsConfig, UnpackLimits};
use virtual_tagging::domain::discovery::{DiscoveryContext, Provider, ProviderError, ReportSink};
use virtual_tagging::domain::evaluation::EngineSettings;
use virtual_tagging::domain::events::Notifier;
use virtual_tagging::domain::imports::{self, ImportSpec};
use virtual_tagging::domain::revision;
use virtual_tagging::domain::{JobName, RunStatus};
use virtual_tagging::entities::scheduler_job;
use virtual_tagging::jobs::{self, JobContext, Queue};
use virtual_tagging::providers::Simulated;
use virtual_tagging::runs::{self, JobSpec, Run};

const DISCOVER: JobSpec = JobSpec::Discover { source: None };

/// A process's jobs.
pub struct Replica {
    shutdown: CancellationToken,
    handle: JoinHandle<()>,
}

impl Replica {
    pub async fn start(db: &DatabaseConnection, provider: impl Provider + 'static) -> Self {
        Self::start_with(db, provider, |config| config.concurrency = 2).await
    }

    /// With settings of its own.
    pub async fn start_with(
        db: &DatabaseConnection,
        provider: impl Provider + 'static,
        set: impl FnOnce(&mut JobsConfig),
    ) -> Self {
        let context = JobContext {
            db: db.clone(),
            wake: Arc::new(Queue),
            clock: Arc::new(SystemClock),
            notifier: Notifier::default(),
            engine: EngineSettings {
                vocabulary: Arc::new(Vocabulary::default()),
                thresholds: Thresholds::default(),
                model_version: "test".into(),
            },
            providers: vec![Arc::new(provider)],
            unpack: UnpackLimits::default(),
            audit_retention: None,
            grace: Duration::from_millis(300),
        };
        revision::adopt(db, &context.engine.fingerprint()).await.unwrap();
        let mut config = Config::from_variables(&HashMap::new()).unwrap().jobs;
        config.scheduler = false;
        set(&mut config);
        let shutdown = CancellationToken::new();
        let handle = jobs::start(context, &config, shutdown.clone()).await.unwrap();
        Self { shutdown, handle }
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(5), self.handle).await;
        ended.expect("stops within its grace").unwrap();
    }

    /// As `kill -9` would, but for the connections.
    pub fn kill(self) {
        self.handle.abort();
    }
}

/// What a provider does in place of reporting.
pub enum Scripted {
    Panics,
    Hangs,
    Fails,
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn is_snapshot(&self) -> bool {
        false
    }

    async fn report(&self, _: &DiscoveryContext, _: &mut dyn ReportSink) -> Result<(), ProviderError> {
        match self {
            Self::Panics => panic!("boom"),
            Self::Hangs => std::future::pending().await,
            Self::Fails => Err(ProviderError::Source {
                provider: "scripted".into(),
                reason: "unplugged".into(),
            }),
        }
    }
}

/// Waits until the run meets the condition.
pub async fn until(db: &DatabaseConnection, id: i64, condition: impl Fn(&Run) -> bool) -> Run {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let run = run_of(db, id).await;
        if condition(&run) {
            return run;
        }
        assert!(Instant::now() < deadline, "in vain: {run:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn count(db: &DatabaseConnection, what: &'static str) -> i64 {
    let pool = db.get_postgres_connection_pool();
    sqlx::query_scalar(what).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_leads_to_auto_tagging() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let replica = Replica::start(&db, Simulated::default()).await;
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
    let replica = Replica::start(&db, Simulated::default()).await;
    let warm = request(&db, JobSpec::AutoTag {}).await;
    until(&db, warm.id, |run| run.finished_at.is_some()).await;
    let mut waits = Vec::new();
    for _ in 0..15 {
        let run = request(&db, JobSpec::AutoTag {}).await;
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
async fn what_a_job_fails_or_panics_with_is_recorded() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    for (provider, error) in [
        (Scripted::Panics, "the job panicked: boom"),
        (Scripted::Fails, "scripted: unplugged"),
    ] {
        let replica = Replica::start(&db, provider).await;
        let run = request(&db, DISCOVER).await;
        let run = until(&db, run.id, |run| run.error.is_some()).await;
        assert_eq!(run.error.as_deref(), Some(error));
        assert_eq!((run.status, run.attempt), (RunStatus::Queued, 1));
        let next = until(&db, run.id, |run| {
            run.attempt == 2 && run.status == RunStatus::Queued
        })
        .await;
        assert!(next.started_at.is_some() && next.run_at > run.run_at);
        runs::cancel(&db, &actor(Role::Approver), run.id).await.unwrap();
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
    let replica = Replica::start(&db, Simulated::default()).await;
    for (arguments, error) in [
        (
            JobSpec::Discover {
                source: Some("aws".into()),
            },
            "there is no source \"aws\"",
        ),
        (JobSpec::Import(ImportSpec::new(7)), "there is no uploaded file 7"),
    ] {
        let run = request(&db, arguments).await;
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
    let replica = Replica::start(&db, Scripted::Hangs).await;
    let run = request(&db, DISCOVER).await;
    until(&db, run.id, |run| run.status == RunStatus::Running).await;
    replica.stop().await;
    let run = run_of(&db, run.id).await;
    assert_eq!(
        (run.status, run.attempt, run.worker),
        (RunStatus::Queued, 0, None)
    );
    let replica = Replica::start(&other, Simulated::default()).await;
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
    let run = request(&other, JobSpec::Import(ImportSpec::new(file.id))).await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted";
    // Killed once while the second part is read, and once while it is merged.
    for (total, done) in [(5000, 0), (7501, 5000)] {
        sqlx::raw_sql("SELECT pg_advisory_lock(42)")
            .execute(&mut barrier)
            .await
            .unwrap();
        let replica = Replica::start(&test.connect().await, Scripted::Hangs).await;
        until(&other, run.id, |run| {
            run.progress_total == Some(total) && run.progress_done >= done
        })
        .await;
        while count(&other, waiting).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        replica.kill();
        sqlx::raw_sql("SELECT pg_advisory_unlock(42)")
            .execute(&mut barrier)
            .await
            .unwrap();
    }
    let replica = Replica::start(&other, Scripted::Hangs).await;
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
    let replica = Replica::start(&db, Simulated::default()).await;
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
    let replica = Replica::start(&db, Scripted::Hangs).await;
    let run = request(&db, JobSpec::Maintain {}).await;
    let run = until(&db, run.id, |run| run.finished_at.is_some()).await;
    assert_eq!((run.status, run.error), (RunStatus::Succeeded, None));
    assert_eq!(run.counts["inferences_pruned"], 9);
    assert_eq!(run.counts["tasks_pruned"], 1);
    assert_eq!(count(&db, "SELECT min(revision) FROM ml_inferences").await, 4);
    replica.stop().await;
}
