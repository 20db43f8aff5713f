//! Work of evaluating a chunk: computed without the database, to be written.

use super::chunk_result::ChunkResult;
use super::difference::{TagChange, TagDifference, Withdrawal, plan, rule_holds};
use super::engine::SharedEngine;
use super::subject::subject;
use crate::domain::approvals::by_rule::Acceptance;
use crate::entities::{resource, virtual_tag};
use crate::error::{Error, Result};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use tagging::rules::allowance::is_over;
use tagging::{Disposition, Evaluation, NativeResolution, Proposal};

/// An evaluation as `ml_inferences` keeps it, and what `evaluations` keeps of the resource's own tags.
#[derive(Serialize)]
pub(super) struct InferenceRow {
    resource_id: i64,
    predictions: serde_json::Value,
    stated: BTreeMap<String, String>,
    disputed: Option<Vec<String>>,
    invalid: Option<Vec<String>>,
}

impl InferenceRow {
    fn new(resource_id: i64, predictions: serde_json::Value, native: NativeResolution) -> Self {
        let some = |keys: Vec<String>| (!keys.is_empty()).then_some(keys);
        let disputed = native.tags.iter().filter(|tag| tag.disputed);
        Self {
            resource_id,
            predictions,
            disputed: some(disputed.map(|tag| tag.key.clone()).collect()),
            invalid: some(native.invalid.into_iter().collect()),
            stated: native.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        }
    }
}

/// Tag that a rule or the policy of its key approves, and in whose name.
#[derive(Serialize)]
pub(super) struct RuleApproval {
    #[serde(flatten)]
    tag: TagChange,
    #[serde(flatten)]
    acceptance: Acceptance,
}

/// Result of evaluating a chunk, to be written in the order of [`TagDifference`].
#[derive(Default)]
pub(super) struct ChunkWork {
    pub(super) unsupported: Vec<Withdrawal>,
    pub(super) restored: Vec<i64>,
    pub(super) withdrawals: Vec<Withdrawal>,
    pub(super) denials: Vec<Withdrawal>,
    pub(super) changes: Vec<TagChange>,
    pub(super) approvals: Vec<RuleApproval>,
    pub(super) inferences: Vec<InferenceRow>,
}

impl ChunkWork {
    pub(super) fn counts(&self) -> ChunkResult {
        let actions = self.changes.iter();
        let actions = actions.chain(self.approvals.iter().map(|approval| &approval.tag));
        let count = |action| actions.clone().filter(|change| change.action == action).count() as u64;
        ChunkResult {
            proposed: count("PROPOSED"),
            refreshed: count("REFRESHED"),
            approved: count("APPROVED"),
            withdrawn: (self.withdrawals.len() + self.denials.len() + self.unsupported.len()) as u64,
            ..ChunkResult::default()
        }
    }

    fn add(&mut self, difference: TagDifference, engine: &SharedEngine) {
        self.unsupported.extend(difference.unsupported);
        self.restored.extend(difference.restored);
        self.withdrawals.extend(difference.withdrawals);
        self.denials.extend(difference.denials);
        self.changes.extend(difference.changes);
        for tag in difference.approvals {
            let accepted = tag.rule_id.and_then(|rule| engine.acceptances.get(&rule));
            let acceptance = accepted.cloned().unwrap_or_else(Acceptance::by_policy);
            self.approvals.push(RuleApproval { tag, acceptance });
        }
    }
}

/// Evaluates resources with the tags that they have.
pub(super) fn evaluate(
    engine: &SharedEngine,
    resources: Vec<resource::Model>,
    tags: &HashMap<i64, Vec<virtual_tag::Model>>,
) -> Result<ChunkWork> {
    let mut work = ChunkWork::default();
    for resource in resources {
        if is_over() {
            break;
        }
        let id = resource.id;
        let existing = tags.get(&id).map_or(&[][..], Vec::as_slice);
        let (evaluation, native) = evaluate_one(engine, resource, existing)?;
        let predictions = serde_json::to_value(&evaluation.predictions).map_err(Error::internal)?;
        work.inferences.push(InferenceRow::new(id, predictions, native));
        work.add(plan(id, &evaluation.proposals, existing), engine);
    }
    if is_over() {
        return Err(Error::internal("nobody waits for this evaluation any more"));
    }
    Ok(work)
}

/// Evaluates a resource. Rules that approve see what holds without them, so that none of them supports itself and the
/// outcome is the same whatever they approved before; the other rules then see what these approve, too.
fn evaluate_one(
    engine: &SharedEngine,
    resource: resource::Model,
    existing: &[virtual_tag::Model],
) -> Result<(Evaluation, NativeResolution)> {
    let mut subject = subject(resource, existing.iter().filter(|tag| !tag.is_approved_by_rule()))?;
    let native = subject.stated(engine.engine.vocabulary());
    let first = engine.engine.evaluate(&subject);
    let is_accepted = |proposal: &Proposal| {
        let accepted = (proposal.rule_id).is_some_and(|rule| engine.acceptances.contains_key(&rule));
        accepted && proposal.disposition == Disposition::Approve
    };
    let mut approved = first
        .proposals
        .iter()
        .filter(|proposal| is_accepted(proposal) && rule_holds(proposal, existing))
        .peekable();
    if !engine.reads_tags || approved.peek().is_none() {
        return Ok((first, native));
    }
    for proposal in approved {
        subject
            .approved
            .insert(proposal.key.clone(), proposal.value.clone());
    }
    let mut second = engine.engine.evaluate(&subject);
    let approving: Vec<_> = first.proposals.into_iter().filter(is_accepted).collect();
    second.proposals.retain(|proposal| {
        let is_approved = approving.iter().any(|other| other.key == proposal.key);
        !is_accepted(proposal) && !is_approved
    });
    second.proposals.extend(approving);
    second.proposals.sort_by(|a, b| a.key.cmp(&b.key));
    Ok((second, native))
}
