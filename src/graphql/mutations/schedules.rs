//! Mutations of schedules.

use crate::domain::schedules;
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payloads;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::JobNameEnum;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::schedule::Schedule;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use crate::runs::{self, Run, ScheduleEdit};
use async_graphql::{Context, InputObject, Object, SimpleObject};

/// Input of `pauseSchedule`.
#[derive(InputObject)]
pub struct PauseScheduleInput {
    /// Name of the job.
    job_name: JobNameEnum,
}

/// Input of `resumeSchedule`.
#[derive(InputObject)]
pub struct ResumeScheduleInput {
    /// Name of the job.
    job_name: JobNameEnum,
}

/// Input of `updateSchedule`; omitted fields stay unchanged.
#[derive(InputObject)]
pub struct UpdateScheduleInput {
    /// Name of the job.
    job_name: JobNameEnum,
    /// Cron expression of five fields (minute, hour, day of month, month, weekday), or six with seconds first.
    cron: Option<String>,
    /// IANA time zone in which the cron expression is evaluated: UTC, Europe/Berlin.
    time_zone: Option<String>,
}

/// Input of `triggerSchedule`.
#[derive(InputObject)]
pub struct TriggerScheduleInput {
    /// Name of the job.
    job_name: JobNameEnum,
}

/// Payload of `pauseSchedule`.
#[derive(SimpleObject)]
pub struct PauseSchedulePayload {
    /// Schedule in the current state; null if the job has no schedule.
    schedule: Option<Schedule>,
    /// Errors of the caller; empty on success.
    user_errors: Vec<UserError>,
}

/// Payload of `resumeSchedule`.
#[derive(SimpleObject)]
pub struct ResumeSchedulePayload {
    /// Schedule in the current state; null if the job has no schedule.
    schedule: Option<Schedule>,
    /// Errors of the caller; empty on success.
    user_errors: Vec<UserError>,
}

/// Payload of `updateSchedule`.
#[derive(SimpleObject)]
pub struct UpdateSchedulePayload {
    /// Schedule in the current state; null if refused.
    schedule: Option<Schedule>,
    /// Errors of the caller; empty on success.
    user_errors: Vec<UserError>,
}

payloads! {
    /// Payload of `triggerSchedule`.
    TriggerSchedulePayload {
        /// Requested run, or the equal run that is queued already; null if refused.
        run: JobRun, from Run
    }
}

/// Mutations of schedules.
#[derive(Default)]
pub struct ScheduleMutation;

#[Object]
impl ScheduleMutation {
    /// Pauses a schedule until resumed; running runs continue. For admins.
    async fn pause_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Schedule to control.")] input: PauseScheduleInput,
    ) -> FieldResult<PauseSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let paused = schedules::pause(&services.db, &*services.clock, actor, input.job_name.into()).await;
        let (row, user_errors) = split_user_errors(paused)?;
        let schedule = row.map(|row| Schedule::new(row, &*services.clock));
        Ok(PauseSchedulePayload {
            schedule,
            user_errors,
        })
    }

    /// Resumes a paused schedule; missed ticks are not made up for. For admins.
    async fn resume_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Schedule to control.")] input: ResumeScheduleInput,
    ) -> FieldResult<ResumeSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let resumed = schedules::resume(&services.db, &*services.clock, actor, input.job_name.into()).await;
        let (row, user_errors) = split_user_errors(resumed)?;
        let schedule = row.map(|row| Schedule::new(row, &*services.clock));
        Ok(ResumeSchedulePayload {
            schedule,
            user_errors,
        })
    }

    /// Changes the cron expression or time zone of a schedule. The edit lasts until the configuration of the schedule
    /// changes. For admins.
    async fn update_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Schedule with changes.")] input: UpdateScheduleInput,
    ) -> FieldResult<UpdateSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let edit = ScheduleEdit {
            cron: input.cron,
            time_zone: input.time_zone,
        };
        let job = input.job_name.into();
        let updated = schedules::update(&services.db, &*services.clock, actor, job, edit).await;
        let (row, user_errors) = split_user_errors(updated)?;
        let schedule = row.map(|row| Schedule::new(row, &*services.clock));
        Ok(UpdateSchedulePayload {
            schedule,
            user_errors,
        })
    }

    /// Requests a run of a schedule's job now, even if the schedule is paused; the next tick is unchanged. For callers
    /// who may request such a run.
    async fn trigger_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Schedule to control.")] input: TriggerScheduleInput,
    ) -> FieldResult<TriggerSchedulePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let job = input.job_name.into();
        let requested = runs::trigger(&services.db, &services.jobs, actor, job).await;
        TriggerSchedulePayload::of(requested.map(|requested| requested.run))
    }
}
