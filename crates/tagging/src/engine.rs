//! Runs the sources over one resource, merges, and decides by confidence.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::merge::{Evidence, LosingCandidate, Merged, merge};
use crate::rules::CompiledRule;
use crate::sources::estate::EstateSource;
use crate::sources::native::{self, NativeSource};
use crate::sources::rule::RuleSource;
use crate::{Candidate, CandidateSource, EstateModel, SourceKind, Subject, Vocabulary};

/// Lowest confidences of automatic application and of review; both bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    auto_apply: f64,
    manual_review: f64,
}

/// The thresholds do not satisfy `0 <= review <= auto <= 1`.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("thresholds must satisfy 0 <= review ({manual_review}) <= auto-apply ({auto_apply}) <= 1")]
pub struct ThresholdError {
    pub auto_apply: f64,
    pub manual_review: f64,
}

impl Default for Thresholds {
    /// 0.90 and 0.70.
    fn default() -> Self {
        Self {
            auto_apply: 0.90,
            manual_review: 0.70,
        }
    }
}

impl Thresholds {
    /// Takes both bounds as probabilities; refuses anything but `0 <= manual_review <= auto_apply <= 1`.
    pub fn new(auto_apply: f64, manual_review: f64) -> Result<Self, ThresholdError> {
        let ordered = 0.0 <= manual_review && manual_review <= auto_apply && auto_apply <= 1.0;
        if ordered {
            Ok(Self {
                auto_apply,
                manual_review,
            })
        } else {
            Err(ThresholdError {
                auto_apply,
                manual_review,
            })
        }
    }

    /// From this confidence on, values are applied before anyone looked.
    pub fn auto_apply(&self) -> f64 {
        self.auto_apply
    }

    /// From this confidence on, values are put before reviewers.
    pub fn manual_review(&self) -> f64 {
        self.manual_review
    }

    /// Disposition of a value of that confidence.
    pub fn decide(&self, confidence: f64) -> Disposition {
        if confidence >= self.auto_apply {
            Disposition::AutoApply
        } else if confidence >= self.manual_review {
            Disposition::Suggest
        } else {
            Disposition::Discard
        }
    }
}

/// Disposition of a value, by its confidence alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Disposition {
    AutoApply,
    Suggest,
    Discard,
    /// A rule that a person accepted gives the value: it is approved in that person's name.
    Approve,
}

/// Outcome for a merged winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyOutcome {
    AutoApply,
    Suggest,
    Discard,
    /// A rule that a person accepted gives the value.
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
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// What this estate has taught.
    estate: EstateSource,
    /// Rules that approve.
    approving: HashSet<i64>,
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
        let sources: Vec<Box<dyn CandidateSource>> = vec![
            Box::new(NativeSource {
                vocabulary: Arc::clone(&vocabulary),
            }),
            Box::new(RuleSource::new(Arc::clone(&vocabulary), rules)),
        ];
        let estate = EstateSource {
            model: Arc::new(EstateModel::untrained(Arc::clone(&vocabulary))),
        };
        Self {
            vocabulary,
            sources,
            thresholds,
            estate,
            approving,
        }
    }

    /// The same engine with what was learned in this estate; without a model, priors stand in.
    #[must_use]
    pub fn with_model(mut self, model: Option<Arc<EstateModel>>) -> Self {
        if let Some(model) = model {
            self.estate = EstateSource { model };
        }
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
        let mut candidates = Vec::new();
        for source in &self.sources {
            source.propose(subject, &mut candidates);
        }
        self.estate.propose(subject, &mut candidates);
        let candidates = candidates.into_iter().filter_map(Candidate::storable);
        let merged = merge(candidates.collect());
        let mut predictions = Vec::with_capacity(merged.len());
        let mut proposals = Vec::new();
        for mut winner in merged {
            let disposition = self.dispose(subject, &winner);
            if disposition == Some(Disposition::Approve) {
                winner.confidence = 1.0;
            }
            predictions.push(predict(&winner, disposition));
            match disposition {
                Some(Disposition::Discard) | None => {}
                Some(disposition) => proposals.push(propose(winner, disposition)),
            }
        }
        Evaluation {
            proposals,
            predictions,
        }
    }

    /// `None` when the value already holds. A value that differs from an approved one is never applied unseen. What a rule
    /// that approves gives is approved, whatever is approved now: the caller knows which of it the rule itself approved.
    fn dispose(&self, subject: &Subject, winner: &Merged) -> Option<Disposition> {
        let approved = subject.approved.get(&winner.key);
        if winner.rule_id.is_some_and(|rule| self.approving.contains(&rule)) {
            return Some(Disposition::Approve);
        }
        if approved == Some(&winner.value) || native::carries(subject, &winner.key, &winner.value) {
            return None;
        }
        let disposition = self.thresholds.decide(winner.confidence);
        let contested = approved.is_some() && disposition == Disposition::AutoApply;
        Some(if contested {
            Disposition::Suggest
        } else {
            disposition
        })
    }
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
pub(crate) mod tests {
    use super::*;
    use crate::CloudProvider;
    use proptest::prelude::*;

    /// An AWS resource of an unknown type with that name and those native tags.
    pub(crate) fn subject(name: &str, tags: &[(&str, &str)]) -> Subject {
        let tags = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Subject {
            resource_id: "arn:aws:x:::1".into(),
            name: name.into(),
            cloud: CloudProvider::Aws,
            account_id: "111122223333".into(),
            resource_type: "unheard/of".into(),
            region: None,
            native_tags: tags.collect(),
            approved: BTreeMap::new(),
        }
    }

    fn engine() -> Engine {
        Engine::new(Arc::new(Vocabulary::default()), Vec::new(), Thresholds::default())
    }

    #[test]
    fn thresholds_are_ordered_and_inclusive() {
        assert!(Thresholds::new(0.5, 0.6).is_err());
        assert!(Thresholds::new(1.1, 0.6).is_err());
        assert!(Thresholds::new(f64::NAN, 0.6).is_err());
        let thresholds = Thresholds::new(0.9, 0.7).unwrap();
        assert_eq!(thresholds.decide(0.9), Disposition::AutoApply);
        assert_eq!(thresholds.decide(0.7), Disposition::Suggest);
        assert_eq!(thresholds.decide(0.699_999), Disposition::Discard);
    }

    #[test]
    fn a_differently_spelled_native_tag_is_proposed_in_canonical_form() {
        let found = engine().evaluate(&subject("x", &[("Env", "prd")]));
        let proposal = &found.proposals[0];
        assert_eq!(
            (proposal.key.as_str(), proposal.value.as_str()),
            ("environment", "production")
        );
        assert_eq!((proposal.source, proposal.confidence), (SourceKind::Native, 0.98));
        assert_eq!(proposal.disposition, Disposition::AutoApply);
    }

    #[test]
    fn what_holds_is_not_proposed_again() {
        let native = engine().evaluate(&subject("pay-prod", &[("environment", "production")]));
        assert_eq!(
            (native.proposals.len(), native.predictions[0].outcome),
            (0, KeyOutcome::AlreadyHolds)
        );
        let mut approved = subject("pay-prod", &[]);
        approved
            .approved
            .insert("environment".into(), "production".into());
        assert_eq!(engine().evaluate(&approved).proposals, []);
    }

    #[test]
    fn a_value_against_an_approved_one_is_at_most_suggested() {
        let mut subject = subject("x", &[("Env", "prd")]);
        subject.approved.insert("environment".into(), "staging".into());
        let found = engine().evaluate(&subject);
        assert_eq!(found.proposals[0].disposition, Disposition::Suggest);
        assert_eq!(found.predictions[0].outcome, KeyOutcome::Suggest);
    }

    #[test]
    fn effective_tags_put_approved_over_normalised_native() {
        let mut subject = subject("x", &[("Env", "prd"), ("Team", "Pay Roll"), ("Colour", "Red")]);
        subject.approved.insert("environment".into(), "staging".into());
        let tags = subject.effective_tags(&Vocabulary::default());
        let tags: Vec<(&str, &str)> = tags
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            tags,
            [
                ("Colour", "Red"),
                ("environment", "staging"),
                ("team", "pay-roll")
            ]
        );
    }

    struct FixedSource(Candidate);
    impl CandidateSource for FixedSource {
        fn source(&self) -> SourceKind {
            self.0.source
        }
        fn propose(&self, _: &Subject, out: &mut Vec<Candidate>) {
            out.push(self.0.clone());
        }
    }

    #[test]
    fn further_sources_take_part_and_weak_winners_are_kept_as_predictions() {
        let candidate = Candidate {
            key: "team".into(),
            value: "pay".into(),
            source: SourceKind::Model,
            confidence: 0.4,
            rule_id: None,
            reason: "similar resources".into(),
            signature: "MODEL:1".into(),
            weighed: None,
        };
        let found = engine()
            .with_source(Box::new(FixedSource(candidate)))
            .evaluate(&subject("x", &[]));
        assert_eq!(found.proposals, []);
        assert_eq!(
            (found.predictions[0].key.as_str(), found.predictions[0].outcome),
            ("team", KeyOutcome::Discard)
        );
    }

    proptest! {
        #[test]
        fn evaluating_is_deterministic_and_stays_in_range(
            name in "(prod|dev|test|live|pay|api|[-_0-9]){0,6}",
            resource_type in "(rds/db|ec2/vpc|Microsoft.Network/x|\\PC{0,12})",
            tags in proptest::collection::btree_map("(Env|env|stage|Owner|team|\\PC{0,8})", "\\PC{0,20}", 0..6),
        ) {
            let mut resource = subject(&name, &[]);
            resource.resource_type = resource_type;
            resource.native_tags = tags;
            let first = engine().evaluate(&resource);
            prop_assert_eq!(&first, &engine().evaluate(&resource));
            for prediction in &first.predictions {
                prop_assert!((0.0..=1.0).contains(&prediction.confidence));
                prop_assert!(!prediction.value.is_empty());
            }
            prop_assert!(first.proposals.iter().all(|p| p.disposition != Disposition::Discard));
            prop_assert!(first.proposals.windows(2).all(|pair| pair[0].key < pair[1].key));
        }
    }
}
