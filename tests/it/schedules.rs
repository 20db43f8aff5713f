//! Schedules: one run of a tick, however many replicas tick.

use crate::db::TestDb;
use crate::runs::{actor, execute, run_of};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{DatabaseConnection, EntityTrait};
use std::sync::Mutex;
use virtual_tagging::clock::Clock;
use virtual_tagging::domain::JobName;
use virtual_tagging::domain::auth::Role;
use virtual_tagging::domain::runs;
use virtual_tagging::entities::schedule;
use virtual_tagging::error::Error;
use virtual_tagging::jobs::Queue;

/// A clock that the test sets.
struct SetClock(Mutex<DateTime<Utc>>);

impl SetClock {
    fn at(text: &str) -> Self {
        Self(Mutex::new(text.parse().unwrap()))
    }

    fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

async fn finish_all(db: &DatabaseConnection) {
    execute(db, "UPDATE scheduler_jobs SET status = 'SUCCEEDED'").await;
}

#[tokio::test]
async fn many_replicas_make_one_run_of_a_tick() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    let schedules = [(JobName::Discover, "*/2 * * * *".to_owned())];
    runs::sync(&db, &clock, &schedules).await.unwrap();
    let first = runs::tick(&db, &Queue, &clock).await.unwrap();
    assert_eq!(first.len(), 1, "a schedule that is new ticks at once");
    assert!(runs::tick(&db, &Queue, &clock).await.unwrap().is_empty());
    finish_all(&db).await;
    clock.advance(120);
    let replicas = (0..5).map(|_| runs::tick(&db, &Queue, &clock));
    let made = futures::future::join_all(replicas).await;
    let made: Vec<i64> = made.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(made.len(), 1);
    let run = run_of(&db, made[0]).await;
    assert_eq!(run.scheduled_for, Some("2026-03-01T10:02:00Z".parse().unwrap()));
    assert_eq!(run.requested_by, "system:schedule");

    clock.advance(120);
    assert!(
        runs::tick(&db, &Queue, &clock).await.unwrap().is_empty(),
        "the last one still waits"
    );
    finish_all(&db).await;
    // All replicas are down for an hour: the last tick is made up for, once.
    clock.advance(3600);
    runs::sync(&db, &clock, &schedules).await.unwrap();
    let made = runs::tick(&db, &Queue, &clock).await.unwrap();
    assert_eq!(made.len(), 1);
    let run = run_of(&db, made[0]).await;
    assert_eq!(run.scheduled_for, Some("2026-03-01T11:04:00Z".parse().unwrap()));
    finish_all(&db).await;
    assert!(runs::tick(&db, &Queue, &clock).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_paused_schedule_does_not_tick_and_catches_up_on_nothing() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    let schedules = [(JobName::Discover, "*/2 * * * *".to_owned())];
    runs::sync(&db, &clock, &schedules).await.unwrap();
    let refused = runs::pause(&db, &clock, &actor(Role::Approver), JobName::Discover).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let paused = runs::pause(&db, &clock, &actor(Role::Admin), JobName::Discover)
        .await
        .unwrap();
    assert_eq!(paused.paused_by.as_deref(), Some("ada"));
    assert_eq!(runs::next_run_at(&paused, clock.now()), None);
    clock.advance(600);
    runs::sync(&db, &clock, &[(JobName::Discover, "*/3 * * * *".to_owned())])
        .await
        .unwrap();
    assert!(runs::tick(&db, &Queue, &clock).await.unwrap().is_empty());

    let resumed = runs::resume(&db, &clock, &actor(Role::Admin), JobName::Discover)
        .await
        .unwrap();
    assert!(runs::tick(&db, &Queue, &clock).await.unwrap().is_empty());
    let next = runs::next_run_at(&resumed, clock.now());
    assert_eq!(next, Some("2026-03-01T10:12:00Z".parse().unwrap()));
    clock.advance(120);
    assert_eq!(runs::tick(&db, &Queue, &clock).await.unwrap().len(), 1);
}

#[tokio::test]
async fn auto_tagging_is_only_scheduled_when_something_is_due() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    runs::sync(&db, &clock, &[(JobName::AutoTag, "* * * * *".to_owned())])
        .await
        .unwrap();
    clock.advance(60);
    assert!(runs::tick(&db, &Queue, &clock).await.unwrap().is_empty());
    execute(
        &db,
        "WITH r AS (INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
             VALUES ('i-1', 'web', 'aws', '1', 'ec2', 'test') RETURNING id)
         INSERT INTO evaluations (resource_id) SELECT id FROM r",
    )
    .await;
    clock.advance(60);
    assert_eq!(runs::tick(&db, &Queue, &clock).await.unwrap().len(), 1);
    let stored = schedule::Entity::find().all(&db).await.unwrap();
    assert_eq!(
        stored[0].last_tick_at,
        Some("2026-03-01T10:02:00Z".parse().unwrap())
    );
}

#[tokio::test]
async fn a_wrong_expression_or_job_is_refused_before_anything_is_stored() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    let good = (JobName::Discover, "*/2 * * * *".to_owned());
    let wrong = [good.clone(), (JobName::Maintain, "daily".to_owned())];
    assert!(matches!(
        runs::sync(&db, &clock, &wrong).await,
        Err(Error::Rejected(_))
    ));
    let import = [good, (JobName::Import, "* * * * *".to_owned())];
    assert!(matches!(
        runs::sync(&db, &clock, &import).await,
        Err(Error::Internal(_))
    ));
    assert!(schedule::Entity::find().all(&db).await.unwrap().is_empty());
}
