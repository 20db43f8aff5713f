//! When jobs run by themselves.

use crate::clock::Clock;
use crate::graphql::error::Result;
use crate::graphql::scalars::id::{Id, ScheduleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::JobName;
use crate::graphql::types::job_run::JobRun;
use crate::runs::{Schedule as ScheduleRow, next_run_at};
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use sea_orm::ActiveEnum;
use std::sync::Arc;

/// A schedule, and the moment at which it is shown.
pub struct Schedule {
    row: Arc<ScheduleRow>,
    now: DateTime<Utc>,
}

impl Schedule {
    /// The schedule as it is now.
    pub fn new(row: ScheduleRow, clock: &dyn Clock) -> Self {
        Self {
            row: Arc::new(row),
            now: clock.now(),
        }
    }
}

/// When a job runs by itself.
#[Object]
impl Schedule {
    /// The global id.
    pub async fn id(&self) -> Id<ScheduleKind> {
        Id(self.row.job_name.to_value())
    }

    /// The job.
    async fn job_name(&self) -> JobName {
        self.row.job_name.into()
    }

    /// A cron expression.
    async fn cron(&self) -> &str {
        &self.row.cron
    }

    /// The time zone whose clock the expression reads, by its name in the IANA database. What the clock skips comes when
    /// it goes on, and what it shows twice comes once.
    async fn time_zone(&self) -> &str {
        &self.row.time_zone
    }

    /// When somebody edited it; null when it is as configured.
    async fn edited_at(&self) -> Option<DateTime<Utc>> {
        self.row.edited_at
    }

    /// Who edited it.
    async fn edited_by(&self) -> Option<&str> {
        self.row.edited_by.as_deref()
    }

    /// The newest run of the job, whoever asked for it; null when it never ran, or not for long.
    async fn last_run(&self, ctx: &Context<'_>) -> Result<Option<JobRun>> {
        let found = ctx.loaders()?.last_runs.load(self.row.job_name).await?;
        Ok(found.map(Into::into))
    }

    /// The last tick that made, or would have made, a run.
    async fn last_tick_at(&self) -> Option<DateTime<Utc>> {
        self.row.last_tick_at
    }

    /// The next tick; null while it is paused.
    async fn next_run_at(&self) -> Option<DateTime<Utc>> {
        next_run_at(&self.row, self.now)
    }

    /// Since when it is paused.
    async fn paused_at(&self) -> Option<DateTime<Utc>> {
        self.row.paused_at
    }

    /// Who paused it.
    async fn paused_by(&self) -> Option<&str> {
        self.row.paused_by.as_deref()
    }
}
