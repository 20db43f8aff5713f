//! Schedules as administrators change them, with the trail of administration.

use super::admin_changes::{self, NewAdminChange};
use crate::auth::{Actor, Role};
use crate::clock::Clock;
use crate::db::{Begin, Transaction};
use crate::entities::schedule::Model as Schedule;
use crate::entities::{AdminAction, AdminSubject, JobName};
use crate::error::Result;
use crate::runs::{self, ScheduleChange, ScheduleEdit};
use sea_orm::{ActiveEnum, DatabaseConnection};

/// Has a schedule tick at other times; as [`runs::update`]. Needs [`Role::Admin`] and access to all accounts.
pub async fn update(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
    edit: ScheduleEdit,
) -> Result<Schedule> {
    let txn = begin(db, actor).await?;
    let change = runs::update(&txn, clock, actor, job, edit).await?;
    commit(txn, actor, AdminAction::Updated, change).await
}

/// Stops a schedule until it is resumed; as [`runs::pause`]. Needs [`Role::Admin`] and access to all accounts.
pub async fn pause(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
) -> Result<Schedule> {
    let txn = begin(db, actor).await?;
    let change = runs::pause(&txn, clock, actor, job).await?;
    commit(txn, actor, AdminAction::Paused, change).await
}

/// Lets a schedule tick again; as [`runs::resume`]. Needs [`Role::Admin`] and access to all accounts.
pub async fn resume(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    actor: &Actor,
    job: JobName,
) -> Result<Schedule> {
    let txn = begin(db, actor).await?;
    let change = runs::resume(&txn, clock, job).await?;
    commit(txn, actor, AdminAction::Resumed, change).await
}

async fn begin(db: &DatabaseConnection, actor: &Actor) -> Result<Transaction> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()?;
    Ok(db.begin().await?)
}

/// Writes the change to the trail, if it changed anything.
async fn commit(
    txn: Transaction,
    actor: &Actor,
    action: AdminAction,
    ScheduleChange {
        before: old,
        after: new,
    }: ScheduleChange,
) -> Result<Schedule> {
    let shown = |schedule: &Schedule| {
        serde_json::json!({
            "cron": schedule.cron,
            "timeZone": schedule.time_zone,
            "paused": schedule.paused_at.is_some(),
        })
    };
    let (before, after) = (shown(&old), shown(&new));
    if before != after {
        let job = new.job_name.to_value();
        let change = NewAdminChange {
            action,
            subject: AdminSubject::Schedule,
            subject_id: Some(job.clone()),
            subject_name: job,
            before: Some(before),
            after: Some(after),
        };
        admin_changes::record(&txn, actor, change).await?;
    }
    txn.commit().await?;
    Ok(new)
}
