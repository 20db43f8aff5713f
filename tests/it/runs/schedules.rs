//! Schedules: one run of a tick, however many replicas tick.

use crate::support::db::TestDb;
use crate::support::runs::{actor, execute, run_of};
use crate::support::service::Service;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::json;
use std::sync::Mutex;
use virtual_tagging::auth::Role;
use virtual_tagging::clock::Clock;
use virtual_tagging::domain::JobName;
use virtual_tagging::domain::schedules;
use virtual_tagging::entities::schedule;
use virtual_tagging::error::Error;
use virtual_tagging::jobs;
use virtual_tagging::runs::{self, ScheduleEdit};

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

/// As a process that starts does.
async fn sync(
    db: &DatabaseConnection,
    clock: &SetClock,
    schedules: &[(JobName, String)],
) -> Result<(), Error> {
    runs::sync(db, &jobs::definitions(), clock, chrono_tz::UTC, schedules).await
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
    sync(&db, &clock, &schedules).await.unwrap();
    let first = runs::tick(&db, &jobs::definitions(), &clock).await.unwrap();
    assert_eq!(first.len(), 1, "a schedule that is new ticks at once");
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty()
    );
    finish_all(&db).await;
    clock.advance(120);
    let jobs = jobs::definitions();
    let replicas = (0..5).map(|_| runs::tick(&db, &jobs, &clock));
    let made = futures::future::join_all(replicas).await;
    let made: Vec<i64> = made.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(made.len(), 1);
    let run = run_of(&db, made[0]).await;
    assert_eq!(run.scheduled_for, Some("2026-03-01T10:02:00Z".parse().unwrap()));
    assert_eq!(run.requested_by, "system:schedule");

    clock.advance(120);
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty(),
        "the last one still waits"
    );
    finish_all(&db).await;
    // All replicas are down for an hour: the last tick is made up for, once.
    clock.advance(3600);
    sync(&db, &clock, &schedules).await.unwrap();
    let made = runs::tick(&db, &jobs::definitions(), &clock).await.unwrap();
    assert_eq!(made.len(), 1);
    let run = run_of(&db, made[0]).await;
    assert_eq!(run.scheduled_for, Some("2026-03-01T11:04:00Z".parse().unwrap()));
    finish_all(&db).await;
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_paused_schedule_does_not_tick_and_catches_up_on_nothing() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    let schedules = [(JobName::Discover, "*/2 * * * *".to_owned())];
    sync(&db, &clock, &schedules).await.unwrap();
    let refused = schedules::pause(&db, &clock, &actor(Role::Approver), JobName::Discover).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let paused = schedules::pause(&db, &clock, &actor(Role::Admin), JobName::Discover)
        .await
        .unwrap();
    assert_eq!(paused.paused_by.as_deref(), Some("ada"));
    assert_eq!(runs::next_run_at(&paused, clock.now()), None);
    clock.advance(600);
    sync(&db, &clock, &[(JobName::Discover, "*/3 * * * *".to_owned())])
        .await
        .unwrap();
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty()
    );

    let resumed = schedules::resume(&db, &clock, &actor(Role::Admin), JobName::Discover)
        .await
        .unwrap();
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty()
    );
    let next = runs::next_run_at(&resumed, clock.now());
    assert_eq!(next, Some("2026-03-01T10:12:00Z".parse().unwrap()));
    clock.advance(120);
    assert_eq!(
        runs::tick(&db, &jobs::definitions(), &clock).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn auto_tagging_is_only_scheduled_when_something_is_due() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    sync(&db, &clock, &[(JobName::AutoTag, "* * * * *".to_owned())])
        .await
        .unwrap();
    clock.advance(60);
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty()
    );
    execute(
        &db,
        "WITH r AS (INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, discovered_by)
             VALUES ('i-1', 'web', 'aws', '1', 'ec2', 'test') RETURNING id)
         INSERT INTO evaluations (resource_id) SELECT id FROM r",
    )
    .await;
    clock.advance(60);
    assert_eq!(
        runs::tick(&db, &jobs::definitions(), &clock).await.unwrap().len(),
        1
    );
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
        sync(&db, &clock, &wrong).await,
        Err(Error::Validation(_))
    ));
    let import = [good, (JobName::Import, "* * * * *".to_owned())];
    assert!(matches!(
        sync(&db, &clock, &import).await,
        Err(Error::Internal(_))
    ));
    assert!(schedule::Entity::find().all(&db).await.unwrap().is_empty());
}

#[tokio::test]
async fn three_replicas_make_a_hundred_runs_of_a_hundred_ticks() {
    let test = TestDb::create().await;
    let replicas = [test.connect().await, test.connect().await, test.connect().await];
    let db = &replicas[0];
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    let schedules = [(JobName::Discover, "* * * * *".to_owned())];
    sync(db, &clock, &schedules).await.unwrap();
    let (jobs, mut made) = (jobs::definitions(), Vec::new());
    for _ in 0..100 {
        // Each replica ticks more than once within a tick.
        let ticks = replicas
            .iter()
            .cycle()
            .take(6)
            .map(|db| runs::tick(db, &jobs, &clock));
        made.extend(
            futures::future::join_all(ticks)
                .await
                .into_iter()
                .flat_map(Result::unwrap),
        );
        finish_all(db).await;
        clock.advance(60);
    }
    assert_eq!(made.len(), 100);
    let all = virtual_tagging::entities::scheduler_job::Entity::find()
        .all(db)
        .await
        .unwrap();
    let ticks: std::collections::BTreeSet<_> = all.iter().map(|run| run.scheduled_for.unwrap()).collect();
    assert_eq!((all.len(), ticks.len()), (100, 100));
}

#[tokio::test]
async fn an_edited_schedule_stays_so_until_its_configuration_changes() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-28T10:00:30Z");
    let configured = [(JobName::Discover, "*/2 * * * *".to_owned())];
    sync(&db, &clock, &configured).await.unwrap();
    let (admin, job) = (actor(Role::Admin), JobName::Discover);
    let edit = |cron: &str, zone: &str| ScheduleEdit {
        cron: Some(cron.into()),
        time_zone: Some(zone.into()),
    };
    for (wrong, field) in [
        (edit("0 9 * *", "UTC"), "cron"),
        (edit("0 9 * * *", "Berlin"), "timeZone"),
    ] {
        match schedules::update(&db, &clock, &admin, job, wrong).await {
            Err(Error::Validation(problems)) => assert_eq!(problems[0].field.as_deref(), Some(field)),
            other => panic!("{other:?}"),
        }
    }
    let nightly = edit("30 2 * * *", "Europe/Berlin");
    let refused = schedules::update(&db, &clock, &actor(Role::Approver), job, nightly.clone()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let missing = schedules::update(&db, &clock, &admin, JobName::Maintain, nightly.clone()).await;
    assert!(matches!(missing, Err(Error::Validation(_))));

    let edited = schedules::update(&db, &clock, &admin, job, nightly)
        .await
        .unwrap();
    assert_eq!(edited.edited_by.as_deref(), Some("ada"));
    sync(&db, &clock, &configured).await.unwrap();
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty(),
        "from now on"
    );
    // In that night the clocks go from 02:00 to 03:00.
    let next = runs::next_run_at(&edited, clock.now());
    assert_eq!(next, Some("2026-03-29T01:00:00Z".parse().unwrap()));
    clock.advance(15 * 3600);
    assert_eq!(
        runs::tick(&db, &jobs::definitions(), &clock).await.unwrap().len(),
        1
    );
    finish_all(&db).await;
    clock.advance(60);
    assert!(
        runs::tick(&db, &jobs::definitions(), &clock)
            .await
            .unwrap()
            .is_empty(),
        "once"
    );

    let changed = [(JobName::Discover, "*/5 * * * *".to_owned())];
    sync(&db, &clock, &changed).await.unwrap();
    let stored = schedule::Entity::find().one(&db).await.unwrap().unwrap();
    assert_eq!(
        (stored.cron.as_str(), stored.time_zone.as_str()),
        ("*/5 * * * *", "UTC")
    );
    assert_eq!(stored.edited_by, None);
}

#[tokio::test]
async fn a_schedule_is_triggered_between_its_ticks() {
    let test = TestDb::create().await;
    let db = test.connect().await;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    sync(&db, &clock, &[(JobName::Maintain, "17 3 * * *".to_owned())])
        .await
        .unwrap();
    schedules::pause(&db, &clock, &actor(Role::Admin), JobName::Maintain)
        .await
        .unwrap();
    let refused = runs::trigger(
        &db,
        &jobs::definitions(),
        &actor(Role::Approver),
        JobName::Maintain,
    )
    .await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let asked = runs::trigger(&db, &jobs::definitions(), &actor(Role::Admin), JobName::Maintain)
        .await
        .unwrap();
    assert!(asked.created);
    assert_eq!(
        (asked.run.requested_by.as_str(), asked.run.scheduled_for),
        ("ada", None)
    );
    let none = runs::trigger(&db, &jobs::definitions(), &actor(Role::Admin), JobName::Discover).await;
    assert!(matches!(none, Err(Error::Validation(_))));
}

#[tokio::test]
async fn schedules_and_runs_are_steered_and_filtered_over_the_api() {
    let service = Service::start().await;
    let db = &service.app.database().pools.all;
    let clock = SetClock::at("2026-03-01T10:00:30Z");
    let configured = [(JobName::Maintain, "17 3 * * *".to_owned())];
    sync(db, &clock, &configured).await.unwrap();
    let update = "mutation($zone: String) { updateSchedule(input: {jobName: MAINTAIN, timeZone: $zone}) {
        schedule { cron timeZone editedBy lastRun { id } } userErrors { code field } } }";
    let wrong = service.data(update, json!({"zone": "Berlin"})).await;
    assert_eq!(
        wrong["updateSchedule"],
        json!({"schedule": null, "userErrors": [{"code": "INVALID", "field": "timeZone"}]})
    );
    let edited = service.data(update, json!({"zone": "Europe/Berlin"})).await;
    let schedule = &edited["updateSchedule"]["schedule"];
    assert_eq!(
        (&schedule["cron"], &schedule["timeZone"]),
        (&json!("17 3 * * *"), &json!("Europe/Berlin"))
    );
    assert_eq!(schedule["lastRun"], json!(null));
    let trigger = "mutation { triggerSchedule(input: {jobName: MAINTAIN}) {
        run { id priority requestedBy rate estimatedEndAt } userErrors { code } } }";
    let asked = service.data(trigger, json!({})).await;
    let run = &asked["triggerSchedule"]["run"];
    assert_eq!(
        (&run["rate"], &run["estimatedEndAt"]),
        (&json!(null), &json!(null))
    );
    let shown = service.data("{schedules {lastRun {id}}}", json!({})).await;
    assert_eq!(shown["schedules"], json!([{"lastRun": {"id": run["id"]}}]));

    let found = async |filter: serde_json::Value| {
        let query = "query($f: JobRunFilter) { jobRuns(filter: $f) { totalCount } }";
        service.data(query, json!({"f": filter})).await["jobRuns"]["totalCount"].clone()
    };
    assert_eq!(found(json!({"requestedBy": run["requestedBy"]})).await, 1);
    assert_eq!(found(json!({"requestedBy": "nobody"})).await, 0);
    assert_eq!(
        found(json!({"createdFrom": "2020-01-01T00:00:00Z", "status": "QUEUED"})).await,
        1
    );
    assert_eq!(found(json!({"createdTo": "2020-01-01T00:00:00Z"})).await, 0);
}
