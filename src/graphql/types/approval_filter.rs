//! Filter of the approval queue, shared by queries, mutations and subscriptions.

use crate::domain::approvals::TagFilter;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::types::enums::{Cloud, TagKind, TagSource};
use async_graphql::InputObject;

/// Which tags of the queue; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ApprovalFilter {
    /// Applied by itself, or only suggested.
    kind: Option<TagKind>,
    /// Their key.
    tag_key: Option<String>,
    /// Their value.
    tag_value: Option<String>,
    /// The cloud of their resource.
    cloud: Option<Cloud>,
    /// The account of their resource.
    account_id: Option<String>,
    /// The type of their resource, as its provider names it.
    resource_type: Option<String>,
    /// Where their value comes from.
    source: Option<TagSource>,
    /// What fired, as groups of the queue say it. Events do not tell it: subscriptions take them all.
    evidence_signature: Option<String>,
    /// From this confidence on, inclusive; from 0 to 1.
    #[graphql(validator(minimum = 0.0, maximum = 1.0))]
    min_confidence: Option<f64>,
    /// Up to this confidence, inclusive; from 0 to 1.
    #[graphql(validator(minimum = 0.0, maximum = 1.0))]
    max_confidence: Option<f64>,
    /// Proposed before this moment.
    created_before: Option<DateTimeInput>,
    /// Proposed at this moment or later.
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
            min_confidence: input.min_confidence,
            max_confidence: input.max_confidence,
            created_before: input.created_before.map(Into::into),
            created_after: input.created_after.map(Into::into),
        }
    }
}
