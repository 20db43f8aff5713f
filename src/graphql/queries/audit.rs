//! Queries on the audit trail.

use crate::domain::audit::list::{self, AuditFilter, AuditOrder};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, ResourceKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::AuditActionEnum;
use crate::graphql::types::row::db_enum;
use crate::graphql::types::tag_audit::TagAudit;
use async_graphql::{Context, InputObject, Object};

/// Filter of audit rows; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct TagAuditFilter {
    /// Filter by resource.
    resource: Option<Id<ResourceKind>>,
    /// Filter by virtual tag.
    virtual_tag: Option<Id<VirtualTagKind>>,
    /// Filter by tag key.
    tag_key: Option<String>,
    /// Filter by action.
    action: Option<AuditActionEnum>,
    /// Filter by actor.
    actor: Option<String>,
    /// Time of the change, inclusive lower bound.
    from: Option<DateTimeInput>,
    /// Time of the change, exclusive upper bound.
    to: Option<DateTimeInput>,
}

impl From<TagAuditFilter> for AuditFilter {
    fn from(input: TagAuditFilter) -> Self {
        Self {
            resource_id: input.resource.map(|id| id.0),
            virtual_tag_id: input.virtual_tag.map(|id| id.0),
            tag_key: input.tag_key,
            action: input.action.map(Into::into),
            actor: input.actor,
            from: input.from.map(Into::into),
            to: input.to.map(Into::into),
        }
    }
}

db_enum! {
    /// Order of audit rows.
    #[derive(Default)]
    pub enum TagAuditOrderEnum("TagAuditOrder") mirrors AuditOrder {
        /// By time, newest first.
        #[default]
        Newest,
        /// By time, oldest first.
        Oldest,
    }
}

/// Queries on the audit trail.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Audit trail: all changes of virtual tags, by default newest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn tag_audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter of audit rows.")] filter: Option<TagAuditFilter>,
        #[graphql(desc = "Order of the rows.", default)] order: TagAuditOrderEnum,
    ) -> FieldResult<Connection<TagAudit>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (filter, order) = (filter.unwrap_or_default().into(), AuditOrder::from(order));
        connection(
            ctx,
            args,
            order,
            async |window| list::list(db, actor, &filter, order, &window).await,
            async || list::count(db, actor, &filter).await,
        )
        .await
    }
}
