//! Queries on virtual tags.

use crate::domain::approvals::tags::{self, AnyTagFilter, TagOrder};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::enums::ApprovalStatusEnum;
use crate::graphql::types::projection;
use crate::graphql::types::row::db_enum;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, InputObject, Object};

/// Filter of virtual tags; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct VirtualTagFilter {
    /// Filter by status.
    status: Option<ApprovalStatusEnum>,
    /// Filter by the rule that proposed the tag.
    rule_id: Option<Id<RuleKind>>,
    /// Conditions of the approval queue.
    #[graphql(flatten)]
    tag: ApprovalFilter,
}

impl From<VirtualTagFilter> for AnyTagFilter {
    fn from(input: VirtualTagFilter) -> Self {
        Self {
            status: input.status.map(Into::into),
            rule_id: input.rule_id.map(|id| id.0),
            tag: input.tag.into(),
        }
    }
}

db_enum! {
    /// Order of virtual tags.
    #[derive(Default)]
    pub enum VirtualTagOrderEnum("VirtualTagOrder") mirrors TagOrder {
        /// By creation time, oldest first.
        #[default]
        Oldest,
        /// By creation time, newest first.
        Newest,
    }
}

/// Queries on virtual tags.
#[derive(Default)]
pub struct VirtualTagQuery;

#[Object]
impl VirtualTagQuery {
    /// Virtual tags that the caller may access, in all approval statuses.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn virtual_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter of virtual tags.")] filter: Option<VirtualTagFilter>,
        #[graphql(desc = "Order of the rows.", default)] order: VirtualTagOrderEnum,
    ) -> FieldResult<Connection<VirtualTag>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = AnyTagFilter::from(filter.unwrap_or_default());
        let order = TagOrder::from(order);
        let columns = projection::tags(&projection::nodes(&ctx.look_ahead()));
        connection(
            ctx,
            args,
            order,
            async |window| tags::list(db, actor, &filter, order, &window, columns).await,
            async || tags::count(db, actor, &filter).await,
        )
        .await
    }
}
