//! The type `Schedule`.

use crate::clock::Clock;
use crate::graphql::error::FieldResult;
use crate::graphql::scalars::id::{Id, ScheduleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::JobNameEnum;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::row::row_object;
use crate::runs::{Schedule as ScheduleRow, next_run_at};
use async_graphql::Context;
use chrono::{DateTime, Utc};
use sea_orm::ActiveEnum;
use std::sync::Arc;

/// Schedule, with the time of the request, from which the next run is computed.
pub struct Schedule {
    row: Arc<ScheduleRow>,
    now: DateTime<Utc>,
}

impl Schedule {
    /// The schedule at the clock's present time.
    pub fn new(row: ScheduleRow, clock: &dyn Clock) -> Self {
        Self {
            row: Arc::new(row),
            now: clock.now(),
        }
    }
}

impl AsRef<ScheduleRow> for Schedule {
    fn as_ref(&self) -> &ScheduleRow {
        &self.row
    }
}

row_object! {
    /// Schedule of a job.
    impl Schedule("Schedule") of ScheduleRow {
        /// Name of the job.
        job_name: JobNameEnum,
        /// Cron expression.
        cron: &str,
        /// IANA time zone in which the cron expression is evaluated. Ticks that daylight saving time skips are moved to the
        /// end of the gap; ticks that daylight saving time repeats are executed once.
        time_zone: &str,
        /// Time of the last edit; null if the schedule is as configured.
        edited_at: Option<DateTime<Utc>>,
        /// Actor who made the last edit.
        edited_by: Option<&str>,
        /// Last tick that created a run, or would have created one.
        last_tick_at: Option<DateTime<Utc>>,
        /// Time at which the schedule was paused; null if not paused.
        paused_at: Option<DateTime<Utc>>,
        /// Actor who paused the schedule.
        paused_by: Option<&str>,
    }

    /// Global id.
    pub async fn id(&self) -> Id<ScheduleKind> {
        Id(self.row.job_name.to_value())
    }

    /// Newest run of the job, by any requester; null if no run is stored.
    async fn last_run(&self, ctx: &Context<'_>) -> FieldResult<Option<JobRun>> {
        let found = ctx.loaders()?.last_runs.load(self.row.job_name).await?;
        Ok(found.map(Into::into))
    }

    /// Time of the next tick; null while the schedule is paused.
    async fn next_run_at(&self) -> Option<DateTime<Utc>> {
        next_run_at(&self.row, self.now)
    }
}
