//! The type `JobRun`.

use crate::auth::AccountScope;
use crate::domain::JobName;
use crate::domain::approvals::DecideJob;
use crate::domain::approvals::items::ItemFilter;
use crate::domain::sources::AccountsOf;
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::decision::{DecisionEnum, DecisionOutcomeEnum};
use crate::graphql::types::enums::{JobNameEnum, RunStatusEnum};
use crate::graphql::types::import_plan::{ImportPlan, ImportSummary};
use crate::graphql::types::rejected_line::RejectedLine;
use crate::graphql::types::row::row_object;
use crate::graphql::types::run_decision::RunDecision;
use crate::graphql::types::source::SourceAccount;
use crate::runs::{Job, Run, throughput};
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};

row_object! {
    /// Run of a job.
    pub struct JobRun("JobRun", JobRunKind) of Run {
        /// Name of the job.
        job_name: JobNameEnum,
        /// Status of the run.
        status: RunStatusEnum,
        /// Number of consecutive attempts without progress.
        attempt: i32,
        /// Maximum number of consecutive attempts without progress, after which the run is FAILED.
        max_attempts: i32,
        /// Time at which the run is or was due.
        run_at: DateTime<Utc>,
        /// Tick of the schedule that requested the run; null if a person or another run requested the run.
        scheduled_for: Option<DateTime<Utc>>,
        /// Completed amount of work; for a back-fill, by all runs together.
        progress_done: i64,
        /// Total amount of work, as far as known. The number may grow but does not shrink.
        progress_total: Option<i64>,
        /// Reason for which the last attempt failed; a redacted run shows only that the attempt failed.
        error: Option<&str>,
        /// Actor who requested the run.
        requested_by: &str,
        /// Worker that executes the run.
        worker: Option<&str>,
        /// Time of the worker's last heartbeat.
        heartbeat_at: Option<DateTime<Utc>>,
        /// Time at which cancellation was requested.
        cancel_requested_at: Option<DateTime<Utc>>,
        /// Actor who requested cancellation.
        cancel_requested_by: Option<&str>,
        /// Time at which the run was requested.
        created_at: DateTime<Utc>,
        /// Start time of the first attempt.
        started_at: Option<DateTime<Utc>>,
        /// Time at which the run ended.
        finished_at: Option<DateTime<Utc>>,
    }

    /// True if the run includes accounts that the caller may not access. A redacted run shows job, status and times; names
    /// of people are omitted, numbers are 0, all other fields are null or empty.
    async fn is_redacted(&self, ctx: &Context<'_>) -> FieldResult<bool> {
        Ok(ctx.actor()?.scope != AccountScope::All && self.0.accounts.is_none())
    }

    /// Single source of a discovery; null if the discovery reads all sources, and for other jobs.
    async fn source(&self) -> Option<&str> {
        self.0.arguments.get("source")?.as_str()
    }

    /// True if an import is a dry run; null for other jobs.
    async fn dry_run(&self) -> Option<bool> {
        if self.0.job_name != JobName::Import {
            return None;
        }
        self.0.arguments.get("dry_run")?.as_bool()
    }

    /// Decision of a bulk decision; null for other jobs.
    async fn decision(&self) -> Option<DecisionEnum> {
        let job = DecideJob::of(&self.0).ok().flatten()?;
        Some(job.decision.into())
    }

    /// Priority: among queued runs, the greatest number is executed first.
    async fn priority(&self) -> i32 {
        self.0.priority.into()
    }

    /// Global id of the run whose work this run shares; null if this run is not a helper.
    #[graphql(name = "helps")]
    async fn helper_of(&self) -> Option<Id<JobRunKind>> {
        self.0.recruited_by.map(Id)
    }

    /// Rate in units of work per second, of the current or the last attempt; null without progress.
    async fn rate(&self) -> Option<f64> {
        throughput(&self.0).rate
    }

    /// Estimated end at the current rate; null if unknown.
    async fn estimated_end_at(&self) -> Option<DateTime<Utc>> {
        throughput(&self.0).estimated_end_at
    }

    /// Result counts in order of names.
    async fn counts(&self) -> Vec<RunCount<'_>> {
        let counts = self.0.counts.as_object().into_iter().flatten();
        counts
            .filter_map(|(name, count)| {
                let count = count.as_i64()?;
                Some(RunCount { name, count })
            })
            .collect()
    }

    /// Start time of the last attempt.
    async fn attempt_started_at(&self) -> Option<DateTime<Utc>> {
        self.0.claimed_at
    }

    /// Plan of an import that succeeded as a dry run; null for other runs.
    async fn import_plan(&self, ctx: &Context<'_>) -> FieldResult<Option<ImportPlan>> {
        ImportPlan::of(ctx, &self.0).await
    }

    /// Summary of the file of an import of resources, once it was read; null for other runs. Visible to callers with access
    /// to all accounts.
    async fn import_summary(&self, ctx: &Context<'_>) -> FieldResult<Option<ImportSummary>> {
        ImportSummary::of(ctx, &self.0).await
    }

    /// Lines or fields that the run rejected, each with the reason; visible to callers with access to all accounts.
    async fn rejections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<RejectedLine>> {
        let args = PageArgs::new(first, after, last, before);
        let rejections = &ctx.loaders()?.rejections;
        rejections.connection(ctx, self.0.id, (), args, || (), None).await
    }

    /// Accounts that a discovery read, with what their reports cover; empty for other jobs. Kept for the last five
    /// discoveries, and for the last report of each account.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<SourceAccount>> {
        let args = PageArgs::new(first, after, last, before);
        let accounts = &ctx.loaders()?.source_accounts;
        accounts.connection(ctx, self.0.id, AccountsOf::Runs, args, || (), None).await
    }

    /// Virtual tags of a bulk decision with the outcome of each, in order of execution. The selection is fixed when the
    /// decision is requested.
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter by outcome.")] outcome: Option<DecisionOutcomeEnum>,
    ) -> FieldResult<Connection<RunDecision>> {
        let args = PageArgs::new(first, after, last, before);
        let filter = outcome.map_or(ItemFilter::All, Into::into);
        let decisions = &ctx.loaders()?.decisions;
        decisions.connection(ctx, self.0.id, filter, args, || (), None).await
    }
}

/// Result count of a run.
#[derive(SimpleObject)]
pub struct RunCount<'a> {
    /// Name of the count: `inserted`, `updated`, `proposed`, `approved` and others.
    name: &'a str,
    /// Count.
    count: i64,
}
