//! The inventory at a glance.

use crate::domain::approvals::{TagFilter, stats};
use crate::domain::dashboard;
use crate::graphql::error::Result;
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_stats::ApprovalStats;
use crate::graphql::types::enums::{ApprovalStatus, Cloud};
use crate::graphql::types::job_run::JobRun;
use async_graphql::{Context, Object, SimpleObject};

/// Figures for a first look; each is counted when it is asked for.
pub struct Dashboard;

/// Resources of one cloud.
#[derive(Clone, Debug, SimpleObject)]
pub struct CloudCount {
    /// The cloud.
    pub cloud: Cloud,
    /// Resources that exist.
    pub resources: i64,
    /// Of them, those with an approved virtual tag.
    pub tagged: i64,
}

/// Virtual tags in one status.
#[derive(Clone, Debug, SimpleObject)]
pub struct StatusCount {
    /// Where they stand.
    pub status: ApprovalStatus,
    /// How many there are.
    pub count: i64,
}

/// Figures for a first look; each is counted when it is asked for.
#[Object]
impl Dashboard {
    /// The resources that exist, by cloud.
    async fn resources_by_cloud(&self, ctx: &Context<'_>) -> Result<Vec<CloudCount>> {
        let counts = dashboard::clouds(ctx.reads()?, ctx.actor()?).await?;
        let count = |row: dashboard::CloudCountRow| CloudCount {
            cloud: row.cloud.into(),
            resources: row.resources,
            tagged: row.tagged,
        };
        Ok(counts.into_iter().map(count).collect())
    }

    /// The virtual tags, by status.
    async fn tags_by_status(&self, ctx: &Context<'_>) -> Result<Vec<StatusCount>> {
        let counts = dashboard::statuses(ctx.reads()?, ctx.actor()?).await?;
        let count = |row: dashboard::StatusCountRow| StatusCount {
            status: row.status.into(),
            count: row.count,
        };
        Ok(counts.into_iter().map(count).collect())
    }

    /// Figures of the approval queue.
    async fn approvals(&self, ctx: &Context<'_>) -> Result<ApprovalStats> {
        let services = ctx.services()?;
        let now = services.clock.now();
        Ok(
            stats::stats(ctx.reads()?, ctx.actor()?, &TagFilter::default(), now)
                .await?
                .into(),
        )
    }

    /// Runs that wait or are worked on.
    async fn open_runs(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(dashboard::open_runs(ctx.reads()?, ctx.actor()?).await?)
    }

    /// The last run of each job.
    async fn last_runs(&self, ctx: &Context<'_>) -> Result<Vec<JobRun>> {
        let runs = dashboard::last_runs(ctx.reads()?, ctx.actor()?).await?;
        Ok(runs.into_iter().map(Into::into).collect())
    }
}
