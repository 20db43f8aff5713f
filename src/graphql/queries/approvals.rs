//! Queries on the approval queue.

use crate::domain::approvals::groups::{self, GroupOrder};
use crate::domain::approvals::queue::{self, QueueOrder};
use crate::domain::approvals::stats::{self};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::approval_group::ApprovalGroup;
use crate::graphql::types::approval_stats::ApprovalStats;
use crate::graphql::types::projection;
use crate::graphql::types::row::db_enum;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Object};

db_enum! {
    /// Order of the approval queue.
    #[derive(Default)]
    pub enum ApprovalOrderEnum("ApprovalOrder") mirrors QueueOrder {
        /// By confidence, highest first.
        #[default]
        ConfidenceDesc,
        /// By confidence, lowest first.
        ConfidenceAsc,
        /// By creation time, oldest first.
        Age,
        /// By creation time, newest first.
        Newest,
    }
}

db_enum! {
    /// Order of the groups of the approval queue. In all orders but `NAME` groups that contradict native tags come first.
    #[derive(Default)]
    pub enum ApprovalGroupOrderEnum("ApprovalGroupOrder") mirrors GroupOrder {
        /// Contradictions of native tags first, then by the number of tags that a decision settles, most first.
        #[default]
        Impact,
        /// Contradictions of native tags first, then by the cost of the resources in the latest complete month, highest first.
        Cost,
        /// Contradictions of native tags first, then by the lowest confidence in the group, highest first.
        Surest,
        /// Contradictions of native tags first, then by the creation time of the oldest tag in the group, oldest first.
        Oldest,
        /// By key, value, source and evidence.
        Name,
    }
}

/// Queries on the approval queue.
#[derive(Default)]
pub struct ApprovalQuery;

#[Object]
impl ApprovalQuery {
    /// Approval queue: pending virtual tags, by default in order of confidence.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn approvals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Selection of tags.")] filter: Option<ApprovalFilter>,
        #[graphql(desc = "Order of the rows.", default)] order: ApprovalOrderEnum,
    ) -> FieldResult<Connection<VirtualTag>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (filter, order) = (filter.unwrap_or_default().into(), QueueOrder::from(order));
        let columns = projection::tags(&projection::nodes(&ctx.look_ahead()));
        connection(
            ctx,
            args,
            order,
            async |window| queue::list(db, actor, &filter, order, &window, columns).await,
            async || queue::count(db, actor, &filter).await,
        )
        .await
    }

    /// Approval queue in groups of equal key, value, source and evidence, by default those first that settle the most.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn approval_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter of the tags to group.")] filter: Option<ApprovalFilter>,
        #[graphql(desc = "Order of the groups.", default)] order: ApprovalGroupOrderEnum,
    ) -> FieldResult<Connection<ApprovalGroup>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (filter, order) = (filter.unwrap_or_default().into(), GroupOrder::from(order));
        connection(
            ctx,
            args,
            order,
            async |window| groups::list(db, actor, &filter, order, &window).await,
            async || groups::count(db, actor, &filter).await,
        )
        .await
    }

    /// Statistics of the approval queue.
    async fn approval_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the tags to count.")] filter: Option<ApprovalFilter>,
    ) -> FieldResult<ApprovalStats> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let filter = filter.unwrap_or_default().into();
        Ok(stats::stats(ctx.reads()?, actor, &filter, services.clock.now())
            .await?
            .into())
    }
}
