//! Difference that an evaluation makes: a pure comparison of proposals with the tags that a resource has.

use crate::entities::{ApprovalStatus, TagSource, virtual_tag};
use serde::Serialize;
use tagging::{Disposition, Engine, Proposal, Subject};

/// A tag to write. Serialised, it is a row of the statement that writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TagChange {
    pub resource_id: i64,
    pub tag_key: String,
    pub tag_value: String,
    pub source: TagSource,
    pub confidence: f64,
    pub auto_applied: bool,
    pub rule_id: Option<i64>,
    pub evidence: serde_json::Value,
    pub evidence_signature: String,
    /// `PROPOSED` or `REFRESHED`.
    pub action: &'static str,
    /// The status of the tag that there was with this key and value, if any.
    pub old_status: Option<ApprovalStatus>,
}

/// A pending tag that is no longer proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withdrawal {
    pub id: i64,
}

/// All that an evaluation changes on one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagDifference {
    pub changes: Vec<TagChange>,
    pub withdrawals: Vec<Withdrawal>,
}

/// Compares what is proposed for a resource with the tags that it has, in whatever status.
///
/// A value that a person denied, or turned down by approving another, comes back only when its evidence has
/// changed; one that was withdrawn comes back with any. What is pending and no longer proposed is withdrawn.
pub fn plan(resource_id: i64, proposals: &[Proposal], existing: &[virtual_tag::Model]) -> TagDifference {
    let of_proposal = |tag: &virtual_tag::Model| {
        proposals
            .iter()
            .any(|proposal| proposal.key == tag.tag_key && proposal.value == tag.tag_value)
    };
    let withdrawals = existing
        .iter()
        .filter(|tag| tag.approval_status == ApprovalStatus::Pending && is_inferred(tag) && !of_proposal(tag))
        .map(|tag| Withdrawal { id: tag.id });
    let changes = proposals.iter().filter_map(|proposal| {
        let old = existing
            .iter()
            .find(|tag| tag.tag_key == proposal.key && tag.tag_value == proposal.value);
        let action = action(proposal, old)?;
        Some(TagChange {
            resource_id,
            tag_key: proposal.key.clone(),
            tag_value: proposal.value.clone(),
            source: proposal.source.into(),
            confidence: proposal.confidence,
            auto_applied: proposal.disposition == Disposition::AutoApply,
            rule_id: proposal.rule_id,
            evidence: serde_json::to_value(&proposal.evidence).unwrap_or_default(),
            evidence_signature: proposal.signature.clone(),
            action,
            old_status: old.map(|tag| tag.approval_status),
        })
    });
    TagDifference {
        changes: changes.collect(),
        withdrawals: withdrawals.collect(),
    }
}

/// True when an evaluation of a resource that has these tags would propose this value anew.
pub fn would_propose(
    engine: &Engine,
    subject: &Subject,
    existing: &[virtual_tag::Model],
    key: &str,
    value: &str,
) -> bool {
    let proposals = engine.evaluate(subject).proposals;
    let plan = plan(0, &proposals, existing);
    plan.changes
        .iter()
        .any(|change| change.tag_key == key && change.tag_value == value)
}

/// Action for a proposal, given the tag of the same key and value; `None` when there is nothing to do.
fn action(proposal: &Proposal, old: Option<&virtual_tag::Model>) -> Option<&'static str> {
    let Some(old) = old else { return Some("PROPOSED") };
    let same_evidence = old.evidence_signature == proposal.signature;
    match old.approval_status {
        ApprovalStatus::Approved => None,
        ApprovalStatus::Pending if !is_inferred(old) => None,
        ApprovalStatus::Pending => {
            let auto_applied = proposal.disposition == Disposition::AutoApply;
            let same = same_evidence
                && old.source == TagSource::from(proposal.source)
                && old.auto_applied == auto_applied
                && (old.confidence - proposal.confidence).abs() < 1e-9
                && old.rule_id == proposal.rule_id;
            (!same).then_some("REFRESHED")
        }
        // Withdrawn by an evaluation, not turned down by a person.
        ApprovalStatus::Superseded if old.superseded_by.is_none() => Some("PROPOSED"),
        ApprovalStatus::Denied | ApprovalStatus::Superseded => (!same_evidence).then_some("PROPOSED"),
    }
}

fn is_inferred(tag: &virtual_tag::Model) -> bool {
    !matches!(tag.source, TagSource::Manual | TagSource::Csv)
}
