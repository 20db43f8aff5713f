//! Virtual tags.

use crate::domain::approvals::TagWithResource;
use crate::domain::approvals::VirtualTag as Row;
use crate::graphql::error::{Nullable, nullable};
use crate::graphql::scalars::id::{Id, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ApprovalStatus, TagKind, TagSource};
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::Rule;
use async_graphql::{Context, Json, Object};
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
