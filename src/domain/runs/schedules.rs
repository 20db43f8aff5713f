//! When jobs run by themselves. Every replica ticks; the rows make one run of each tick.

use super::request::{NewRun, insert};
use super::{Arguments, Cron, Schedule, Wake};
use crate::clock::Clock;
use crate::db::sql;
use crate::domain::JobName;
use crate::domain::auth::{Actor, Role};
use crate::domain::tagging::auto_tag;
use crate::entities::{AccountScope, schedule};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};

/// Stores the schedules as configured; a paused one stays paused. A schedule that is new ticks at once, so that a
/// first start has something to show; one that reads otherwise than before ticks from now on.
///
/// [`Error::Rejected`] for an expression that cannot be read, and [`Error::Internal`] for a job that needs arguments;
/// then nothing is stored.
pub async fn sync(db: &DatabaseConnection, clock: &dyn Clock, schedules: &[(JobName, String)]) -> Result<()> {
    for (job, cron) in schedules {
        Cron::parse(cron)?;
        Arguments::from_json(*job, &serde_json::json!({}))?;
    }
    for (job, cron) in schedules {
        sql::execute(
            db,
            "INSERT INTO schedules (job_name, cron, active_from) VALUES ($1, $2, 'epoch')
             ON CONFLICT (job_name) DO UPDATE SET cron = excluded.cron, active_from = $3
                WHERE schedules.cron <> excluded.cron",
            [(*job).into(), cron.trim().into(), clock.now().into()],
        )
        .await?;
    }
    Ok(())
}

/// Stops a schedule until it is resumed; runs under way go on. Pausing twice changes nothing.
///
/// Needs [`Role::Admin`]. [`crate::error::ProblemCode::NotFound`] for a job without a schedule.
pub async fn pause(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
) -> Result<Schedule> {
    actor.require(Role::Admin)?;
    let paused = sql::row(
        db,
        "UPDATE schedules SET paused_by = CASE WHEN paused_at IS NULL THEN $2 ELSE paused_by END,
             paused_at = coalesce(paused_at, $3)
         WHERE job_name = $1 RETURNING *",
        [job.into(), actor.subject.clone().into(), clock.now().into()],
    );
    paused.await?.ok_or_else(|| no_schedule(job))
}

/// Lets a schedule tick from now on; what it missed while paused is not made up for.
///
/// Needs [`Role::Admin`]. [`crate::error::ProblemCode::NotFound`] for a job without a schedule.
pub async fn resume(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
) -> Result<Schedule> {
    actor.require(Role::Admin)?;
    let resumed = sql::row(
        db,
        "UPDATE schedules SET active_from = CASE WHEN paused_at IS NULL THEN active_from ELSE $2 END,
             paused_at = NULL, paused_by = NULL
         WHERE job_name = $1 RETURNING *",
        [job.into(), clock.now().into()],
    );
    resumed.await?.ok_or_else(|| no_schedule(job))
}

/// When the schedule runs next after `now`; `None` while it is paused.
pub fn next_run_at(schedule: &Schedule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if schedule.paused_at.is_some() {
        return None;
    }
    Cron::parse(&schedule.cron).ok()?.next(now)
}

/// Makes the runs of the ticks that have come; gives their ids.
///
/// Of the ticks missed while no replica was up, the last one is made up for. A tick makes no run while the job's
/// last one is still queued or running, nor auto-tagging when nothing is due.
pub async fn tick(db: &DatabaseConnection, wake: &dyn Wake, clock: &dyn Clock) -> Result<Vec<i64>> {
    let now = clock.now();
    let mut runs = Vec::new();
    for schedule in schedule::find(&AccountScope::All).all(db).await? {
        if let Some(tick) = due(&schedule, now)? {
            runs.extend(take_tick(db, wake, &schedule, tick).await?);
        }
    }
    Ok(runs)
}

/// The tick that has come and was not taken yet.
fn due(schedule: &Schedule, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    if schedule.paused_at.is_some() {
        return Ok(None);
    }
    let latest = Cron::parse(&schedule.cron)?.latest(now);
    let taken = schedule.last_tick_at.max(Some(schedule.active_from));
    Ok(latest.filter(|tick| Some(*tick) > taken))
}

async fn take_tick(
    db: &DatabaseConnection,
    wake: &dyn Wake,
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
    let arguments = Arguments::from_json(schedule.job_name, &schedule.arguments)?;
    let run = if has_work(&txn, &arguments).await? {
        let new = NewRun::from(arguments);
        insert(&txn, wake, &Actor::system("schedule").subject, &new, Some(tick)).await?
    } else {
        None
    };
    txn.commit().await?;
    Ok(run.map(|run| run.id))
}

/// Whether a run of the job would find something to do that no other run is about to do.
async fn has_work(txn: &DatabaseTransaction, arguments: &Arguments) -> Result<bool> {
    let under_way = "SELECT 1 FROM scheduler_jobs
         WHERE job_name = $1 AND arguments = $2 AND status IN ('QUEUED', 'RUNNING') LIMIT 1";
    let binds = [arguments.job().into(), arguments.to_json()?.into()];
    let under_way = txn
        .query_one_raw(sql::statement(under_way, binds))
        .await?
        .is_some();
    Ok(!under_way && (arguments.job() != JobName::AutoTag || auto_tag::is_due(txn).await?))
}

fn no_schedule(job: JobName) -> Error {
    Error::not_found("job", format!("schedule of {}", job.to_value()))
}
