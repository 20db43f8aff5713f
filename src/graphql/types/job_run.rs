//! Runs of jobs, and their schedules.

use crate::auth::AccountScope;
use crate::domain::approvals::DecideJob;
use crate::domain::approvals::items::ItemFilter;
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::decision::{Decision, DecisionOutcome};
use crate::graphql::types::enums::{JobName, RunStatus};
use crate::graphql::types::import_plan::ImportPlan;
use crate::graphql::types::rejected_line::RejectedLine;
use crate::graphql::types::run_decision::RunDecision;
use crate::runs::{Job, Run as Row, throughput};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A run.
#[derive(Clone)]
pub struct JobRun(Arc<Row>);

impl From<Arc<Row>> for JobRun {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for JobRun {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for JobRun {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// One run of a job.
#[Object]
impl JobRun {
    /// The global id.
    pub async fn id(&self) -> Id<JobRunKind> {
        Id(self.0.id)
    }

    /// The job.
    async fn job_name(&self) -> JobName {
        self.0.job_name.into()
    }

    /// Whether the run is about accounts that do not exist for the caller. Of such a run the job, the status and the
    /// times are shown; names of people are left out, figures are 0, and all else is null or empty.
    async fn is_redacted(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.actor()?.scope != AccountScope::All && self.0.accounts.is_none())
    }

    /// The one source that a discovery asks; null when it asks all, and for other jobs.
    async fn source(&self) -> Option<&str> {
        self.0.arguments.get("source")?.as_str()
    }

    /// Whether an import says only what would change; null for other jobs.
    async fn dry_run(&self) -> Option<bool> {
        if self.0.job_name != crate::domain::JobName::Import {
            return None;
        }
        self.0.arguments.get("dry_run")?.as_bool()
    }

    /// What a bulk decision says of its tags; null for other jobs.
    async fn decision(&self) -> Option<Decision> {
        let job = DecideJob::of(&self.0).ok().flatten()?;
        Some(job.decision.into())
    }

    /// Where the run stands.
    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// How many times it was begun without getting further than before.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// How many times in a row it may be begun without getting further; then it is FAILED.
    async fn max_attempts(&self) -> i32 {
        self.0.max_attempts
    }

    /// Of the runs that wait, the one with the greatest number comes first.
    async fn priority(&self) -> i32 {
        self.0.priority.into()
    }

    /// The run that asked for this one to share its work; null when it was not one.
    #[graphql(name = "helps")]
    async fn helper_of(&self) -> Option<Id<JobRunKind>> {
        self.0.recruited_by.map(Id)
    }

    /// When it is, or was, due.
    async fn run_at(&self) -> DateTime<Utc> {
        self.0.run_at
    }

    /// The tick of the schedule that asked for it; null when a person or another run did.
    async fn scheduled_for(&self) -> Option<DateTime<Utc>> {
        self.0.scheduled_for
    }

    /// How much is done; of a back-fill, by whichever run.
    async fn progress_done(&self) -> i64 {
        self.0.progress_done
    }

    /// How much there is to do, as far as known. It may grow, and does not shrink.
    async fn progress_total(&self) -> Option<i64> {
        self.0.progress_total
    }

    /// How much is done a second, in this attempt or the last one; null while there is nothing to measure.
    async fn rate(&self) -> Option<f64> {
        throughput(&self.0).rate
    }

    /// When all will be done at this rate; null when that cannot be told.
    async fn estimated_end_at(&self) -> Option<DateTime<Utc>> {
        throughput(&self.0).estimated_end_at
    }

    /// What came of it, in the order of names.
    async fn counts(&self) -> Vec<RunCount<'_>> {
        let counts = self.0.counts.as_object().into_iter().flatten();
        counts
            .filter_map(|(name, count)| {
                let count = count.as_i64()?;
                Some(RunCount { name, count })
            })
            .collect()
    }

    /// Why the last attempt failed; only that it did, when the run is redacted.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// Who asked for it.
    async fn requested_by(&self) -> &str {
        &self.0.requested_by
    }

    /// The worker that has it.
    async fn worker(&self) -> Option<&str> {
        self.0.worker.as_deref()
    }

    /// When its worker last showed that it is alive.
    async fn heartbeat_at(&self) -> Option<DateTime<Utc>> {
        self.0.heartbeat_at
    }

    /// When somebody asked to cancel it.
    async fn cancel_requested_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancel_requested_at
    }

    /// Who asked to cancel it.
    async fn cancel_requested_by(&self) -> Option<&str> {
        self.0.cancel_requested_by.as_deref()
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was first begun.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it was last begun.
    async fn attempt_started_at(&self) -> Option<DateTime<Utc>> {
        self.0.claimed_at
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// What a dry run of an import would do, once it has succeeded; null for other runs.
    async fn import_plan(&self, ctx: &Context<'_>) -> Result<Option<ImportPlan>> {
        ImportPlan::of(ctx, &self.0).await
    }

    /// The lines or fields that it refused, each with why; shown to those who may see all accounts.
    async fn rejections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<RejectedLine>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        ctx.loaders()?
            .rejections
            .connection(ctx, self.0.id, (), args)
            .await
    }

    /// The tags that a bulk decision is about, fixed when they were selected, and what became of each; in the order in
    /// which the run goes along them.
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those of which this became.")] outcome: Option<DecisionOutcome>,
    ) -> Result<Connection<RunDecision>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let filter = outcome.map_or(ItemFilter::All, Into::into);
        let decisions = &ctx.loaders()?.decisions;
        decisions.connection(ctx, self.0.id, filter, args).await
    }
}

/// A figure of a run.
#[derive(SimpleObject)]
pub struct RunCount<'a> {
    /// What is counted: `inserted`, `updated`, `proposed`, `approved`, and so on.
    name: &'a str,
    /// How many there are.
    count: i64,
}
