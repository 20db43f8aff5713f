//! Queries on runs and schedules.

use crate::graphql::error::{FieldResult, Nullable, nullable};
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{JobNameEnum, RunStatusEnum};
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::schedule::Schedule;
use crate::runs::list::{self, RunFilter, RunOrder};
use async_graphql::{Context, ID, InputObject, Object};

/// Filter of runs; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct JobRunFilter {
    /// Filter by job.
    job_name: Option<JobNameEnum>,
    /// Filter by status.
    status: Option<RunStatusEnum>,
    /// Filter by requester: a person, or the service itself as `system:schedule`, `system:discover`.
    requested_by: Option<String>,
    /// Time of the request, inclusive lower bound.
    created_from: Option<DateTimeInput>,
    /// Time of the request, exclusive upper bound.
    created_to: Option<DateTimeInput>,
}

/// Queries on runs and schedules.
#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// Runs of all jobs, newest first.
    async fn job_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter of runs.")] filter: Option<JobRunFilter>,
    ) -> FieldResult<Connection<JobRun>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter.unwrap_or_default();
        let filter = RunFilter {
            job: filter.job_name.map(Into::into),
            status: filter.status.map(Into::into),
            requested_by: filter.requested_by,
            created_from: filter.created_from.map(Into::into),
            created_to: filter.created_to.map(Into::into),
        };
        connection(
            ctx,
            args,
            RunOrder,
            async |window| list::list(db, actor, &filter, &window).await,
            async || list::count(db, actor, &filter).await,
        )
        .await
    }

    /// Run with a global id; null if no such run exists.
    async fn job_run(&self, ctx: &Context<'_>, #[graphql(desc = "Global id.")] id: ID) -> Nullable<JobRun> {
        nullable(async { ctx.loaders()?.runs.load(Id::<JobRunKind>::of(&id)?.0).await }).await
    }

    /// Schedules of all jobs.
    async fn schedules(&self, ctx: &Context<'_>) -> FieldResult<Vec<Schedule>> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let schedules = list::schedules(ctx.reads()?, actor).await?;
        Ok(schedules
            .into_iter()
            .map(|row| Schedule::new(row, &*services.clock))
            .collect())
    }
}
