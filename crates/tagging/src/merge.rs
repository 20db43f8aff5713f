//! One winner per key, and why the others lost.
//!
//! Authority comes before confidence: what the resource's own tags state, then what a user's rule says, then what is
//! inferred, and what tags only imply. What is inferred was weighed and calibrated by the estate model before; here it agrees or loses. Confidences
//! are probabilities, and what sources say about one resource is correlated, so that agreement is not multiplied as if
//! independent: the surest other source that agrees adds a part of its log-odds. A rival of equal authority takes a part
//! of its own log-odds away, if it is more likely right than wrong; one of less authority takes nothing.

use std::cmp::Ordering;

use crate::evidence_pieces::{EvidencePiece, EvidencePieces};
use crate::inference::{logit, sigmoid};
use crate::native_statements::STATED;
use crate::{Candidate, Evidence, LosingCandidate, Signal, SourceKind};

/// Agreement never lifts a confidence above this.
const CEILING: f64 = 0.99;
/// Part of its log-odds that a source adds to another one that agrees.
const AGREEMENT: f64 = 0.25;
/// Part of its log-odds that a rival takes.
const DISSENT: f64 = 0.75;

/// The winner of one key, and those that lost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Merged<'a> {
    /// The strongest candidate.
    pub best: &'a Candidate,
    /// After agreement and dissent, 0 to 1.
    pub confidence: f64,
    winner: ValueCandidates<'a>,
    losers: Vec<ValueCandidates<'a>>,
}

/// Smaller speaks first.
fn authority(candidate: &Candidate) -> u8 {
    match candidate.source {
        SourceKind::Native if certainty(candidate) >= STATED => 0,
        SourceKind::Rule => 1,
        SourceKind::Native
        | SourceKind::Pattern
        | SourceKind::Type
        | SourceKind::Model
        | SourceKind::Inherited
        | SourceKind::Neighbour => 2,
    }
}

/// Confidence of a candidate, brought into 0 to 1; not-a-number counts as 0.
fn certainty(candidate: &Candidate) -> f64 {
    let confidence = candidate.confidence;
    if confidence.is_finite() {
        confidence.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Merges candidates of one resource: one winner per key, in order of keys. The order of `candidates` does not matter.
pub(crate) fn merge<'a>(candidates: impl IntoIterator<Item = &'a Candidate>) -> Vec<Merged<'a>> {
    let mut sorted: Vec<&Candidate> = candidates.into_iter().collect();
    sorted.sort_by(|a, b| {
        (&a.key, &a.value)
            .cmp(&(&b.key, &b.value))
            .then_with(|| strongest_first(a, b))
    });
    let keys = sorted.chunk_by(|a, b| a.key == b.key);
    keys.filter_map(merge_key).collect()
}

/// All candidates for one value, strongest first.
#[derive(Clone, Debug, PartialEq)]
struct ValueCandidates<'a> {
    candidates: Vec<&'a Candidate>,
    authority: u8,
    confidence: f64,
}

impl<'a> ValueCandidates<'a> {
    fn new(candidates: &[&'a Candidate]) -> Option<Self> {
        let authority = authority(candidates.first()?);
        let best = candidates
            .iter()
            .max_by(|a, b| certainty(a).total_cmp(&certainty(b)))?;
        let others = candidates.iter().filter(|other| other.source != best.source);
        let second = others.map(|other| certainty(other)).fold(0.0, f64::max);
        let best = certainty(best);
        let lifted = if second > 0.5 {
            sigmoid(logit(best) + AGREEMENT * logit(second)).min(CEILING)
        } else {
            0.0
        };
        Some(Self {
            authority,
            confidence: best.max(lifted),
            candidates: candidates.to_vec(),
        })
    }
}

/// Merges the candidates of one key, which are in order of values, and of each value strongest first.
fn merge_key<'a>(candidates: &[&'a Candidate]) -> Option<Merged<'a>> {
    let values = candidates.chunk_by(|a, b| a.value == b.value);
    let mut sides: Vec<ValueCandidates<'a>> = values.filter_map(ValueCandidates::new).collect();
    // Stable: equal sides stay in order of their values.
    sides.sort_by(|a, b| {
        a.authority
            .cmp(&b.authority)
            .then(b.confidence.total_cmp(&a.confidence))
    });
    let mut sides = sides.into_iter();
    let winner = sides.next()?;
    let losers: Vec<ValueCandidates<'a>> = sides.collect();
    let equals = losers.iter().filter(|loser| loser.authority == winner.authority);
    let rival = equals.map(|loser| loser.confidence).fold(0.0, f64::max);
    let confidence = if rival > 0.5 {
        sigmoid(logit(winner.confidence) - DISSENT * logit(rival))
    } else {
        winner.confidence
    };
    Some(Merged {
        best: *winner.candidates.first()?,
        confidence,
        winner,
        losers,
    })
}

impl Merged<'_> {
    /// Confidence of the strongest evidence by itself.
    pub(crate) fn strongest(&self) -> f64 {
        let weighed = self.best.weighed.as_ref();
        let strongest = weighed.and_then(|weighed| weighed.signals.first());
        strongest.map_or_else(|| certainty(self.best), |signal| signal.confidence)
    }

    /// All that speaks for the value, and all that lost.
    pub(crate) fn evidence(&self) -> Evidence {
        let mut shown = Vec::new();
        let (mut pieces, mut further) = (Vec::new(), Vec::new());
        for candidate in &self.winner.candidates {
            let signals = signals(candidate);
            let mut of_candidate = pieces_of(candidate).into_iter();
            pieces.extend(of_candidate.by_ref().take(signals.len()));
            further.extend(of_candidate);
            shown.extend(signals);
        }
        pieces.extend(further);
        Evidence {
            reason: self.best.reason.clone(),
            signals: shown,
            alternatives: self.alternatives(),
            contradicts: None,
            pieces: EvidencePieces::new(pieces),
        }
    }

    /// All candidates that lost, strongest first, and then values that lost when evidence was weighed.
    pub(crate) fn alternatives(&self) -> Vec<LosingCandidate> {
        let losers = self.losers.iter();
        let mut alternatives: Vec<LosingCandidate> = losers
            .flat_map(|loser| alternatives(&self.winner, loser))
            .collect();
        let weighed = self.winner.candidates.iter();
        for weighed in weighed.filter_map(|candidate| candidate.weighed.as_ref()) {
            alternatives.extend(weighed.alternatives.iter().cloned());
        }
        alternatives
    }
}

fn signals(candidate: &Candidate) -> Vec<Signal> {
    match &candidate.weighed {
        Some(weighed) if !weighed.signals.is_empty() => weighed.signals.clone(),
        _ => vec![Signal {
            source: candidate.source,
            confidence: certainty(candidate),
            reason: candidate.reason.clone(),
            basis: None,
            voters: 0,
            agreeing: 0,
        }],
    }
}

/// Pieces of a candidate's evidence, in the order of its signals, and those that are not shown.
fn pieces_of(candidate: &Candidate) -> Vec<EvidencePiece> {
    match &candidate.weighed {
        Some(weighed) if !weighed.pieces.is_empty() => weighed.pieces.clone(),
        _ => vec![EvidencePiece::of_signature(&candidate.signature)],
    }
}

fn alternatives(winner: &ValueCandidates<'_>, loser: &ValueCandidates<'_>) -> Vec<LosingCandidate> {
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
    let lost = |c: &&Candidate| LosingCandidate {
        key: c.key.clone(),
        value: c.value.clone(),
        source: c.source,
        confidence: certainty(c),
        reason: c.reason.clone(),
        lost_because: lost_because.clone(),
    };
    loser.candidates.iter().map(lost).collect()
}

/// A total order, so that the order of arrival cannot show.
fn strongest_first(a: &Candidate, b: &Candidate) -> Ordering {
    authority(a)
        .cmp(&authority(b))
        .then(certainty(b).total_cmp(&certainty(a)))
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

    struct OneWinner {
        value: String,
        source: SourceKind,
        confidence: f64,
        evidence: Evidence,
    }

    fn one(candidates: Vec<Candidate>) -> OneWinner {
        let merged = merge(&candidates);
        assert_eq!(merged.len(), 1);
        OneWinner {
            value: merged[0].best.value.clone(),
            source: merged[0].best.source,
            confidence: merged[0].confidence,
            evidence: merged[0].evidence(),
        }
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
            candidate(SourceKind::Native, "a", STATED),
            candidate(SourceKind::Pattern, "b", 0.99),
        ]);
        assert_eq!((merged.value.as_str(), merged.source), ("a", SourceKind::Native));
        assert!(
            (merged.confidence - STATED).abs() < 1e-12,
            "a rival of less authority takes nothing"
        );
        assert_eq!(merged.evidence.alternatives[0].value, "b");
        assert!(merged.evidence.alternatives[0].lost_because.contains("own tags"));
    }

    #[test]
    fn a_tag_that_only_implies_a_value_gives_way_to_a_rule_and_to_surer_inference() {
        for (source, confidence) in [(SourceKind::Rule, 0.75), (SourceKind::Neighbour, 0.97)] {
            let merged = one(vec![
                candidate(SourceKind::Native, "a", 0.8),
                candidate(source, "b", confidence),
            ]);
            assert_eq!((merged.value.as_str(), merged.source), ("b", source));
        }
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
            prop_assert_eq!(merge(&given), merge(&shuffled));
        }

        #[test]
        fn confidences_stay_probabilities_and_nothing_is_lost(given in proptest::collection::vec(any_candidate(), 0..12)) {
            let merged = merge(&given);
            for winner in &merged {
                prop_assert!((0.0..=1.0).contains(&winner.confidence));
                let best = winner.evidence().signals.iter().map(|s| s.confidence).fold(0.0, f64::max);
                prop_assert!(winner.confidence <= best.max(CEILING));
            }
            let kept: usize = merged.iter().map(|m| m.evidence().signals.len() + m.alternatives().len()).sum();
            prop_assert_eq!(kept, given.len());
        }
    }
}
