//! One winner per key, and why the others lost.
//!
//! Authority comes before confidence: what the resource's own tags state, then what a user's rule says, then what is
//! inferred. What is inferred was weighed and calibrated by the estate model before; here it agrees or loses. Confidences
//! are probabilities, and what sources say about one resource is correlated, so that agreement is not multiplied as if
//! independent: the surest other source that agrees adds a part of its log-odds. A rival of equal authority takes a part
//! of its own log-odds away, if it is more likely right than wrong; one of less authority takes nothing.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::inference::{logit, sigmoid};
use crate::{Candidate, SourceKind, StatedTag};

/// Agreement never lifts a confidence above this.
const CEILING: f64 = 0.99;
/// Part of its log-odds that a source adds to another one that agrees.
const AGREEMENT: f64 = 0.25;
/// Part of its log-odds that a rival takes.
const DISSENT: f64 = 0.75;

/// A candidate that agrees with the winner (the winner itself included, first).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    pub source: SourceKind,
    /// Its own confidence before merging, 0 to 1: how often such evidence is right in this estate.
    pub confidence: f64,
    pub reason: String,
    /// Resource, tag, word or group that speaks; absent in evidence that older versions stored.
    #[serde(default)]
    pub basis: Option<EvidenceBasis>,
    /// Tagged resources that were asked, 0 where none are.
    #[serde(default)]
    pub voters: u32,
    /// Those of them that have this value.
    #[serde(default)]
    pub agreeing: u32,
}

/// What a piece of evidence rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum EvidenceBasis {
    /// A tag of the resource itself.
    NativeTag { key: String, value: String },
    /// A rule, in the version with that digest.
    Rule { rule_id: i64, digest: String },
    /// A word or phrase that names a value; `place` is `name`, `tag` or `id`.
    Word { word: String, place: String },
    /// The words that the other names of the account use.
    AccountWords { account_id: String },
    /// Tagged resources of the account.
    Account { account_id: String },
    /// Tagged resources of one type in the account.
    AccountType {
        account_id: String,
        resource_type: String,
    },
    /// Tagged resources of the same resource group, project or namespace.
    Container { name: String },
    /// Tagged resources below the same parent.
    Parent { resource_id: String },
    /// Tagged resources whose names begin alike, in the account if there is one.
    NamePrefix {
        prefix: String,
        account_id: Option<String>,
    },
    /// Tagged resources whose names are alike but for numbers.
    Name {
        name: String,
        account_id: Option<String>,
    },
    /// Tagged resources of the account whose names end alike.
    NameSuffix { suffix: String, account_id: String },
    /// Tagged resources with the same word in their names.
    Token {
        token: String,
        account_id: Option<String>,
    },
    /// Tagged resources that carry the same other tag.
    Tag {
        key: String,
        value: String,
        account_id: Option<String>,
    },
    /// Tagged resources whose other tag has the same value but for words such as `prod`.
    TagStem { key: String, stem: String },
    /// A value that the estate knows and that occurs in the name.
    KnownValue { text: String },
}

/// A candidate that lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LosingCandidate {
    pub key: String,
    pub value: String,
    pub source: SourceKind,
    /// Its own confidence before merging, 0 to 1.
    pub confidence: f64,
    pub reason: String,
    /// Why the winner was preferred, one clause.
    pub lost_because: String,
}

/// Why a value is proposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The winning candidate's reason.
    pub reason: String,
    /// All candidates that agree, strongest first.
    pub signals: Vec<Signal>,
    /// All candidates that lost, strongest first.
    pub alternatives: Vec<LosingCandidate>,
    /// Statement of the resource's own tags that the value contradicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradicts: Option<StatedTag>,
}

/// The winner of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub key: String,
    pub value: String,
    pub source: SourceKind,
    /// After agreement and dissent, 0 to 1.
    pub confidence: f64,
    pub rule_id: Option<i64>,
    pub evidence: Evidence,
    pub signature: String,
}

/// Smaller speaks first.
fn authority(source: SourceKind) -> u8 {
    match source {
        SourceKind::Native => 0,
        SourceKind::Rule => 1,
        SourceKind::Pattern
        | SourceKind::Type
        | SourceKind::Model
        | SourceKind::Inherited
        | SourceKind::Neighbour => 2,
    }
}

/// Merges candidates of one resource: one winner per key, in order of keys. The order of `candidates` does not
/// matter. Confidences outside 0 to 1 are clamped, not-a-number counts as 0.
pub fn merge(candidates: Vec<Candidate>) -> Vec<Merged> {
    let mut by_key: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for mut candidate in candidates {
        let valid = candidate.confidence.is_finite();
        candidate.confidence = if valid {
            candidate.confidence.clamp(0.0, 1.0)
        } else {
            0.0
        };
        by_key.entry(candidate.key.clone()).or_default().push(candidate);
    }
    by_key.into_values().filter_map(merge_key).collect()
}

/// All candidates for one value, strongest first.
struct ValueCandidates {
    candidates: Vec<Candidate>,
    authority: u8,
    confidence: f64,
}

impl ValueCandidates {
    fn new(candidates: Vec<Candidate>) -> Option<Self> {
        let authority = authority(candidates.first()?.source);
        let best = candidates
            .iter()
            .max_by(|a, b| a.confidence.total_cmp(&b.confidence))?;
        let others = candidates.iter().filter(|other| other.source != best.source);
        let second = others.map(|other| other.confidence).fold(0.0, f64::max);
        let lifted = if second > 0.5 {
            sigmoid(logit(best.confidence) + AGREEMENT * logit(second)).min(CEILING)
        } else {
            0.0
        };
        Some(Self {
            authority,
            confidence: best.confidence.max(lifted),
            candidates,
        })
    }
}

fn merge_key(mut candidates: Vec<Candidate>) -> Option<Merged> {
    candidates.sort_by(strongest_first);
    let mut by_value: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        by_value
            .entry(candidate.value.clone())
            .or_default()
            .push(candidate);
    }
    let mut sides: Vec<ValueCandidates> = by_value.into_values().filter_map(ValueCandidates::new).collect();
    // Stable: equal sides stay in order of their values.
    sides.sort_by(|a, b| {
        a.authority
            .cmp(&b.authority)
            .then(b.confidence.total_cmp(&a.confidence))
    });
    let mut sides = sides.into_iter();
    let winner = sides.next()?;
    let losers: Vec<ValueCandidates> = sides.collect();
    let equals = losers.iter().filter(|loser| loser.authority == winner.authority);
    let rival = equals.map(|loser| loser.confidence).fold(0.0, f64::max);
    let confidence = if rival > 0.5 {
        sigmoid(logit(winner.confidence) - DISSENT * logit(rival))
    } else {
        winner.confidence
    };
    Some(assemble(winner, losers, confidence))
}

fn assemble(winner: ValueCandidates, losers: Vec<ValueCandidates>, confidence: f64) -> Merged {
    let mut alternatives: Vec<LosingCandidate> = losers
        .into_iter()
        .flat_map(|loser| alternatives(&winner, loser))
        .collect();
    for weighed in winner
        .candidates
        .iter()
        .filter_map(|candidate| candidate.weighed.as_ref())
    {
        alternatives.extend(weighed.alternatives.iter().cloned());
    }
    let signals = winner.candidates.iter().flat_map(signals).collect();
    let mut candidates = winner.candidates;
    let best = candidates.swap_remove(0);
    Merged {
        key: best.key,
        value: best.value,
        source: best.source,
        confidence,
        rule_id: best.rule_id,
        evidence: Evidence {
            reason: best.reason,
            signals,
            alternatives,
            contradicts: None,
        },
        signature: best.signature,
    }
}

fn signals(candidate: &Candidate) -> Vec<Signal> {
    match &candidate.weighed {
        Some(weighed) if !weighed.signals.is_empty() => weighed.signals.clone(),
        _ => vec![Signal {
            source: candidate.source,
            confidence: candidate.confidence,
            reason: candidate.reason.clone(),
            basis: None,
            voters: 0,
            agreeing: 0,
        }],
    }
}

fn alternatives(winner: &ValueCandidates, loser: ValueCandidates) -> Vec<LosingCandidate> {
    let lost_because = match winner.authority.cmp(&loser.authority) {
        Ordering::Less => match winner.authority {
            0 => "what the resource's own tags state comes first".to_owned(),
            _ => "a rule comes before what is inferred".to_owned(),
        },
        _ if winner.confidence > loser.confidence => {
            format!(
                "less certain ({:.2} against {:.2})",
                loser.confidence, winner.confidence
            )
        }
        _ => "equally certain; ties go by the value's name".to_owned(),
    };
    let lost = |c: Candidate| LosingCandidate {
        key: c.key,
        value: c.value,
        source: c.source,
        confidence: c.confidence,
        reason: c.reason,
        lost_because: lost_because.clone(),
    };
    loser.candidates.into_iter().map(lost).collect()
}

/// A total order, so that the order of arrival cannot show.
fn strongest_first(a: &Candidate, b: &Candidate) -> Ordering {
    authority(a.source)
        .cmp(&authority(b.source))
        .then(b.confidence.total_cmp(&a.confidence))
        .then_with(|| (a.source, a.rule_id).cmp(&(b.source, b.rule_id)))
        .then_with(|| (&a.signature, &a.reason, &a.value).cmp(&(&b.signature, &b.reason, &b.value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(source: SourceKind, value: &str, confidence: f64) -> Candidate {
        Candidate {
            key: "environment".into(),
            value: value.into(),
            source,
            confidence,
            rule_id: None,
            reason: format!("{source:?} says {value}"),
            signature: format!("{source:?}:{value}"),
            weighed: None,
        }
    }

    fn one(candidates: Vec<Candidate>) -> Merged {
        let mut merged = merge(candidates);
        assert_eq!(merged.len(), 1);
        merged.remove(0)
    }

    #[test]
    fn agreement_of_sources_strengthens_a_little() {
        let merged = one(vec![
            candidate(SourceKind::Pattern, "a", 0.8),
            candidate(SourceKind::Inherited, "a", 0.9),
        ]);
        assert!(
            merged.confidence > 0.9 && merged.confidence < 0.95,
            "{}",
            merged.confidence
        );
        assert_eq!(merged.evidence.signals.len(), 2);
    }

    #[test]
    fn one_source_repeating_itself_proves_nothing_more() {
        let twice = one(vec![
            candidate(SourceKind::Pattern, "a", 0.8),
            candidate(SourceKind::Pattern, "a", 0.7),
        ]);
        assert!((twice.confidence - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_native_statement_beats_surer_inference() {
        let merged = one(vec![
            candidate(SourceKind::Native, "a", 0.8),
            candidate(SourceKind::Pattern, "b", 0.97),
        ]);
        assert_eq!((merged.value.as_str(), merged.source), ("a", SourceKind::Native));
        assert!(
            (merged.confidence - 0.8).abs() < 1e-12,
            "a rival of less authority takes nothing"
        );
        assert_eq!(merged.evidence.alternatives[0].value, "b");
        assert!(merged.evidence.alternatives[0].lost_because.contains("own tags"));
    }

    #[test]
    fn strong_dissent_of_equals_sends_the_winner_to_review() {
        let merged = one(vec![
            candidate(SourceKind::Pattern, "a", 0.97),
            candidate(SourceKind::Pattern, "b", 0.95),
        ]);
        assert_eq!(merged.value, "a");
        assert!((0.70..0.80).contains(&merged.confidence), "{}", merged.confidence);
    }

    #[test]
    fn nonsense_confidences_are_tamed() {
        assert!(
            one(vec![candidate(SourceKind::Rule, "a", f64::NAN)])
                .confidence
                .abs()
                < f64::EPSILON
        );
        assert!((one(vec![candidate(SourceKind::Rule, "a", 7.0)]).confidence - 1.0).abs() < f64::EPSILON);
    }

    fn any_candidate() -> impl Strategy<Value = Candidate> {
        let source = prop_oneof![
            Just(SourceKind::Native),
            Just(SourceKind::Pattern),
            Just(SourceKind::Type),
            Just(SourceKind::Rule),
            Just(SourceKind::Model),
            Just(SourceKind::Inherited),
        ];
        (
            source,
            "[abc]",
            0.0..=1.0f64,
            "[kl]",
            proptest::option::of(0..3i64),
        )
            .prop_map(|(source, value, confidence, key, rule_id)| {
                let mut made = candidate(source, &value, confidence);
                made.key = key;
                made.rule_id = rule_id;
                made
            })
    }

    proptest! {
        #[test]
        fn order_of_arrival_does_not_matter(
            (given, shuffled) in proptest::collection::vec(any_candidate(), 0..12)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            prop_assert_eq!(merge(given), merge(shuffled));
        }

        #[test]
        fn confidences_stay_probabilities_and_nothing_is_lost(given in proptest::collection::vec(any_candidate(), 0..12)) {
            let merged = merge(given.clone());
            for winner in &merged {
                prop_assert!((0.0..=1.0).contains(&winner.confidence));
                let best = winner.evidence.signals.iter().map(|s| s.confidence).fold(0.0, f64::max);
                prop_assert!(winner.confidence <= best.max(CEILING));
            }
            let kept: usize = merged.iter().map(|m| m.evidence.signals.len() + m.evidence.alternatives.len()).sum();
            prop_assert_eq!(kept, given.len());
        }
    }
}
