//! Changes of evidence: pieces that speak for a value now and did not before.
//!
//! A value that a person denied returns only when its evidence changed. Confidences are no evidence: a model that is trained
//! anew weighs the same labels otherwise, and names another piece first. So evidence is compared piece by piece, with all
//! pieces that spoke for the value before, shown or not:
//!
//! - a rule, a word, or a tag of the resource itself is new if it did not speak before (a rule by what it says, whatever
//!   its number and name);
//! - tagged resources that are counted (neighbours, an account, a parent) are new or stronger if at least
//!   three more of them agree, and the share of those that disagree, drawn to one half by two votes, is at most half
//!   of what it was.
//!
//! Only pieces that carry the value count: the first one, and those that are shown and more likely right than wrong. Evidence
//! that is weaker than before, or is gone, is no reason for a value to return.

use serde::{Deserialize, Serialize};

use crate::{Evidence, EvidencePieces, Signal};

/// Piece of evidence that is new, or says materially more than it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceChange {
    /// The piece as it is now.
    pub signal: Signal,
    /// Resources that were asked before; `None` if the piece did not speak.
    pub voters_before: Option<u32>,
    /// Resources that agreed before.
    pub agreeing_before: Option<u32>,
}

impl Evidence {
    /// Pieces that carry the value and that `known` evidence does not account for; none if the evidence is the same. All are
    /// new where none is known.
    pub fn changes_since(&self, known: &EvidencePieces) -> Vec<EvidenceChange> {
        let carrying = self.signals.iter().zip(self.pieces.all()).enumerate();
        let carrying = carrying.filter(|(at, (signal, _))| *at == 0 || signal.confidence > 0.5);
        let new = carrying.filter(|(_, (_, piece))| known.are_outdone_by(**piece));
        let changes = new.map(|(_, (signal, piece))| {
            let before = known.of(piece.id).max_by_key(|known| known.agreeing);
            EvidenceChange {
                signal: signal.clone(),
                voters_before: before.map(|piece| piece.voters),
                agreeing_before: before.map(|piece| piece.agreeing),
            }
        });
        changes.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceKind;
    use crate::evidence_pieces::EvidencePiece;

    fn piece(id: u32, voters: u32, agreeing: u32) -> EvidencePiece {
        EvidencePiece { id, voters, agreeing }
    }

    fn evidence(pieces: &[EvidencePiece], confidences: &[f64]) -> Evidence {
        let signal = |(piece, confidence): (&EvidencePiece, &f64)| Signal {
            source: SourceKind::Neighbour,
            confidence: *confidence,
            reason: String::new(),
            basis: None,
            voters: piece.voters,
            agreeing: piece.agreeing,
        };
        Evidence {
            reason: String::new(),
            signals: pieces.iter().zip(confidences).map(signal).collect(),
            alternatives: Vec::new(),
            contradicts: None,
            pieces: EvidencePieces::new(pieces.to_vec()),
        }
    }

    fn is_changed(now: &[EvidencePiece], before: &[EvidencePiece]) -> bool {
        let known = EvidencePieces::new(before.to_vec());
        !evidence(now, &[0.9; 5]).changes_since(&known).is_empty()
    }

    #[test]
    fn the_order_of_pieces_and_their_weights_are_no_evidence() {
        let (a, b, c) = (piece(1, 40, 40), piece(2, 9, 8), piece(3, 0, 0));
        assert!(!is_changed(&[a, b, c], &[c, b, a]));
        assert!(!is_changed(&[b], &[a, b, c]), "less than before");
        let hidden = evidence(&[a, b], &[0.9]);
        assert!(hidden.changes_since(&EvidencePieces::new(vec![b, a])).is_empty());
    }

    #[test]
    fn a_word_or_a_rule_that_did_not_speak_is_new() {
        let (prod, rule) = (piece(1, 0, 0), EvidencePiece::of_signature("RULE:7:3fa9c1"));
        assert!(is_changed(&[prod, rule], &[prod]));
        assert!(!is_changed(&[rule], &[prod, rule]));
        assert_eq!(rule, EvidencePiece::of_signature("RULE:8:3fa9c1"));
        assert_ne!(rule, EvidencePiece::of_signature("RULE:7:3fa9c2"));
    }

    #[test]
    fn neighbours_are_news_when_they_are_materially_more_or_purer() {
        for (before, now, changed) in [
            ((10, 10), (11, 11), false),
            ((10, 10), (20, 20), false),
            ((10, 10), (22, 22), true),
            ((1, 1), (3, 3), false),
            ((1, 1), (4, 4), true),
            ((10, 9), (10, 10), false),
            ((10, 7), (20, 19), true),
            ((10, 7), (12, 9), false),
            ((100, 100), (60, 60), false),
            ((0, 0), (2, 2), false),
            ((0, 0), (3, 3), true),
            ((0, 0), (6, 3), false),
        ] {
            let known = [piece(1, before.0, before.1), piece(9, 0, 0)];
            let known = if before == (0, 0) { &known[1..] } else { &known };
            assert_eq!(
                is_changed(&[piece(1, now.0, now.1)], known),
                changed,
                "{before:?} {now:?}"
            );
        }
    }

    #[test]
    fn one_more_label_never_changes_evidence() {
        for voters in 0..60 {
            for agreeing in 0..=voters {
                let before = [piece(1, voters, agreeing), piece(9, 0, 0)];
                let before = if voters == 0 { &before[1..] } else { &before };
                assert!(!is_changed(&[piece(1, voters + 1, agreeing + 1)], before));
                assert!(!is_changed(&[piece(1, voters + 1, agreeing)], before));
            }
        }
    }

    #[test]
    fn only_pieces_that_carry_the_value_count() {
        let known = EvidencePieces::new(vec![piece(1, 0, 0)]);
        let weak = evidence(&[piece(1, 0, 0), piece(2, 0, 0)], &[0.9, 0.4]);
        assert!(weak.changes_since(&known).is_empty());
        let strong = evidence(&[piece(1, 0, 0), piece(2, 9, 9)], &[0.9, 0.6]);
        let changes = strong.changes_since(&known);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].signal.agreeing, changes[0].voters_before), (9, None));
    }

    #[test]
    fn what_was_known_at_any_time_stays_known() {
        let mut known = EvidencePieces::new(vec![piece(1, 40, 40), piece(2, 0, 0)]);
        known.extend(EvidencePieces::new(vec![piece(1, 3, 3)]));
        let now = |pieces: &[EvidencePiece]| evidence(pieces, &[0.9; 2]).changes_since(&known);
        assert!(now(&[piece(1, 41, 41), piece(2, 0, 0)]).is_empty());
        assert_eq!(now(&[piece(1, 90, 90)])[0].agreeing_before, Some(40));
    }

    #[test]
    fn pieces_are_stored_as_a_short_text() {
        let pieces = EvidencePieces::new(vec![piece(0xab, 0, 0), piece(1, 12, 12), piece(2, 12, 9)]);
        let text = serde_json::to_value(&pieces).unwrap();
        assert_eq!(text, "ab 1:c 2:c:9");
        assert_eq!(serde_json::from_value::<EvidencePieces>(text).unwrap(), pieces);
        assert!(EvidencePieces::parse("").is_empty());
        assert_eq!(
            EvidencePieces::parse("ab zz 1:zz 2:1:x"),
            EvidencePieces::parse("ab")
        );
    }
}
