//! The type `Dashboard`.

use crate::domain::approvals::{TagFilter, stats};
use crate::domain::dashboard;
use crate::domain::evaluation;
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_stats::ApprovalStats;
use crate::graphql::types::enums::{ApprovalStatusEnum, CloudEnum};
use crate::graphql::types::job_run::JobRun;
use async_graphql::{Context, Object, SimpleObject};

/// Overview of the inventory; each number is computed when selected.
pub struct Dashboard;

/// Number of resources in one cloud.
#[derive(Clone, Debug, SimpleObject)]
pub struct CloudCount {
    /// Cloud.
    pub cloud: CloudEnum,
    /// Number of existing resources.
    pub resources: i64,
    /// Number of existing resources with an approved virtual tag.
    pub tagged: i64,
}

/// Number of virtual tags with one approval status.
#[derive(Clone, Debug, SimpleObject)]
pub struct StatusCount {
    /// Filter by status.
    pub status: ApprovalStatusEnum,
    /// Count.
    pub count: i64,
}

/// Overview of the inventory; each number is computed when selected.
#[Object]
impl Dashboard {
    /// Numbers of existing resources by cloud.
    async fn resources_by_cloud(&self, ctx: &Context<'_>) -> FieldResult<Vec<CloudCount>> {
        let counts = dashboard::clouds(ctx.reads()?, ctx.actor()?).await?;
        let count = |row: dashboard::CloudCountRow| CloudCount {
            cloud: row.cloud.into(),
            resources: row.resources,
            tagged: row.tagged,
        };
        Ok(counts.into_iter().map(count).collect())
    }

    /// Numbers of virtual tags by approval status.
    async fn tags_by_status(&self, ctx: &Context<'_>) -> FieldResult<Vec<StatusCount>> {
        let counts = dashboard::statuses(ctx.reads()?, ctx.actor()?).await?;
        let count = |row: dashboard::StatusCountRow| StatusCount {
            status: row.status.into(),
            count: row.count,
        };
        Ok(counts.into_iter().map(count).collect())
    }

    /// Statistics of the approval queue.
    async fn approvals(&self, ctx: &Context<'_>) -> FieldResult<ApprovalStats> {
        let services = ctx.services()?;
        let now = services.clock.now();
        Ok(
            stats::stats(ctx.reads()?, ctx.actor()?, &TagFilter::default(), now)
                .await?
                .into(),
        )
    }

    /// Number of resources that are due for an evaluation, because they, the rules, the vocabulary or the model changed.
    async fn due_resources(&self, ctx: &Context<'_>) -> FieldResult<i64> {
        Ok(evaluation::due_resources(ctx.reads()?, ctx.actor()?).await?)
    }

    /// Number of queued and running runs.
    async fn open_runs(&self, ctx: &Context<'_>) -> FieldResult<u64> {
        Ok(dashboard::open_runs(ctx.reads()?, ctx.actor()?).await?)
    }

    /// Newest run of each job.
    async fn last_runs(&self, ctx: &Context<'_>) -> FieldResult<Vec<JobRun>> {
        let runs = dashboard::last_runs(ctx.reads()?, ctx.actor()?).await?;
        Ok(runs.into_iter().map(Into::into).collect())
    }
}
