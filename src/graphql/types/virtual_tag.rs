//! The type `VirtualTag`.

use crate::domain::approvals::{PastDenial, TagKind, TagWithResource, VirtualTag as VirtualTagRow};
use crate::graphql::error::{Nullable, nullable};
use crate::graphql::relay::row_fields::RowObject;
use crate::graphql::scalars::id::VirtualTagKind;
use crate::graphql::state::ContextExt;
use crate::graphql::types::changed_since_denial::ChangedSinceDenial;
use crate::graphql::types::enums::{ApprovalStatusEnum, DecisionModeEnum, TagKindEnum, TagSourceEnum};
use crate::graphql::types::evidence::TagEvidence;
use crate::graphql::types::projection;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::row_object;
use crate::graphql::types::rule::RuleObject;
use async_graphql::Context;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Virtual tag, with the resource where the statement that found the tag read both.
#[derive(Clone)]
pub struct VirtualTag {
    row: Arc<VirtualTagRow>,
    resource: Option<Resource>,
}

impl From<Arc<VirtualTagRow>> for VirtualTag {
    fn from(row: Arc<VirtualTagRow>) -> Self {
        Self { row, resource: None }
    }
}

impl From<VirtualTagRow> for VirtualTag {
    fn from(row: VirtualTagRow) -> Self {
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

impl AsRef<VirtualTagRow> for VirtualTag {
    fn as_ref(&self) -> &VirtualTagRow {
        &self.row
    }
}

row_object! {
    /// Virtual tag: a tag of a resource that is stored by this service, proposed with confidence and evidence, decided
    /// by people.
    impl VirtualTag("VirtualTag", VirtualTagKind) of VirtualTagRow {
        /// Tag key.
        tag_key: &str,
        /// Tag value.
        tag_value: &str,
        /// Source of the value.
        source: TagSourceEnum,
        /// Probability that the value is right, from 0 to 1.
        confidence: f64,
        /// True if the confidence was high enough to apply the tag before a decision.
        auto_applied: bool,
        /// Approval status.
        approval_status: ApprovalStatusEnum,
        /// Signature of the evidence: the signals, in words that are equal on all resources.
        evidence_signature: &str,
        /// Time of creation.
        created_at: DateTime<Utc>,
        /// Time of the last change.
        updated_at: DateTime<Utc>,
        /// Actor who made the decision.
        decided_by: Option<&str>,
        /// Time of the decision.
        decided_at: Option<DateTime<Utc>>,
        /// Reason for the decision.
        decision_reason: Option<&str>,
        /// True for the random 5 % of proposals that are to be looked at one by one, so that `calibration` shows decisions
        /// made without a look. The same on every evaluation.
        audit_sample: bool,
    }

    /// Way in which a person judged the tag, by a decision on it or by the approval of another value of its key; null if
    /// none did: the tag waits, was withdrawn or imported, or an accepted suggestion or the policy of its key approved
    /// it.
    async fn decision_mode(&self) -> Option<DecisionModeEnum> {
        self.row.decision_mode.map(Into::into)
    }

    /// Evidence for the value, and what lost against it.
    async fn evidence(&self) -> TagEvidence {
        TagEvidence::from(&self.row.evidence)
    }

    /// Decision against the value, and what changed in the evidence since, for which the value is proposed again; null for a value that
    /// nobody denied before, and while it is denied for the first time.
    async fn changed_since_denial(&self) -> Option<ChangedSinceDenial> {
        PastDenial::of(&self.row).map(Into::into)
    }

    /// Kind of the proposal.
    async fn kind(&self) -> TagKindEnum {
        TagKind::of(&self.row).into()
    }

    /// Resource of the tag; null if just deleted.
    async fn resource(&self, ctx: &Context<'_>) -> Nullable<RowObject<Resource>> {
        if let Some(resource) = &self.resource {
            return Some(Ok(RowObject(resource.clone())));
        }
        let key = (self.row.resource_id, projection::resource(ctx));
        let found = nullable(async { ctx.loaders()?.resources.load(key).await }).await;
        found.map(|found| found.map(RowObject))
    }

    /// Rule that proposed the tag; null if the proposal is not from a rule.
    async fn rule(&self, ctx: &Context<'_>) -> Nullable<RuleObject> {
        let id = self.row.rule_id?;
        nullable(async { ctx.loaders()?.rules.load(id).await }).await
    }
}
