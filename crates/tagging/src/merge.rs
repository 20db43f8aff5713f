//! One winner per key, and why the others lost.
//!
//! Authority comes before confidence: what the resource's own tags state, then what a user's rule says, then what is
//! inferred. What is inferred was weighed and calibrated by the estate model before; here it agrees or loses. Confidences
//! are probabilities, and what sources say about one resource is correlated, so that agreement is not multiplied as if
//! independent: the surest other source that agrees adds a part of its log-odds. A rival of equal authority takes a part
//! of its own log-odds away, if it is more likely right than wrong; one of less authority takes nothing.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::inference::{logit, sigmoid};
use crate::{Candidate, Evidence, LosingCandidate, Signal, SourceKind};

/// Agreement never lifts a confidence above this.
const CEILING: f64 = 0.99;
/// Part of its log-odds that a source adds to another one that agrees.
const AGREEMENT: f64 = 0.25;
/// Part of its log-odds that a rival takes.
const DISSENT: f64 = 0.75;

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
