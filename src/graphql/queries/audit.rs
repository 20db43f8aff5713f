//! Queries on the audit trail.

use crate::domain::audit::list::{self, AuditFilter, AuditOrder};
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, ResourceKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::AuditAction;
use crate::graphql::types::tag_audit::TagAudit;
use async_graphql::{Context, Enum, InputObject, Object};

/// Which audit rows; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct TagAuditFilter {
    /// Of this resource.
    resource: Option<Id<ResourceKind>>,
    /// Of this virtual tag.
    virtual_tag: Option<Id<VirtualTagKind>>,
    /// Of tags with this key.
    tag_key: Option<String>,
    /// What happened.
    action: Option<AuditAction>,
    /// Who did it.
    actor: Option<String>,
    /// At this moment or later.
    from: Option<DateTimeInput>,
    /// Before this moment.
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

/// In which order audit rows come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "AuditOrder")]
pub enum TagAuditOrder {
    /// The last change first.
    #[default]
    Newest,
    /// The first change first.
    Oldest,
}

/// Queries about the audit trail.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// The audit trail: every change to a virtual tag, the last first.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn tag_audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rows.")] filter: Option<TagAuditFilter>,
        #[graphql(desc = "In which order.", default)] order: TagAuditOrder,
    ) -> Result<Connection<TagAudit>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
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
