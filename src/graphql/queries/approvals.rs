//! Queries on the approval queue.

use crate::domain::approvals::groups::{self, GroupOrder};
use crate::domain::approvals::queue::{self, QueueOrder};
use crate::domain::approvals::stats::{self};
use crate::graphql::error::Result;
use crate::graphql::queries::virtual_tags::load;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::approval_group::ApprovalGroup;
use crate::graphql::types::approval_stats::ApprovalStats;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Enum, Object};

/// In which order the queue comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "QueueOrder")]
pub enum ApprovalOrder {
    /// The surest first.
    #[default]
    ConfidenceDesc,
    /// The least sure first.
    ConfidenceAsc,
    /// What waits longest first.
    Age,
    /// What came last first.
    Newest,
}

/// Queries about the approval queue.
#[derive(Default)]
pub struct ApprovalQuery;

#[Object]
impl ApprovalQuery {
    /// The approval queue: the virtual tags that wait for a decision, the surest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn approvals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which tags.")] filter: Option<ApprovalFilter>,
        #[graphql(desc = "In which order.", default)] order: ApprovalOrder,
    ) -> Result<Connection<VirtualTag>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (filter, order) = (filter.unwrap_or_default().into(), QueueOrder::from(order));
        let load = load(&ctx.look_ahead());
        connection(
            ctx,
            args,
            order,
            async |window| queue::list(db, actor, &filter, order, &window, load).await,
            async || queue::count(db, actor, &filter).await,
        )
        .await
    }

    /// The approval queue in groups of the same key, value, source and evidence.
    async fn approval_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which tags to group.")] filter: Option<ApprovalFilter>,
    ) -> Result<Connection<ApprovalGroup>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter.unwrap_or_default().into();
        connection(
            ctx,
            args,
            GroupOrder,
            async |window| groups::list(db, actor, &filter, &window).await,
            async || groups::count(db, actor, &filter).await,
        )
        .await
    }

    /// Figures of the approval queue.
    async fn approval_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags to count.")] filter: Option<ApprovalFilter>,
    ) -> Result<ApprovalStats> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let filter = filter.unwrap_or_default().into();
        Ok(stats::stats(ctx.reads()?, actor, &filter, services.clock.now())
            .await?
            .into())
    }
}
