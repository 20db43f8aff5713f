//! Difference that an evaluation makes: a pure comparison of proposals with the tags that a resource has.

use crate::domain::approvals::PastDenial;
use crate::domain::approvals::past_denial::KnownEvidence;
use crate::entities::{ApprovalStatus, TagSource, virtual_tag};
use sea_orm::JsonValue;
use serde::Serialize;
use tagging::{Disposition, Engine, EvidenceChange, Proposal, Subject};

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
    /// `PROPOSED` or `REFRESHED`; `APPROVED` or `REFRESHED` of a tag that a rule approves.
    pub action: &'static str,
    /// The status of the tag that there was with this key and value, if any.
    pub old_status: Option<ApprovalStatus>,
    /// Evidence that is new since the value was denied, if it was.
    pub changes_since_denial: Option<JsonValue>,
}

/// A tag that is no longer proposed, or no longer superseded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withdrawal {
    pub id: i64,
}

/// All that an evaluation changes on one resource, in the order in which it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagDifference {
    /// Tags that rules or policies approved and none supports any more.
    pub unsupported: Vec<Withdrawal>,
    /// Tags that waited until one of the unsupported ones superseded them.
    pub restored: Vec<i64>,
    /// Pending tags that are no longer proposed.
    pub withdrawals: Vec<Withdrawal>,
    /// Pending tags that are denied again, because nothing is new since they were.
    pub denials: Vec<Withdrawal>,
    /// Tags that are proposed.
    pub changes: Vec<TagChange>,
    /// Tags that rules or the policies of their keys approve. They supersede what waits for their keys.
    pub approvals: Vec<TagChange>,
}

/// Compares what is proposed for a resource with the tags that it has, in whatever status.
///
/// A value that a person denied, or turned down by approving another, comes back only when evidence for it is new (see
/// [`Evidence::changes_since`](tagging::Evidence::changes_since)), and remembers the denial: when that evidence is gone, it is
/// denied again. One that was withdrawn comes back with any. A tag that is pending and no longer proposed is withdrawn.
///
/// A value that a rule or the policy of its key approves is approved, unless a person decided the value or the key on this
/// resource; one that was approved so and is not any more is withdrawn, and what it had superseded waits again.
pub fn plan(resource_id: i64, proposals: &[Proposal], existing: &[virtual_tag::Model]) -> TagDifference {
    let unsupported: Vec<&virtual_tag::Model> = existing
        .iter()
        .filter(|tag| tag.is_approved_by_rule() && !is_supported(tag, proposals))
        .collect();
    if unsupported.is_empty() {
        return plan_supported(resource_id, proposals, existing);
    }
    let mut after = existing.to_vec();
    let mut restored = Vec::new();
    for tag in &mut after {
        if unsupported.iter().any(|gone| gone.id == tag.id) {
            tag.approval_status = ApprovalStatus::Superseded;
            tag.superseded_by = None;
        } else if is_superseded_by(tag, &unsupported) {
            restored.push(tag.id);
            tag.approval_status = ApprovalStatus::Pending;
            tag.superseded_by = None;
        }
    }
    TagDifference {
        unsupported: unsupported.iter().map(|tag| Withdrawal { id: tag.id }).collect(),
        restored,
        ..plan_supported(resource_id, proposals, &after)
    }
}

/// The difference for tags of which rules support all that they approved.
fn plan_supported(
    resource_id: i64,
    proposals: &[Proposal],
    existing: &[virtual_tag::Model],
) -> TagDifference {
    let mut difference = TagDifference::default();
    for proposal in proposals {
        let old = existing
            .iter()
            .find(|tag| tag.tag_key == proposal.key && tag.tag_value == proposal.value);
        if proposal.disposition == Disposition::Approve {
            let action = approval_action(proposal, old, existing);
            difference
                .approvals
                .extend(action.map(|action| change(resource_id, proposal, old, (action, None))));
        } else {
            let planned = action(proposal, old);
            difference
                .changes
                .extend(planned.map(|planned| change(resource_id, proposal, old, planned)));
        }
    }
    let is_superseded = |tag: &virtual_tag::Model| {
        let mut winners = difference.approvals.iter();
        winners.any(|winner| winner.tag_key == tag.tag_key)
    };
    let waiting = existing
        .iter()
        .filter(|tag| tag.approval_status == ApprovalStatus::Pending && is_inferred(tag))
        .filter(|tag| !is_superseded(tag));
    let (mut withdrawals, mut denials) = (Vec::new(), Vec::new());
    for tag in waiting {
        let proposal = proposals.iter().find(|proposal| is_of(tag, proposal));
        let stands = proposal.is_some_and(|proposal| again("", tag, proposal).is_some());
        match (tag.past_denial.is_some(), proposal) {
            (false, None) => withdrawals.push(Withdrawal { id: tag.id }),
            (true, _) if !stands => denials.push(Withdrawal { id: tag.id }),
            _ => {}
        }
    }
    TagDifference {
        withdrawals,
        denials,
        ..difference
    }
}

/// Evidence that is new to what was known when the value was denied; `None` if none is. A rule or policy that approves is no
/// reason to ask about a value that a person denied.
fn since(known: &KnownEvidence, proposal: &Proposal) -> Option<Vec<EvidenceChange>> {
    let changes = known.changes(proposal);
    (proposal.disposition != Disposition::Approve && !changes.is_empty()).then_some(changes)
}

fn change(
    resource_id: i64,
    proposal: &Proposal,
    old: Option<&virtual_tag::Model>,
    (action, changes): PlannedAction,
) -> TagChange {
    TagChange {
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
        changes_since_denial: changes.and_then(|changes| serde_json::to_value(changes).ok()),
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
        .chain(&plan.approvals)
        .any(|change| change.tag_key == key && change.tag_value == value)
}

/// True when a value that a rule or a policy approves holds on a resource that has these tags: no person decided otherwise
/// there. A value that a person denied waits for a person, though evidence for it is new.
pub fn rule_holds(proposal: &Proposal, existing: &[virtual_tag::Model]) -> bool {
    proposal.disposition == Disposition::Approve
        && existing.iter().all(|tag| match tag.approval_status {
            ApprovalStatus::Approved => tag.approved_by_rule || tag.tag_key != proposal.key,
            _ if tag.past_denial.is_some() => !is_of(tag, proposal),
            ApprovalStatus::Denied => !is_of(tag, proposal),
            ApprovalStatus::Pending => !(is_of(tag, proposal) && is_left_pending(proposal, tag)),
            ApprovalStatus::Superseded => true,
        })
}

/// Action on a tag, and what is new since its value was denied, if it was.
type PlannedAction = (&'static str, Option<Vec<EvidenceChange>>);

/// Action for a proposal, given the tag of the same key and value; `None` when there is nothing to do.
fn action(proposal: &Proposal, old: Option<&virtual_tag::Model>) -> Option<PlannedAction> {
    let Some(old) = old else {
        return Some(("PROPOSED", None));
    };
    match old.approval_status {
        ApprovalStatus::Approved => None,
        ApprovalStatus::Pending if !is_inferred(old) || looks_equal(proposal, old) => None,
        ApprovalStatus::Pending => again("REFRESHED", old, proposal),
        // Withdrawn by an evaluation, not turned down by a person.
        ApprovalStatus::Superseded if old.superseded_by.is_none() => again("PROPOSED", old, proposal),
        // A native value that a person denied: only another native tag states it again.
        ApprovalStatus::Denied if old.source == TagSource::Native => None,
        ApprovalStatus::Denied => {
            since(&KnownEvidence::of_turned_down(old), proposal).map(|changes| ("PROPOSED", Some(changes)))
        }
        ApprovalStatus::Superseded if is_turned_down(proposal, old) => None,
        ApprovalStatus::Superseded => again("PROPOSED", old, proposal),
    }
}

/// The action, unless the value was denied and nothing is new since.
fn again(action: &'static str, old: &virtual_tag::Model, proposal: &Proposal) -> Option<PlannedAction> {
    match PastDenial::of(old) {
        None => Some((action, None)),
        Some(denial) => {
            since(&KnownEvidence::of_denials(Some(&denial)), proposal).map(|changes| (action, Some(changes)))
        }
    }
}

/// True if a pending tag says what the proposal does: nothing that people see, or that later evidence is compared by, is new.
fn looks_equal(proposal: &Proposal, old: &virtual_tag::Model) -> bool {
    old.evidence_signature == proposal.signature
        && old.source == TagSource::from(proposal.source)
        && old.auto_applied == (proposal.disposition == Disposition::AutoApply)
        && (old.confidence - proposal.confidence).abs() < 1e-9
        && old.rule_id == proposal.rule_id
        && KnownEvidence::of_tag(old).changes(proposal).is_empty()
}

/// True if the value lost against one that a person approved, and evidence for it is not new since.
fn is_turned_down(proposal: &Proposal, old: &virtual_tag::Model) -> bool {
    old.superseded_by.is_some() && KnownEvidence::of_turned_down(old).changes(proposal).is_empty()
}

/// Action for a value that a rule or a policy approves, given the tag of the same key and value among those of the resource.
fn approval_action(
    proposal: &Proposal,
    old: Option<&virtual_tag::Model>,
    existing: &[virtual_tag::Model],
) -> Option<&'static str> {
    if !rule_holds(proposal, existing) {
        return None;
    }
    let Some(old) = old else { return Some("APPROVED") };
    let same_evidence = old.evidence_signature == proposal.signature;
    match old.approval_status {
        ApprovalStatus::Approved => {
            (!same_evidence || old.rule_id != proposal.rule_id).then_some("REFRESHED")
        }
        ApprovalStatus::Superseded if is_turned_down(proposal, old) => None,
        ApprovalStatus::Pending | ApprovalStatus::Superseded => Some("APPROVED"),
        ApprovalStatus::Denied => None,
    }
}

/// True for a pending tag that would be approved, but a person has in hand: one made by hand or imported, and one that was
/// approved on the same evidence before that approval was undone.
fn is_left_pending(proposal: &Proposal, tag: &virtual_tag::Model) -> bool {
    !is_inferred(tag) || tag.approved_by_rule && KnownEvidence::of_tag(tag).changes(proposal).is_empty()
}

fn is_supported(tag: &virtual_tag::Model, proposals: &[Proposal]) -> bool {
    let mut approving = proposals
        .iter()
        .filter(|proposal| proposal.disposition == Disposition::Approve);
    approving.any(|proposal| is_of(tag, proposal))
}

fn is_superseded_by(tag: &virtual_tag::Model, winners: &[&virtual_tag::Model]) -> bool {
    tag.approval_status == ApprovalStatus::Superseded
        && tag.superseded_from == Some(ApprovalStatus::Pending)
        && winners.iter().any(|winner| tag.superseded_by == Some(winner.id))
}

fn is_of(tag: &virtual_tag::Model, proposal: &Proposal) -> bool {
    tag.tag_key == proposal.key && tag.tag_value == proposal.value
}

fn is_inferred(tag: &virtual_tag::Model) -> bool {
    !matches!(tag.source, TagSource::Manual | TagSource::Csv)
}
