//! The audit trail.

use crate::domain::audit::AuditRow as Row;
use crate::graphql::error::{Nullable, nullable};
use crate::graphql::scalars::id::{AuditKey, AuditKind, Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ApprovalStatus, AuditAction, Cloud, TagSource};
use crate::graphql::types::resource::Resource;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// An audit row.
#[derive(Clone)]
pub struct TagAudit(Arc<Row>);

impl From<Arc<Row>> for TagAudit {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for TagAudit {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for TagAudit {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// One change to one virtual tag. It stays when what it speaks of is gone.
#[Object]
impl TagAudit {
    /// The global id.
    pub async fn id(&self) -> Id<AuditKind> {
        Id(AuditKey {
            timestamp: self.0.timestamp,
            id: self.0.id,
        })
    }

    /// When it happened.
    async fn timestamp(&self) -> DateTime<Utc> {
        self.0.timestamp
    }

    /// What happened.
    async fn action(&self) -> AuditAction {
        self.0.action.into()
    }

    /// The tag's key.
    async fn tag_key(&self) -> &str {
        &self.0.tag_key
    }

    /// The value before; null for a new tag.
    async fn old_value(&self) -> Option<&str> {
        self.0.old_value.as_deref()
    }

    /// The value after; null for a removed tag.
    async fn new_value(&self) -> Option<&str> {
        self.0.new_value.as_deref()
    }

    /// Where the tag stood before; null for a new tag.
    async fn old_status(&self) -> Option<ApprovalStatus> {
        self.0.old_status.map(Into::into)
    }

    /// Where the tag stood after; null for a removed tag.
    async fn new_status(&self) -> Option<ApprovalStatus> {
        self.0.new_status.map(Into::into)
    }

    /// Where the tag's value came from.
    async fn source(&self) -> TagSource {
        self.0.source.into()
    }

    /// The tag's confidence, from 0 to 1.
    async fn confidence(&self) -> f64 {
        self.0.confidence
    }

    /// Whether the tag was applied by itself.
    async fn auto_applied(&self) -> bool {
        self.0.auto_applied
    }

    /// Who did it.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// Why, in the words of who did it.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The run that did it.
    async fn run_id(&self) -> Option<Id<JobRunKind>> {
        self.0.run_id.map(Id)
    }

    /// The provider's id of the resource.
    async fn resource_id(&self) -> &str {
        &self.0.resource_ref
    }

    /// The cloud of the resource.
    async fn cloud(&self) -> Cloud {
        self.0.cloud.into()
    }

    /// The account of the resource.
    async fn account_id(&self) -> &str {
        &self.0.account_id
    }

    /// The type of the resource.
    async fn resource_type(&self) -> &str {
        &self.0.resource_type
    }

    /// The resource, if it still exists.
    async fn resource(&self, ctx: &Context<'_>) -> Nullable<Resource> {
        nullable(async { ctx.loaders()?.resources.load(self.0.resource_id).await }).await
    }

    /// The virtual tag as it is now, if it still exists.
    async fn virtual_tag(&self, ctx: &Context<'_>) -> Nullable<VirtualTag> {
        nullable(async { ctx.loaders()?.virtual_tags.load(self.0.virtual_tag_id).await }).await
    }
}
