//! Runs the sources over one resource, merges, and decides by confidence.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::candidate::bounded_signature;
use crate::merge::{Evidence, LosingCandidate, Merged, merge};
use crate::rules::CompiledRule;
use crate::sources::inferred::InferredSource;
use crate::sources::native::NativeSource;
use crate::sources::rule::RuleSource;
use crate::{Candidate, CandidateSource, EstateModel, SourceKind, StatedTag, Subject, Vocabulary};

/// Beginning of the signature of evidence against a native tag; the value of the tag and the evidence follow.
pub const CONTRADICTS: &str = "CONTRADICTS:";

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
    /// What this estate has taught.
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
            floor: thresholds.manual_review,
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
        let mut candidates = self.propose(subject, false);
        if self.reads_applied() {
            let subject = self.with_applied(subject, candidates.clone());
            candidates.extend(self.propose(&subject, true));
        }
        self.decide(subject, candidates)
    }

    /// The resource as conditions of rules see it: beside approved and native tags, with the tags that this evaluation
    /// applies from other sources than rules. So rules never depend on what rules proposed, nor on an earlier evaluation.
    pub fn for_rules<'a>(&self, subject: &'a Subject) -> Cow<'a, Subject> {
        if self.reads_applied() {
            Cow::Owned(self.with_applied(subject, self.propose(subject, false)))
        } else {
            Cow::Borrowed(subject)
        }
    }

    fn reads_applied(&self) -> bool {
        self.sources.iter().any(|source| source.reads_applied())
    }

    fn with_applied(&self, subject: &Subject, candidates: Vec<Candidate>) -> Subject {
        let proposals = self.decide(subject, candidates).proposals.into_iter();
        let applied = proposals.filter(|proposal| proposal.disposition == Disposition::AutoApply);
        Subject {
            applied: applied.map(|proposal| (proposal.key, proposal.value)).collect(),
            ..subject.clone()
        }
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

    fn decide(&self, subject: &Subject, candidates: Vec<Candidate>) -> Evaluation {
        let stated = subject.stated(&self.vocabulary).tags;
        let contradictions = self.contradictions(subject, &stated, &candidates);
        let mut evaluation = Evaluation::default();
        for winner in merge(candidates) {
            let contradiction = contradictions.get(&winner.key);
            let mut winner = contradiction.cloned().unwrap_or(winner);
            let corrects = contradiction.is_some_and(|winner| self.corrects(winner));
            let held = Held {
                approved: subject.approved.get(&winner.key),
                stated: stated.iter().find(|stated| stated.key == winner.key && !corrects),
            };
            let disposition = self.dispose(&held, &winner);
            if disposition == Some(Disposition::Approve) {
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
            let is_sure = |winner: &Merged| {
                winner.value != stated.value && winner.confidence >= self.thresholds.auto_apply
            };
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
    /// whatever is approved now: the caller knows which of it the rule itself approved.
    fn dispose(&self, held: &Held<'_>, winner: &Merged) -> Option<Disposition> {
        if held.stated.is_none() && winner.rule_id.is_some_and(|rule| self.approving.contains(&rule)) {
            return Some(Disposition::Approve);
        }
        let stated = held.stated.map(|stated| &stated.value);
        let states = winner.source == SourceKind::Native && stated.is_some();
        if held.approved == Some(&winner.value) || stated == Some(&winner.value) || states {
            return None;
        }
        let disposition = self.thresholds.decide(winner.confidence);
        let valid = winner.source == SourceKind::Rule || self.vocabulary.is_valid(&winner.key, &winner.value);
        let contested = held.approved.or(stated).is_some() || !valid;
        Some(if contested && disposition == Disposition::AutoApply {
            Disposition::Suggest
        } else {
            disposition
        })
    }
}

/// What holds for a key before the evaluation.
struct Held<'a> {
    approved: Option<&'a String>,
    stated: Option<&'a StatedTag>,
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
            applied: BTreeMap::new(),
            denied_native: BTreeSet::new(),
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
    fn what_the_own_tags_state_is_not_proposed_however_it_is_spelled() {
        for tags in [
            &[("Env", "prd")][..],
            &[("Environment", "dev"), ("env", "prd"), ("stage", "prod")],
        ] {
            let found = engine().evaluate(&subject("x", tags));
            assert_eq!(found.proposals, [], "{tags:?}");
            let environment = found.predictions.iter().find(|found| found.key == "environment");
            assert_eq!(environment.unwrap().outcome, KeyOutcome::AlreadyHolds);
        }
    }

    #[test]
    fn sure_evidence_against_a_native_tag_is_suggested_as_a_contradiction() {
        let against = |confidence| {
            let source = FixedSource(Candidate {
                key: "environment".into(),
                value: "production".into(),
                source: SourceKind::Pattern,
                confidence,
                rule_id: None,
                reason: "the name says so".into(),
                signature: "PATTERN:word".into(),
                weighed: None,
            });
            let engine = engine().with_source(Box::new(source));
            engine.evaluate(&subject("x", &[("env", "stg")]))
        };
        let sure = against(0.97);
        let proposal = &sure.proposals[0];
        assert_eq!(
            (proposal.value.as_str(), proposal.contradiction),
            ("production", true)
        );
        assert_eq!(proposal.disposition, Disposition::Suggest);
        assert_eq!(proposal.signature, "CONTRADICTS:staging:PATTERN:word");
        let stated = proposal.evidence.contradicts.as_ref().unwrap();
        assert_eq!(
            (stated.value.as_str(), stated.raw_value.as_str()),
            ("staging", "stg")
        );
        assert_eq!(sure.predictions[0].outcome, KeyOutcome::Suggest);
        let unsure = against(0.6);
        assert_eq!(unsure.proposals, []);
        assert_eq!(unsure.predictions[0].outcome, KeyOutcome::AlreadyHolds);
    }

    fn rule(id: i64, condition: &str, key: &str, value: &str) -> CompiledRule {
        CompiledRule {
            id,
            name: format!("rule {id}"),
            priority: 0,
            digest: String::new(),
            condition: crate::rules::Condition::compile(condition).unwrap(),
            key: key.into(),
            value: crate::rules::ValueTemplate::compile(value).unwrap(),
            confidence: 1.0,
            approves: false,
            corrects: false,
            version: 1,
        }
    }

    #[test]
    fn only_a_correcting_rule_overrides_a_native_tag_at_once() {
        let proposed = |corrects| {
            let rule = CompiledRule {
                corrects,
                ..rule(1, "true", "environment", "production")
            };
            let engine = Engine::new(Arc::default(), vec![rule], Thresholds::default());
            let found = engine.evaluate(&subject("x", &[("env", "stg")]));
            found
                .proposals
                .into_iter()
                .find(|found| found.key == "environment")
        };
        let (plain, correcting) = (proposed(false).unwrap(), proposed(true).unwrap());
        assert_eq!(
            (plain.disposition, plain.contradiction),
            (Disposition::Suggest, true)
        );
        assert_eq!(
            (correcting.disposition, correcting.contradiction),
            (Disposition::AutoApply, false)
        );
        assert_eq!(correcting.evidence.contradicts.unwrap().raw_value, "stg");
    }

    #[test]
    fn conditions_see_what_other_sources_apply_but_never_what_rules_do() {
        let applied = FixedSource(Candidate {
            key: "environment".into(),
            value: "production".into(),
            source: SourceKind::Pattern,
            confidence: 0.95,
            rule_id: None,
            reason: String::new(),
            signature: String::new(),
            weighed: None,
        });
        let rules = vec![
            rule(1, "resource.tags['environment'] == 'production'", "team", "core"),
            rule(2, "resource.tags['team'] == 'core'", "owner", "ann"),
        ];
        let engine = Engine::new(Arc::default(), rules, Thresholds::default()).with_source(Box::new(applied));
        let mut subject = subject("x", &[]);
        let first = engine.evaluate(&subject);
        let keys: Vec<&str> = first
            .proposals
            .iter()
            .map(|proposal| proposal.key.as_str())
            .collect();
        assert_eq!(keys, ["environment", "team"]);
        let applied = first.proposals.iter();
        subject.applied = applied.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        assert_eq!(engine.evaluate(&subject), first);
        assert!(!engine.for_rules(&subject).applied.contains_key("team"));
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
        let mut subject = subject("x", &[]);
        subject.approved.insert("environment".into(), "staging".into());
        let source = FixedSource(Candidate {
            key: "environment".into(),
            value: "production".into(),
            source: SourceKind::Pattern,
            confidence: 0.97,
            rule_id: None,
            reason: String::new(),
            signature: String::new(),
            weighed: None,
        });
        let found = engine().with_source(Box::new(source)).evaluate(&subject);
        assert_eq!(found.proposals[0].disposition, Disposition::Suggest);
        assert!(!found.proposals[0].contradiction);
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
