//! The type `TagAudit`.

use crate::domain::audit::AuditRow;
use crate::graphql::error::{Nullable, nullable};
use crate::graphql::scalars::id::{AuditKey, AuditKind, Id, JobRunKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ApprovalStatusEnum, AuditActionEnum, CloudEnum, TagSourceEnum};
use crate::graphql::types::projection;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::row_object;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::Context;
use chrono::{DateTime, Utc};

row_object! {
    /// Audit row: one change of one virtual tag. The row remains when the tag or the resource is deleted.
    pub struct TagAudit("TagAudit") of AuditRow {
        /// Time of the change.
        timestamp: DateTime<Utc>,
        /// Action.
        action: AuditActionEnum,
        /// Tag key.
        tag_key: &str,
        /// Tag value before the change; null for a new tag.
        old_value: Option<&str>,
        /// Tag value after the change; null for a deleted tag.
        new_value: Option<&str>,
        /// Approval status before the change; null for a new tag.
        old_status: Option<ApprovalStatusEnum>,
        /// Approval status after the change; null for a deleted tag.
        new_status: Option<ApprovalStatusEnum>,
        /// Source of the tag's value.
        source: TagSourceEnum,
        /// Confidence of the tag, from 0 to 1.
        confidence: f64,
        /// True if the tag was applied automatically.
        auto_applied: bool,
        /// Actor who made the change.
        actor: &str,
        /// Reason that the actor gave.
        reason: Option<&str>,
        /// Cloud of the resource.
        cloud: CloudEnum,
        /// Account of the resource.
        account_id: &str,
        /// Type of the resource.
        resource_type: &str,
    }

    /// Global id.
    pub async fn id(&self) -> Id<AuditKind> {
        Id(AuditKey {
            timestamp: self.0.timestamp,
            id: self.0.id,
        })
    }

    /// Global id of the run that made the change.
    async fn run_id(&self) -> Option<Id<JobRunKind>> {
        self.0.run_id.map(Id)
    }

    /// Provider's id of the resource.
    async fn resource_id(&self) -> &str {
        &self.0.resource_ref
    }

    /// Resource; null if deleted.
    async fn resource(&self, ctx: &Context<'_>) -> Nullable<Resource> {
        nullable(async { ctx.loaders()?.resources.load((self.0.resource_id, projection::resource(ctx))).await }).await
    }

    /// Virtual tag in the current state; null if deleted.
    async fn virtual_tag(&self, ctx: &Context<'_>) -> Nullable<VirtualTag> {
        nullable(async { ctx.loaders()?.virtual_tags.load((self.0.virtual_tag_id, projection::tag(ctx))).await }).await
    }
}
