//! Runs the sources over one resource, merges, and decides by confidence.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::merge::{Merged, merge};
use crate::rules::CompiledRule;
use crate::settings;
use crate::signature::bounded_signature;
use crate::sources::inferred::InferredSource;
use crate::sources::native::NativeSource;
use crate::sources::rule::RuleSource;
pub(crate) use crate::thresholds::{Disposition, Thresholds};
use crate::{
    ApprovalPolicy, Candidate, CandidateSource, EstateModel, Evidence, LosingCandidate, SourceKind,
    StatedTag, Subject, Vocabulary,
};

/// Beginning of the signature of evidence against a native tag; the value of the tag and the evidence follow.
pub const CONTRADICTS: &str = "CONTRADICTS:";

/// Outcome for a merged winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyOutcome {
    AutoApply,
    Suggest,
    Discard,
    /// A rule that a person accepted gives the value, or the key is approved automatically.
    Approve,
    /// An approved value or a native tag already says exactly this.
    AlreadyHolds,
}

/// A value worth keeping: to be applied, or to be suggested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    pub key: String,
    pub value: String,
    pub source: SourceKind,
    /// 0 to 1.
    pub confidence: f64,
    /// `Approve`, `AutoApply` or `Suggest`, never `Discard`.
    pub disposition: Disposition,
    /// The resource's own tags state another value. Such a proposal is a suggestion, however sure.
    pub contradiction: bool,
    pub rule_id: Option<i64>,
    pub evidence: Evidence,
    /// See [`Candidate::signature`].
    pub signature: String,
}

/// A merged winner and what became of it, kept for every evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyPrediction {
    pub key: String,
    pub value: String,
    pub source: SourceKind,
    /// 0 to 1.
    pub confidence: f64,
    pub outcome: KeyOutcome,
    pub reason: String,
    pub alternatives: Vec<LosingCandidate>,
}

/// Result of the engine for one resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// At most one per key, in order of keys; never what already holds, except what a rule that approves gives: that
    /// holds for as long as the rule gives it.
    pub proposals: Vec<Proposal>,
    /// All merged winners, in order of keys.
    pub predictions: Vec<KeyPrediction>,
}

impl Evaluation {
    /// Replaces what it says about `keys`.
    fn replace(&mut self, keys: &BTreeSet<String>, other: Self) {
        self.proposals.retain(|proposal| !keys.contains(&proposal.key));
        self.proposals.extend(other.proposals);
        self.proposals.sort_by(|a, b| a.key.cmp(&b.key));
        self.predictions
            .retain(|prediction| !keys.contains(&prediction.key));
        self.predictions.extend(other.predictions);
        self.predictions.sort_by(|a, b| a.key.cmp(&b.key));
    }
}

/// The tagging engine. Pure: the same subject gives the same evaluation.
pub struct Engine {
    vocabulary: Arc<Vocabulary>,
    sources: Vec<Box<dyn CandidateSource>>,
    thresholds: Thresholds,
    /// Source of all that this estate has taught.
    inferred: InferredSource,
    /// Rules that approve.
    approving: HashSet<i64>,
    /// Rules whose values override what the resource's own tags state.
    correcting: BTreeSet<i64>,
}

impl Engine {
    /// An engine with the sources NATIVE and RULE, and what an estate without a tag would infer. `rules` may come in any
    /// order.
    pub fn new(vocabulary: Arc<Vocabulary>, rules: Vec<CompiledRule>, thresholds: Thresholds) -> Self {
        let approving = rules
            .iter()
            .filter(|rule| rule.approves)
            .map(|rule| rule.id)
            .collect();
        let correcting = rules.iter().filter(|rule| rule.corrects).map(|rule| rule.id);
        let correcting = correcting.collect();
        let sources: Vec<Box<dyn CandidateSource>> = vec![
            Box::new(NativeSource {
                vocabulary: Arc::clone(&vocabulary),
            }),
            Box::new(RuleSource::new(Arc::clone(&vocabulary), rules)),
        ];
        let inferred = InferredSource {
            model: Arc::new(EstateModel::untrained(Arc::clone(&vocabulary))),
            floor: settings::lowest_review(&vocabulary, thresholds),
        };
        Self {
            vocabulary,
            sources,
            thresholds,
            inferred,
            approving,
            correcting,
        }
    }

    /// The same engine with what was learned in this estate; without a model, priors stand in.
    #[must_use]
    pub fn with_model(mut self, model: Option<Arc<EstateModel>>) -> Self {
        if let Some(model) = model {
            self.inferred.model = model;
        }
        self
    }

    /// The same engine, which also keeps all evidence for what it does not propose.
    #[must_use]
    pub fn with_all_evidence(mut self) -> Self {
        self.inferred.floor = 0.0;
        self
    }

    /// The same engine with one more source.
    #[must_use]
    pub fn with_source(mut self, source: Box<dyn CandidateSource>) -> Self {
        self.sources.push(source);
        self
    }

    /// The vocabulary that it normalises with.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Rules that took too long and were given up since this was asked last, with the number of resources.
    pub fn take_given_up(&self) -> BTreeMap<i64, u64> {
        self.sources
            .iter()
            .flat_map(|source| source.take_given_up())
            .collect()
    }

    /// Evaluates `subject`: candidates of all sources, merged and decided.
    pub fn evaluate(&self, subject: &Subject) -> Evaluation {
        let stated = subject.stated(&self.vocabulary).tags;
        let mut candidates = self.propose(subject, false);
        if !self.reads_applied() {
            return self.decide(subject, &stated, candidates);
        }
        let mut evaluation = self.decide(subject, &stated, candidates.clone());
        let further = self.propose(&with_applied(subject, &evaluation), true);
        if !further.is_empty() {
            // Keys are decided one by one: only those of further candidates are decided again.
            let keys: BTreeSet<String> = further.iter().map(|candidate| candidate.key.clone()).collect();
            candidates.retain(|candidate| keys.contains(&candidate.key));
            candidates.extend(further);
            evaluation.replace(&keys, self.decide(subject, &stated, candidates));
        }
        evaluation
    }

    /// The resource as conditions of rules see it: beside approved and native tags, with the tags that this evaluation
    /// applies from other sources than rules. So rules never depend on what rules proposed, nor on an earlier evaluation.
    pub fn for_rules<'a>(&self, subject: &'a Subject) -> Cow<'a, Subject> {
        if !self.reads_applied() {
            return Cow::Borrowed(subject);
        }
        let stated = subject.stated(&self.vocabulary).tags;
        let candidates = self.propose(subject, false);
        Cow::Owned(with_applied(subject, &self.decide(subject, &stated, candidates)))
    }

    fn reads_applied(&self) -> bool {
        self.sources.iter().any(|source| source.reads_applied())
    }

    /// Candidates of the sources that depend on applied tags, or of the others.
    fn propose(&self, subject: &Subject, reads_applied: bool) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for source in &self.sources {
            if source.reads_applied() == reads_applied {
                source.propose(subject, &mut candidates);
            }
        }
        if !reads_applied {
            self.inferred.propose(subject, &mut candidates);
        }
        let storable = candidates.into_iter().filter_map(Candidate::storable);
        storable.collect()
    }

    fn decide(&self, subject: &Subject, stated: &[StatedTag], candidates: Vec<Candidate>) -> Evaluation {
        let contradictions = self.contradictions(subject, stated, &candidates);
        let mut evaluation = Evaluation::default();
        for winner in merge(candidates) {
            let contradiction = contradictions.get(&winner.key);
            let mut winner = contradiction.cloned().unwrap_or(winner);
            let corrects = contradiction.is_some_and(|winner| self.corrects(winner));
            let held = Held {
                approved: subject.approved.get(&winner.key),
                stated: stated.iter().find(|stated| stated.key == winner.key && !corrects),
                resource_type: &subject.resource_type,
            };
            let disposition = self.dispose(&held, &winner);
            if disposition == Some(Disposition::Approve) && self.is_accepted(&winner) {
                winner.confidence = 1.0;
            }
            evaluation.predictions.push(predict(&winner, disposition));
            if let Some(disposition) = disposition.filter(|found| *found != Disposition::Discard) {
                evaluation.proposals.push(Proposal {
                    contradiction: contradiction.is_some() && !corrects,
                    ..propose(winner, disposition)
                });
            }
        }
        evaluation
    }

    /// True if the value is that of a rule that a person accepted.
    fn is_accepted(&self, winner: &Merged) -> bool {
        winner.rule_id.is_some_and(|rule| self.approving.contains(&rule))
    }

    /// True if the value is that of a rule that may override native tags.
    fn corrects(&self, winner: &Merged) -> bool {
        winner.source == SourceKind::Rule && winner.rule_id.is_some_and(|id| self.correcting.contains(&id))
    }

    /// By key, what other sources are sure of where the resource's own tags state something else and nobody decided.
    fn contradictions(
        &self,
        subject: &Subject,
        stated: &[StatedTag],
        candidates: &[Candidate],
    ) -> BTreeMap<String, Merged> {
        let mut contradictions = BTreeMap::new();
        for stated in stated {
            let others = candidates
                .iter()
                .filter(|candidate| candidate.key == stated.key && candidate.source != SourceKind::Native);
            if subject.approved.contains_key(&stated.key) || others.clone().all(|c| c.value == stated.value) {
                continue;
            }
            let winner = merge(others.cloned().collect()).pop();
            let sure = settings::of_key(self.vocabulary.key(&stated.key), self.thresholds).auto_apply();
            let is_sure = |winner: &Merged| winner.value != stated.value && winner.confidence >= sure;
            if let Some(mut winner) = winner.filter(is_sure) {
                if !self.corrects(&winner) {
                    let signature = format!("{CONTRADICTS}{}:{}", stated.value, winner.signature);
                    winner.signature = bounded_signature(signature);
                }
                winner.evidence.contradicts = Some(stated.clone());
                contradictions.insert(stated.key.clone(), winner);
            }
        }
        contradictions
    }

    /// `None` when the value already holds. A value that differs from the one that holds is never applied unseen, nor is one
    /// that the vocabulary does not know for a key that lists its values. What a rule that approves gives is approved,
    /// whatever is approved now: the caller knows which of it the rule itself approved. What would be applied of a key that
    /// is approved automatically is approved.
    fn dispose(&self, held: &Held<'_>, winner: &Merged) -> Option<Disposition> {
        if held.stated.is_none() && self.is_accepted(winner) {
            return Some(Disposition::Approve);
        }
        let stated = held.stated.map(|stated| &stated.value);
        let states = winner.source == SourceKind::Native && stated.is_some();
        if held.approved == Some(&winner.value) || stated == Some(&winner.value) || states {
            return None;
        }
        let disposition = settings::decide(&self.vocabulary, self.thresholds, held.resource_type, winner);
        let is_contested = held.approved.or(stated).is_some();
        let key = self.vocabulary.key(&winner.key);
        let is_automatic = key.is_some_and(|key| key.approval == ApprovalPolicy::Automatic);
        Some(match disposition {
            Disposition::AutoApply if is_contested => Disposition::Suggest,
            Disposition::AutoApply if is_automatic => Disposition::Approve,
            disposition => disposition,
        })
    }
}

/// The subject with the tags that the evaluation applies, in place of those that were applied before.
fn with_applied(subject: &Subject, evaluation: &Evaluation) -> Subject {
    let holds = |disposition| matches!(disposition, Disposition::AutoApply | Disposition::Approve);
    let applied = evaluation.proposals.iter();
    let applied = applied.filter(|proposal| holds(proposal.disposition));
    Subject {
        applied: applied
            .map(|proposal| (proposal.key.clone(), proposal.value.clone()))
            .collect(),
        ..subject.clone()
    }
}

/// Values that hold for a key before the evaluation.
struct Held<'a> {
    approved: Option<&'a String>,
    stated: Option<&'a StatedTag>,
    /// Type of the resource, of which the key may not be asked.
    resource_type: &'a str,
}

fn predict(winner: &Merged, disposition: Option<Disposition>) -> KeyPrediction {
    KeyPrediction {
        key: winner.key.clone(),
        value: winner.value.clone(),
        source: winner.source,
        confidence: winner.confidence,
        outcome: match disposition {
            Some(Disposition::AutoApply) => KeyOutcome::AutoApply,
            Some(Disposition::Suggest) => KeyOutcome::Suggest,
            Some(Disposition::Discard) => KeyOutcome::Discard,
            Some(Disposition::Approve) => KeyOutcome::Approve,
            None => KeyOutcome::AlreadyHolds,
        },
        reason: winner.evidence.reason.clone(),
        alternatives: winner.evidence.alternatives.clone(),
    }
}

fn propose(winner: Merged, disposition: Disposition) -> Proposal {
    Proposal {
        contradiction: false,
        key: winner.key,
        value: winner.value,
        source: winner.source,
        confidence: winner.confidence,
        disposition,
        rule_id: winner.rule_id,
        evidence: winner.evidence,
        signature: winner.signature,
    }
}

#[cfg(test)]
pub(crate) mod tests;
