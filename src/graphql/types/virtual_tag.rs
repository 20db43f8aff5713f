//! Virtual tags.

use crate::domain::approvals::VirtualTag as Row;
use crate::domain::approvals::tags::{self, AnyTagFilter, TagOrder};
use crate::domain::approvals::{TagProjection, TagWithResource};
use crate::graphql::error::{Nullable, Result, nullable};
use crate::graphql::relay::page::{Connection, PageArgs, connection};
use crate::graphql::scalars::id::{Id, RuleKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::approval::ApprovalFilter;
use crate::graphql::types::enums::{ApprovalStatus, TagKind, TagSource};
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::Rule;
use async_graphql::{Context, Enum, InputObject, Json, Lookahead, Object};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A virtual tag, with its resource where the statement that found it read both.
#[derive(Clone)]
pub struct VirtualTag {
    row: Arc<Row>,
    resource: Option<Resource>,
}

impl From<Arc<Row>> for VirtualTag {
    fn from(row: Arc<Row>) -> Self {
        Self { row, resource: None }
    }
}

impl From<Row> for VirtualTag {
    fn from(row: Row) -> Self {
        Arc::new(row).into()
    }
}

impl From<TagWithResource> for VirtualTag {
    fn from(listed: TagWithResource) -> Self {
        Self {
            row: Arc::new(listed.tag),
            resource: listed.resource.map(Into::into),
        }
    }
}

impl AsRef<Row> for VirtualTag {
    fn as_ref(&self) -> &Row {
        &self.row
    }
}

/// A tag that is kept beside a resource, not on it: proposed with a confidence and a reason, decided by people.
#[Object]
impl VirtualTag {
    /// The global id.
    pub async fn id(&self) -> Id<VirtualTagKind> {
        Id(self.row.id)
    }

    /// The key.
    async fn tag_key(&self) -> &str {
        &self.row.tag_key
    }

    /// The value.
    async fn tag_value(&self) -> &str {
        &self.row.tag_value
    }

    /// Where the value comes from.
    async fn source(&self) -> TagSource {
        self.row.source.into()
    }

    /// The probability that the value is right, from 0 to 1.
    async fn confidence(&self) -> f64 {
        self.row.confidence
    }

    /// Whether it was sure enough to be applied before anyone decided.
    async fn auto_applied(&self) -> bool {
        self.row.auto_applied
    }

    /// Whether it was applied by itself or is only suggested.
    async fn kind(&self) -> TagKind {
        if self.row.auto_applied {
            TagKind::AutoApplied
        } else {
            TagKind::Suggestion
        }
    }

    /// Where it stands.
    async fn approval_status(&self) -> ApprovalStatus {
        self.row.approval_status.into()
    }

    /// Why it is proposed: `reason`, the `signals` that agree, and the `alternatives` that lost, each with why.
    async fn evidence(&self) -> Json<&serde_json::Value> {
        Json(&self.row.evidence)
    }

    /// What fired, in words that are the same on every resource.
    async fn evidence_signature(&self) -> &str {
        &self.row.evidence_signature
    }

    /// When it was first proposed or made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When anything about it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }

    /// Who decided it.
    async fn decided_by(&self) -> Option<&str> {
        self.row.decided_by.as_deref()
    }

    /// When it was decided.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.row.decided_at
    }

    /// Why it was decided so.
    async fn decision_reason(&self) -> Option<&str> {
        self.row.decision_reason.as_deref()
    }

    /// The resource that it is kept beside; null when that has just been removed.
    async fn resource(&self, ctx: &Context<'_>) -> Nullable<Resource> {
        match &self.resource {
            Some(resource) => Some(Ok(resource.clone())),
            None => nullable(async { ctx.loaders()?.resources.load(self.row.resource_id).await }).await,
        }
    }

    /// The rule that proposed it, if one did.
    async fn rule(&self, ctx: &Context<'_>) -> Nullable<Rule> {
        let id = self.row.rule_id?;
        nullable(async { ctx.loaders()?.rules.load(id).await }).await
    }
}

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
