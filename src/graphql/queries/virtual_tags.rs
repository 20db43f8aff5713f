//! Queries on virtual tags.

use crate::domain::approvals::TagProjection;
use crate::domain::approvals::tags::{self, AnyTagFilter, TagOrder};
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::enums::ApprovalStatus;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Enum, InputObject, Lookahead, Object};

/// What to read with the tags of a connection, by what the operation selects of them.
pub fn load(connection: &Lookahead<'_>) -> TagProjection {
    let of_tag = |name: &str| {
        [connection.field("nodes"), connection.field("edges").field("node")].map(|tag| tag.field(name))
    };
    let resource = of_tag("resource");
    TagProjection {
        evidence: of_tag("evidence").iter().any(Lookahead::exists),
        resource: resource.iter().any(Lookahead::exists),
        // What holds for a resource is made of its native tags, too.
        native_tags: resource.iter().any(|resource| {
            resource.field("nativeTags").exists() || resource.field("effectiveTags").exists()
        }),
    }
}

/// Which virtual tags; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct VirtualTagFilter {
    /// Where they stand.
    status: Option<ApprovalStatus>,
    /// The rule that proposed them.
    rule_id: Option<Id<RuleKind>>,
    /// What the approval queue can be filtered by.
    #[graphql(flatten)]
    tag: ApprovalFilter,
}

/// In which order virtual tags come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "TagOrder")]
pub enum VirtualTagOrder {
    /// As they were first proposed or made.
    #[default]
    Oldest,
    /// The last proposed or made first.
    Newest,
}

/// Queries about virtual tags.
#[derive(Default)]
pub struct VirtualTagQuery;

#[Object]
impl VirtualTagQuery {
    /// The virtual tags that exist for the caller, in any status.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn virtual_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which virtual tags.")] filter: Option<VirtualTagFilter>,
        #[graphql(desc = "In which order.", default)] order: VirtualTagOrder,
    ) -> Result<Connection<VirtualTag>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter.unwrap_or_default();
        let filter = AnyTagFilter {
            status: filter.status.map(Into::into),
            rule_id: filter.rule_id.map(|id| id.0),
            tag: filter.tag.into(),
        };
        let (order, load) = (TagOrder::from(order), load(&ctx.look_ahead()));
        connection(
            ctx,
            args,
            order,
            async |window| tags::list(db, actor, &filter, order, &window, load).await,
            async || tags::count(db, actor, &filter).await,
        )
        .await
    }
}
