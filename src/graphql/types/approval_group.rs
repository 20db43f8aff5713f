//! Groups of the approval queue.

use crate::domain::approvals::GroupKey;
use crate::domain::approvals::groups::Group as GroupRow;
use crate::graphql::types::enums::TagSource;
use async_graphql::{InputObject, Object};
use chrono::{DateTime, Utc};

/// A group of the queue.
pub struct ApprovalGroup(GroupRow);

impl From<GroupRow> for ApprovalGroup {
    fn from(row: GroupRow) -> Self {
        Self(row)
    }
}

impl AsRef<GroupRow> for ApprovalGroup {
    fn as_ref(&self) -> &GroupRow {
        &self.0
    }
}

/// Tags of the queue that propose the same for the same reason, to be decided together.
#[Object]
impl ApprovalGroup {
    /// The key that they propose.
    async fn tag_key(&self) -> &str {
        &self.0.tag_key
    }

    /// The value that they propose.
    async fn tag_value(&self) -> &str {
        &self.0.tag_value
    }

    /// Where the value comes from.
    async fn source(&self) -> TagSource {
        self.0.source.into()
    }

    /// What fired, in words that are the same on every resource.
    async fn evidence_signature(&self) -> &str {
        &self.0.evidence_signature
    }

    /// How many tags there are.
    async fn count(&self) -> i64 {
        self.0.count
    }

    /// The lowest confidence among them.
    async fn min_confidence(&self) -> f64 {
        self.0.min_confidence
    }

    /// The highest confidence among them.
    async fn max_confidence(&self) -> f64 {
        self.0.max_confidence
    }

    /// Since when the oldest of them waits.
    async fn oldest(&self) -> DateTime<Utc> {
        self.0.oldest
    }
}

/// A group of the queue, as `approvalGroups` gives it.
#[derive(Clone, Debug, InputObject)]
pub struct ApprovalGroupInput {
    /// The key that its tags propose.
    tag_key: String,
    /// The value that they propose.
    tag_value: String,
    /// Where the value comes from.
    source: TagSource,
    /// What fired.
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
