//! Filter of the approval queue, shared by queries, mutations and subscriptions.

use crate::domain::approvals::TagFilter;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::types::enums::{CloudEnum, TagKindEnum, TagSourceEnum};
use async_graphql::InputObject;

/// Filter of the approval queue; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ApprovalFilter {
    /// Filter by kind of the proposal.
    kind: Option<TagKindEnum>,
    /// Filter by tag key.
    tag_key: Option<String>,
    /// Filter by tag value.
    tag_value: Option<String>,
    /// Filter by cloud of the resource.
    cloud: Option<CloudEnum>,
    /// Filter by account of the resource.
    account_id: Option<String>,
    /// Filter by type of the resource, as named by the provider.
    resource_type: Option<String>,
    /// Filter by source of the value.
    source: Option<TagSourceEnum>,
    /// Filter by signature of the evidence, as in `approvalGroups`. Subscriptions ignore this condition, since events
    /// have no signature.
    evidence_signature: Option<String>,
    /// Filter by membership in the audit sample: `false` leaves out the 5 % of proposals that are to be looked at one by
    /// one. Subscriptions ignore this condition.
    audit_sample: Option<bool>,
    /// Confidence, inclusive lower bound, from 0 to 1.
    #[graphql(validator(minimum = 0.0, maximum = 1.0))]
    min_confidence: Option<f64>,
    /// Confidence, inclusive upper bound, from 0 to 1.
    #[graphql(validator(minimum = 0.0, maximum = 1.0))]
    max_confidence: Option<f64>,
    /// Creation time, exclusive upper bound.
    created_before: Option<DateTimeInput>,
    /// Creation time, inclusive lower bound.
    created_after: Option<DateTimeInput>,
}

impl From<ApprovalFilter> for TagFilter {
    fn from(input: ApprovalFilter) -> Self {
        Self {
            kind: input.kind.map(Into::into),
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            cloud: input.cloud.map(Into::into),
            account_id: input.account_id,
            resource_type: input.resource_type,
            source: input.source.map(Into::into),
            evidence_signature: input.evidence_signature,
            audit_sample: input.audit_sample,
            min_confidence: input.min_confidence,
            max_confidence: input.max_confidence,
            created_before: input.created_before.map(Into::into),
            created_after: input.created_after.map(Into::into),
        }
    }
}
