//! Runs the sources over one resource, merges, and decides by confidence.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::merge::{Merged, merge};
use crate::native_statements::{NativeStatement, NativeStatements};
use crate::rules::CompiledRule;
use crate::settings;
use crate::signature::bounded_signature;
use crate::sources::inferred::InferredSource;
use crate::sources::native::NativeSource;
use crate::sources::rule::RuleSource;
pub(crate) use crate::thresholds::{Disposition, Thresholds};
use crate::{
    ApprovalPolicy, Candidate, CandidateSource, EstateModel, Evidence, LosingCandidate, SourceInput,
    SourceKind, Subject, Vocabulary,
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
            Box::new(NativeSource),
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
        let native = NativeStatements::read(&subject.native_tags, &self.vocabulary);
        let stated = native.holding(subject);
        let mut candidates = self.candidates(subject, &native, None);
        if self.reads_effective_tags() {
            let effective = self.effective_tags(subject, &native, &candidates);
            candidates.extend(self.candidates(subject, &native, Some(&effective)));
        }
        let mut evaluation = Evaluation::default();
        for verdict in self.decide(subject, &stated, &candidates) {
            evaluation.predictions.push(verdict.prediction());
            evaluation.proposals.extend(verdict.proposal());
        }
        evaluation
    }

    /// Effective tags as conditions of rules see them: beside approved and native tags, those that this evaluation applies
    /// from other sources than rules. So rules never depend on what rules proposed, nor on an earlier evaluation.
    pub fn tags_for_rules(&self, subject: &Subject) -> BTreeMap<String, String> {
        if !self.reads_effective_tags() {
            return subject.effective_tags(&self.vocabulary);
        }
        let native = NativeStatements::read(&subject.native_tags, &self.vocabulary);
        let candidates = self.candidates(subject, &native, None);
        self.effective_tags(subject, &native, &candidates)
    }

    fn reads_effective_tags(&self) -> bool {
        self.sources.iter().any(|source| source.reads_effective_tags())
    }

    /// Tags that hold if nothing is applied but what these candidates lead to.
    fn effective_tags(
        &self,
        subject: &Subject,
        native: &NativeStatements<'_>,
        candidates: &[Candidate],
    ) -> BTreeMap<String, String> {
        let stated = native.holding(subject);
        let verdicts = self.decide(subject, &stated, candidates);
        let holds = |verdict: &&KeyVerdict<'_>| {
            let disposition = verdict.disposition;
            matches!(disposition, Some(Disposition::AutoApply | Disposition::Approve))
        };
        let applied = verdicts.iter().filter(holds).map(|verdict| {
            let best = verdict.winner.best;
            (best.key.as_str(), best.value.as_str())
        });
        subject.effective_with(applied, native)
    }

    /// Candidates of the sources that read effective tags, if these are given, or of the others.
    fn candidates(
        &self,
        subject: &Subject,
        native: &NativeStatements<'_>,
        effective: Option<&BTreeMap<String, String>>,
    ) -> Vec<Candidate> {
        let input = SourceInput {
            subject,
            native,
            effective,
        };
        let mut candidates = Vec::new();
        for source in &self.sources {
            if source.reads_effective_tags() == effective.is_some() {
                source.propose(&input, &mut candidates);
            }
        }
        if effective.is_none() {
            self.inferred.propose(&input, &mut candidates);
        }
        let storable = candidates.into_iter().filter_map(Candidate::storable);
        storable.collect()
    }

    /// Verdicts on the winners of all keys, in order of keys.
    fn decide<'a>(
        &self,
        subject: &Subject,
        stated: &[(&'a NativeStatement<'a>, bool)],
        candidates: &'a [Candidate],
    ) -> Vec<KeyVerdict<'a>> {
        let verdict = |winner: Merged<'a>| {
            let key = &winner.best.key;
            let stated = stated.iter().find(|(stated, _)| stated.key == key);
            let contradiction =
                stated.and_then(|(stated, _)| self.contradiction(subject, stated, candidates));
            let contradicts = contradiction.is_some();
            let winner = contradiction.unwrap_or(winner);
            let corrects = contradicts && self.corrects(&winner);
            let held = Held {
                approved: subject.approved.get(&winner.best.key),
                stated: stated.filter(|_| !corrects).map(|(stated, _)| *stated),
                resource_type: &subject.resource_type,
            };
            let disposition = self.dispose(&held, &winner);
            let is_accepted = disposition == Some(Disposition::Approve) && self.is_accepted(&winner);
            KeyVerdict {
                disposition,
                confidence: if is_accepted { 1.0 } else { winner.confidence },
                contradicts: stated.filter(|_| contradicts).copied(),
                corrects,
                winner,
            }
        };
        merge(candidates).into_iter().map(verdict).collect()
    }

    /// True if the value is that of a rule that a person accepted.
    fn is_accepted(&self, winner: &Merged<'_>) -> bool {
        let rule = winner.best.rule_id;
        rule.is_some_and(|rule| self.approving.contains(&rule))
    }

    /// True if the value is that of a rule that may override native tags.
    fn corrects(&self, winner: &Merged<'_>) -> bool {
        let best = winner.best;
        best.source == SourceKind::Rule && best.rule_id.is_some_and(|id| self.correcting.contains(&id))
    }

    /// The value that other sources are sure of where the resource's own tags state something else and nobody decided.
    fn contradiction<'a>(
        &self,
        subject: &Subject,
        stated: &NativeStatement<'_>,
        candidates: &'a [Candidate],
    ) -> Option<Merged<'a>> {
        let others = candidates
            .iter()
            .filter(|candidate| candidate.key == stated.key && candidate.source != SourceKind::Native);
        if subject.approved.contains_key(stated.key) || others.clone().all(|c| c.value == stated.value) {
            return None;
        }
        let sure = settings::of_key(self.vocabulary.key(stated.key), self.thresholds).auto_apply();
        let is_sure = |winner: &Merged<'_>| winner.best.value != stated.value && winner.confidence >= sure;
        merge(others).pop().filter(is_sure)
    }

    /// `None` when the value already holds. A value that differs from the one that holds is never applied unseen, nor is one
    /// that the vocabulary does not know for a key that lists its values. What a rule that approves gives is approved,
    /// whatever is approved now: the caller knows which of it the rule itself approved. What would be applied of a key that
    /// is approved automatically is approved.
    fn dispose(&self, held: &Held<'_>, winner: &Merged<'_>) -> Option<Disposition> {
        let best = winner.best;
        if held.stated.is_none() && self.is_accepted(winner) {
            return Some(Disposition::Approve);
        }
        let stated = held.stated.map(|stated| &stated.value);
        let states = best.source == SourceKind::Native && stated.is_some();
        if held.approved == Some(&best.value) || stated == Some(&best.value) || states {
            return None;
        }
        let disposition = settings::decide(&self.vocabulary, self.thresholds, held.resource_type, winner);
        let is_contested = held.approved.or(stated).is_some();
        let key = self.vocabulary.key(&best.key);
        let is_automatic = key.is_some_and(|key| key.approval == ApprovalPolicy::Automatic);
        Some(match disposition {
            Disposition::AutoApply if is_contested => Disposition::Suggest,
            Disposition::AutoApply if is_automatic => Disposition::Approve,
            disposition => disposition,
        })
    }
}

/// Values that hold for a key before the evaluation.
struct Held<'a> {
    approved: Option<&'a String>,
    stated: Option<&'a NativeStatement<'a>>,
    /// Type of the resource, of which the key may not be asked.
    resource_type: &'a str,
}

/// Verdict on the winner of one key.
struct KeyVerdict<'a> {
    winner: Merged<'a>,
    /// `None` when the value already holds.
    disposition: Option<Disposition>,
    /// 0 to 1.
    confidence: f64,
    /// Statement of the resource's own tags against which the winner stands; `true` beside one that another tag disputes.
    contradicts: Option<(&'a NativeStatement<'a>, bool)>,
    /// The winner overrides that statement.
    corrects: bool,
}

impl KeyVerdict<'_> {
    fn prediction(&self) -> KeyPrediction {
        let best = self.winner.best;
        KeyPrediction {
            key: best.key.clone(),
            value: best.value.clone(),
            source: best.source,
            confidence: self.confidence,
            outcome: match self.disposition {
                Some(Disposition::AutoApply) => KeyOutcome::AutoApply,
                Some(Disposition::Suggest) => KeyOutcome::Suggest,
                Some(Disposition::Discard) => KeyOutcome::Discard,
                Some(Disposition::Approve) => KeyOutcome::Approve,
                None => KeyOutcome::AlreadyHolds,
            },
            reason: best.reason.clone(),
            alternatives: self.winner.alternatives(),
        }
    }

    /// The value as a proposal, if it is worth one.
    fn proposal(&self) -> Option<Proposal> {
        let disposition = self.disposition.filter(|found| *found != Disposition::Discard)?;
        let best = self.winner.best;
        let mut evidence = self.winner.evidence();
        evidence.contradicts = self.contradicts.map(|(stated, disputed)| stated.to_tag(disputed));
        let contradicted = self.contradicts.filter(|_| !self.corrects);
        let signature = contradicted.map_or_else(
            || best.signature.clone(),
            |(stated, _)| bounded_signature(format!("{CONTRADICTS}{}:{}", stated.value, best.signature)),
        );
        Some(Proposal {
            key: best.key.clone(),
            value: best.value.clone(),
            source: best.source,
            confidence: self.confidence,
            disposition,
            contradiction: contradicted.is_some(),
            rule_id: best.rule_id,
            evidence,
            signature,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
