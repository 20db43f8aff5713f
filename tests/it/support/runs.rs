//! Runs as rows: requested, claimed and looked at without a worker.

use super::wait::wait_until;
use sea_orm::{DatabaseConnection, EntityTrait};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::db::sql;
use virtual_tagging::domain::inventory::DiscoverJob;
use virtual_tagging::entities::scheduler_job;
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, AttemptFailure, Job, Progress, Run, RunHandle, WorkerId};

pub const DISCOVER: DiscoverJob = DiscoverJob { source: None };

pub fn actor(role: Role) -> Actor {
    Actor {
        subject: "ada".into(),
        role,
        scope: AccountScope::All,
        expires_at: None,
    }
}

pub async fn request(db: &DatabaseConnection, job: impl Job) -> Run {
    let requested = runs::request(db, &actor(Role::Admin), &job).await;
    requested.unwrap().run
}

pub async fn run_of(db: &DatabaseConnection, id: i64) -> Run {
    scheduler_job::Entity::find_by_id(id)
        .one(db)
        .await
        .unwrap()
        .unwrap()
}

/// A worker that only its heartbeat shows to be alive.
pub fn worker(name: &str) -> WorkerId {
    WorkerId {
        name: name.to_owned(),
        key: None,
    }
}

/// Claims the run, which is the one that comes first.
pub async fn claim(db: &DatabaseConnection, id: i64, name: &str) -> Option<RunHandle> {
    claim_until(db, id, &worker(name), CancellationToken::new()).await
}

/// As [`claim`], for a process that shuts down when `stop` is cancelled.
pub async fn claim_until(
    db: &DatabaseConnection,
    id: i64,
    worker: &WorkerId,
    stop: CancellationToken,
) -> Option<RunHandle> {
    let claimed = runs::claim_next(db, &jobs::definitions(), worker, stop).await;
    let handle = claimed.unwrap()?;
    assert_eq!(handle.run_id, id, "another run comes first");
    Some(handle)
}

pub async fn execute(db: &DatabaseConnection, statement: &str) {
    sql::execute(db, statement, []).await.unwrap();
}

pub fn chunk(done: i64) -> Progress {
    Progress {
        done_delta: done,
        total: Some(100),
        counts: [("inserted", done)].into(),
    }
}

pub fn failure(error: &str, permanent: bool) -> AttemptFailure {
    AttemptFailure {
        error: error.into(),
        permanent,
        outage: false,
    }
}

/// Makes a worker look dead.
pub async fn silence(db: &DatabaseConnection) {
    execute(
        db,
        "UPDATE scheduler_jobs SET heartbeat_at = now() - interval '61 seconds' WHERE status = 'RUNNING'",
    )
    .await;
}

/// Waits until the run meets the condition.
pub async fn until(db: &DatabaseConnection, id: i64, condition: impl Fn(&Run) -> bool) -> Run {
    wait_until(Duration::from_secs(20), "a state of a run", async || {
        let run = run_of(db, id).await;
        if condition(&run) { Ok(run) } else { Err(run) }
    })
    .await
}

pub async fn count(db: &DatabaseConnection, what: &'static str) -> i64 {
    let pool = db.get_postgres_connection_pool();
    sqlx::query_scalar(what).fetch_one(pool).await.unwrap()
}
