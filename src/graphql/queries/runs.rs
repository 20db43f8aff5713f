//! Queries on runs and schedules.

use crate::graphql::error::{Nullable, Result, nullable};
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{JobName, RunStatus};
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::schedule::Schedule;
use crate::runs::list::{self, RunFilter, RunOrder};
use async_graphql::{Context, ID, InputObject, Object};

/// Which runs; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct JobRunFilter {
    /// Of this job.
    job_name: Option<JobName>,
    /// Where they stand.
    status: Option<RunStatus>,
    /// Asked for by this person, or by the service itself: `system:schedule`, `system:discover`.
    requested_by: Option<String>,
    /// Asked for at this moment or later.
    created_from: Option<DateTimeInput>,
    /// Asked for before this moment.
    created_to: Option<DateTimeInput>,
}

/// Queries about runs.
#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// The runs of all jobs, the last first.
    async fn job_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which runs.")] filter: Option<JobRunFilter>,
    ) -> Result<Connection<JobRun>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
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

    /// One run; null when there is none.
    async fn job_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Nullable<JobRun> {
        nullable(async { ctx.loaders()?.runs.load(Id::<JobRunKind>::of(&id)?.0).await }).await
    }

    /// When jobs run by themselves.
    async fn schedules(&self, ctx: &Context<'_>) -> Result<Vec<Schedule>> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let schedules = list::schedules(ctx.reads()?, actor).await?;
        Ok(schedules
            .into_iter()
            .map(|row| Schedule::new(row, &*services.clock))
            .collect())
    }
}
