//! The type `ApprovalGroup`.

use crate::domain::approvals::GroupKey;
use crate::domain::approvals::groups::Group;
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::cost::MonthlyCostObject;
use crate::graphql::types::enums::TagSourceEnum;
use crate::graphql::types::row::row_object;
use async_graphql::{Context, InputObject};
use chrono::{DateTime, Utc};

row_object! {
    /// Group of pending virtual tags with the same key, value, source and evidence, for a decision on all of them.
    pub struct ApprovalGroup("ApprovalGroup") of Group {
        /// Tag key.
        tag_key: &str,
        /// Tag value.
        tag_value: &str,
        /// Source of the value.
        source: TagSourceEnum,
        /// Signature of the evidence: the signals, in words that are equal on all resources.
        evidence_signature: &str,
        /// Number of tags.
        count: i64,
        /// Lowest confidence in the group.
        min_confidence: f64,
        /// Highest confidence in the group.
        max_confidence: f64,
        /// Creation time of the oldest tag in the group.
        oldest: DateTime<Utc>,
    }

    /// Cost of the resources of the group in the latest complete month, in the currency in which most of the month is
    /// billed; null if none is known.
    async fn cost_at_stake(&self, ctx: &Context<'_>) -> FieldResult<Option<MonthlyCostObject>> {
        let cost = ctx.loaders()?.group_costs.load(GroupKey::from(&*self.0)).await?;
        Ok(cost.map(Into::into))
    }
}

/// Group of the approval queue, as returned by `approvalGroups`.
#[derive(Clone, Debug, InputObject)]
pub struct ApprovalGroupInput {
    /// Tag key of the group.
    tag_key: String,
    /// Tag value of the group.
    tag_value: String,
    /// Source of the value.
    source: TagSourceEnum,
    /// Signature of the evidence.
    evidence_signature: String,
}

impl From<ApprovalGroupInput> for GroupKey {
    fn from(input: ApprovalGroupInput) -> Self {
        Self {
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            source: input.source.into(),
            evidence_signature: input.evidence_signature,
        }
    }
}
