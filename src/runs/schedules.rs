//! Schedules: the times at which jobs run by themselves. Every replica ticks; the rows make one run of each tick.

use super::cron::{Cron, time_zone};
use super::definition::{JobDefinition, JobDefinitions, NewRun};
use super::request::{Requested, insert, may_request, submit};
use crate::auth::Actor;
use crate::clock::Clock;
use crate::db::{Begin, Transaction, sql};
use crate::entities::schedule::{self, Model as Schedule};
use crate::entities::{AccountScope, JobName};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseConnection, QueryFilter};

/// Changes of a schedule; a field that is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleEdit {
    /// As [`Cron::parse`] reads it.
    pub cron: Option<String>,
    /// As [`time_zone`] knows it.
    pub time_zone: Option<String>,
}

/// A schedule before and after it was changed.
pub struct ScheduleChange {
    pub before: Schedule,
    pub after: Schedule,
}

/// Stores the schedules as configured, to be read in `zone`; a paused one stays paused. A schedule that is new ticks at
/// once, so that a first start has something to show; one that reads otherwise than before ticks from now on. One that
/// was edited stays as edited until its configuration reads otherwise than before.
///
/// [`Error::Validation`] for an expression that cannot be read, and [`Error::Internal`] for a job that needs arguments;
/// then nothing is stored.
pub async fn sync(
    db: &DatabaseConnection,
    jobs: &JobDefinitions,
    clock: &dyn Clock,
    zone: Tz,
    schedules: &[(JobName, String)],
) -> Result<()> {
    for (job, cron) in schedules {
        Cron::parse(cron)?;
        jobs.get(*job)?.new_run(&serde_json::json!({}))?;
    }
    for (job, cron) in schedules {
        sql::execute(
            db,
            "INSERT INTO schedules AS s (job_name, cron, time_zone, active_from, configured)
             VALUES ($1, $2, $3, 'epoch', jsonb_build_object('cron', $2::text, 'time_zone', $3::text))
             ON CONFLICT (job_name) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone,
                    configured = excluded.configured, edited_at = NULL, edited_by = NULL,
                    active_from = CASE WHEN s.cron = excluded.cron AND s.time_zone = excluded.time_zone
                                       THEN s.active_from ELSE $4 END
              WHERE s.configured IS DISTINCT FROM excluded.configured",
            [
                (*job).into(),
                cron.trim().into(),
                zone.name().into(),
                clock.now().into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Has a schedule tick at other times, from now on; runs under way go on.
///
/// [`Error::Validation`] for an expression or a zone that cannot be read, and [`crate::error::ProblemCode::NotFound`] for
/// a job without a schedule.
pub async fn update(
    txn: &Transaction,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
    edit: ScheduleEdit,
) -> Result<ScheduleChange> {
    let cron = edit.cron.as_deref().map(str::trim);
    cron.map(Cron::parse).transpose()?;
    let zone = edit.time_zone.as_deref().map(time_zone).transpose()?;
    let before = locked(txn, job).await?;
    let updated = sql::row(
        txn,
        "UPDATE schedules SET cron = coalesce($2, cron), time_zone = coalesce($3, time_zone),
             edited_at = $4, edited_by = $5,
             active_from = CASE WHEN cron = coalesce($2, cron) AND time_zone = coalesce($3, time_zone)
                                THEN active_from ELSE $4 END
         WHERE job_name = $1 RETURNING *",
        [
            job.into(),
            cron.into(),
            zone.map(Tz::name).into(),
            clock.now().into(),
            actor.subject.clone().into(),
        ],
    );
    let after = updated.await?.ok_or_else(|| no_schedule(job))?;
    Ok(ScheduleChange { before, after })
}

/// Asks for a run as a tick of the schedule would, whether the schedule is paused or not. The next tick stays.
///
/// Needs [`super::Job::ROLE`] and access to all accounts. [`crate::error::ProblemCode::NotFound`] for a job
/// without a schedule.
pub async fn trigger(
    db: &DatabaseConnection,
    jobs: &JobDefinitions,
    actor: &Actor,
    job: JobName,
) -> Result<Requested> {
    let found = schedule::find(&actor.scope)
        .filter(schedule::Column::JobName.eq(job))
        .one(db);
    let schedule = found.await?.ok_or_else(|| no_schedule(job))?;
    let job = jobs.get(job)?;
    may_request(actor, job.role)?;
    submit(db, actor, &job.new_run(&schedule.arguments)?).await
}

/// Stops a schedule until it is resumed; runs under way go on. Pausing twice changes nothing.
///
/// [`crate::error::ProblemCode::NotFound`] for a job without a schedule.
pub async fn pause(
    txn: &Transaction,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
) -> Result<ScheduleChange> {
    let before = locked(txn, job).await?;
    let paused = sql::row(
        txn,
        "UPDATE schedules SET paused_by = CASE WHEN paused_at IS NULL THEN $2 ELSE paused_by END,
             paused_at = coalesce(paused_at, $3)
         WHERE job_name = $1 RETURNING *",
        [job.into(), actor.subject.clone().into(), clock.now().into()],
    );
    let after = paused.await?.ok_or_else(|| no_schedule(job))?;
    Ok(ScheduleChange { before, after })
}

/// Lets a schedule tick from now on; what it missed while paused is not made up for.
///
/// [`crate::error::ProblemCode::NotFound`] for a job without a schedule.
pub async fn resume(txn: &Transaction, clock: &dyn Clock, job: JobName) -> Result<ScheduleChange> {
    let before = locked(txn, job).await?;
    let resumed = sql::row(
        txn,
        "UPDATE schedules SET active_from = CASE WHEN paused_at IS NULL THEN active_from ELSE $2 END,
             paused_at = NULL, paused_by = NULL
         WHERE job_name = $1 RETURNING *",
        [job.into(), clock.now().into()],
    );
    let after = resumed.await?.ok_or_else(|| no_schedule(job))?;
    Ok(ScheduleChange { before, after })
}

/// The schedule of a job as it is, for who is about to change it.
async fn locked(txn: &Transaction, job: JobName) -> Result<Schedule> {
    let found = sql::row(
        txn,
        "SELECT * FROM schedules WHERE job_name = $1 FOR UPDATE",
        [job.into()],
    );
    found.await?.ok_or_else(|| no_schedule(job))
}

/// When the schedule runs next after `now`; `None` while it is paused.
pub fn next_run_at(schedule: &Schedule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if schedule.paused_at.is_some() {
        return None;
    }
    cron(schedule).ok()?.next(now)
}

/// Makes the runs of the ticks that have come; gives their ids.
///
/// Of the ticks missed while no replica was up, the last one is made up for. A tick makes no run while the job's
/// last one is still queued or running, nor auto-tagging when nothing is due.
pub async fn tick(db: &DatabaseConnection, jobs: &JobDefinitions, clock: &dyn Clock) -> Result<Vec<i64>> {
    let now = clock.now();
    let mut runs = Vec::new();
    for schedule in schedule::find(&AccountScope::All).all(db).await? {
        match due(&schedule, now) {
            Ok(Some(tick)) => runs.extend(take_tick(db, jobs, &schedule, tick).await?),
            Ok(None) => {}
            Err(error) => {
                let job_name = schedule.job_name.to_value();
                tracing::error!(job_name, %error, "a schedule cannot be read");
            }
        }
    }
    Ok(runs)
}

fn cron(schedule: &Schedule) -> Result<Cron> {
    Ok(Cron::parse(&schedule.cron)?.in_zone(time_zone(&schedule.time_zone)?))
}

/// The tick that has come and was not taken yet.
fn due(schedule: &Schedule, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    if schedule.paused_at.is_some() {
        return Ok(None);
    }
    let latest = cron(schedule)?.latest(now);
    let taken = schedule.last_tick_at.max(Some(schedule.active_from));
    Ok(latest.filter(|tick| Some(*tick) > taken))
}

async fn take_tick(
    db: &DatabaseConnection,
    jobs: &JobDefinitions,
    schedule: &Schedule,
    tick: DateTime<Utc>,
) -> Result<Option<i64>> {
    let txn = db.begin().await?;
    // Replicas queue up on the schedule's row; all but the first find the tick taken.
    let taken = sql::execute(
        &txn,
        "UPDATE schedules SET last_tick_at = $2
         WHERE job_name = $1 AND paused_at IS NULL AND greatest(last_tick_at, active_from) < $2",
        [schedule.job_name.into(), tick.into()],
    );
    if taken.await? == 0 {
        return Ok(None);
    }
    let job = jobs.get(schedule.job_name)?;
    let new = job.new_run(&schedule.arguments)?;
    let run = if has_work(&txn, job, &new).await? {
        insert(&txn, &Actor::system("schedule").subject, &new, Some(tick)).await?
    } else {
        None
    };
    txn.commit().await?;
    Ok(run.map(|run| run.id))
}

/// True when the run would find something to do that no other run is about to do.
async fn has_work(txn: &Transaction, job: &JobDefinition, new: &NewRun) -> Result<bool> {
    let under_way = "SELECT 1 FROM scheduler_jobs
         WHERE job_name = $1 AND arguments = $2 AND status IN ('QUEUED', 'RUNNING') LIMIT 1";
    let binds = [new.job.into(), new.arguments.clone().into()];
    let under_way = txn
        .query_one_raw(sql::statement(under_way, binds))
        .await?
        .is_some();
    if under_way {
        return Ok(false);
    }
    job.is_due(txn).await
}

fn no_schedule(job: JobName) -> Error {
    Error::not_found("job", format!("schedule of {}", job.to_value()))
}
