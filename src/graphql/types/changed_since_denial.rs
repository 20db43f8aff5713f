//! The type `ChangedSinceDenial`: a value that people denied, and why it is proposed again.

use crate::domain::approvals::PastDenial;
use crate::graphql::types::evidence::{EvidenceSignal, TagEvidence};
use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};

/// Kind of a change of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EvidenceChangeKind {
    /// The evidence did not speak for the value when it was denied: another rule or definition of a rule, another word or tag
    /// of the resource, resources that were not tagged.
    New,
    /// Materially more tagged resources agree, or fewer disagree, than when the value was denied.
    Stronger,
}

/// Change of the evidence for a value since it was denied.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "EvidenceChange")]
pub struct EvidenceChangeObject {
    /// Kind of the change.
    pub kind: EvidenceChangeKind,
    /// Evidence as it is now.
    pub signal: EvidenceSignal,
    /// Number of tagged resources that were asked at the time of the denial; null if the evidence is new.
    pub voters_before: Option<i32>,
    /// Number of them that had the value; null if the evidence is new.
    pub agreeing_before: Option<i32>,
}

/// Decision against a value that is proposed again, because the evidence for it changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct ChangedSinceDenial {
    /// Actor who denied the value.
    pub denied_by: String,
    /// Time of the denial.
    pub denied_at: DateTime<Utc>,
    /// Reason for the denial.
    pub reason: Option<String>,
    /// Evidence on which the value was denied.
    pub evidence: TagEvidence,
    /// Evidence that is new or materially stronger since, strongest first.
    pub changes: Vec<EvidenceChangeObject>,
}

impl From<PastDenial> for ChangedSinceDenial {
    fn from(denial: PastDenial) -> Self {
        Self {
            evidence: TagEvidence::from(&denial.evidence),
            denied_by: denial.denied_by,
            denied_at: denial.denied_at,
            reason: denial.reason,
            changes: denial.changes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<tagging::EvidenceChange> for EvidenceChangeObject {
    fn from(change: tagging::EvidenceChange) -> Self {
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            kind: if change.voters_before.is_none() {
                EvidenceChangeKind::New
            } else {
                EvidenceChangeKind::Stronger
            },
            signal: change.signal.into(),
            voters_before: change.voters_before.map(count),
            agreeing_before: change.agreeing_before.map(count),
        }
    }
}
