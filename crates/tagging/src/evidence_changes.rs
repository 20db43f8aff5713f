//! Changes of evidence: pieces that speak for a value now and did not before.
//!
//! A value that a person denied returns only when its evidence changed. Confidences are no evidence: a model that is trained
//! anew weighs the same labels otherwise, and names another piece first. So evidence is compared piece by piece, with all
//! pieces that spoke for the value before, shown or not:
//!
//! - a rule, a word, or a tag of the resource itself is new if it did not speak before (a rule by what it says, whatever
//!   its number and name);
//! - tagged resources that are counted (neighbours, an account, a parent) are new or stronger if at least
//!   [`ENOUGH_MORE`] more of them agree, and the share of those that disagree, drawn to one half by two votes, is at most half
//!   of what it was.
//!
//! Only pieces that carry the value count: the first one, and those that are shown and more likely right than wrong. Evidence
//! that is weaker than before, or is gone, is no reason for a value to return.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::inference::StableHash;
use crate::{Evidence, Signal};

/// Resources that must agree more than before.
const ENOUGH_MORE: u32 = 3;
/// Pieces that are kept; further ones are the weakest.
const MAX_PIECES: usize = 64;

/// Piece of evidence for a value: what it rests on, as a hash, and the resources that were asked and agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvidencePiece {
    id: u32,
    voters: u32,
    agreeing: u32,
}

impl EvidencePiece {
    /// Piece of tagged resources that were asked; a word if none were.
    pub(crate) fn new(hash: u64, voters: u32, agreeing: u32) -> Self {
        Self {
            id: (hash ^ hash >> 32) as u32,
            voters,
            agreeing,
        }
    }

    /// Piece with that signature. A rule is known by its digest, whatever its number.
    pub(crate) fn of_signature(signature: &str) -> Self {
        let digest = signature
            .strip_prefix("RULE:")
            .and_then(|rule| rule.split_once(':'));
        let text = digest.map_or(signature, |(_, digest)| digest);
        Self::new(StableHash::new(0).text(text).finish(), 0, 0)
    }

    /// True if it says materially more than before; `None` if it did not speak.
    fn is_stronger(self, before: Option<Self>) -> bool {
        if self.voters == 0 {
            return before.is_none();
        }
        let (voters, agreeing) = before.map_or((0, 0), |before| (before.voters, before.agreeing));
        let against = |agreeing: u32, voters: u32| u64::from(voters.saturating_sub(agreeing)) + 1;
        let asked = |voters: u32| u64::from(voters) + 2;
        let (now, then) = (against(self.agreeing, self.voters), against(agreeing, voters));
        self.agreeing >= agreeing.saturating_add(ENOUGH_MORE)
            && 2 * now * asked(voters) <= then * asked(self.voters)
    }
}

/// Pieces of evidence for a value, in the order of its signals; then those that are not shown. Stored as a text: `id`,
/// `id:voters` of those that all agree, or `id:voters:agreeing`, in hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidencePieces(Vec<EvidencePiece>);

impl EvidencePieces {
    pub(crate) fn new(mut pieces: Vec<EvidencePiece>) -> Self {
        pieces.truncate(MAX_PIECES);
        Self(pieces)
    }

    /// Pieces as they are stored; what cannot be read is left out.
    pub fn parse(text: &str) -> Self {
        let piece = |text: &str| {
            let mut numbers = text.split(':').map(|number| u32::from_str_radix(number, 16));
            let id = numbers.next()?.ok()?;
            let voters = numbers.next().map_or(Some(0), Result::ok)?;
            let agreeing = numbers.next().map_or(Some(voters), Result::ok)?;
            Some(EvidencePiece { id, voters, agreeing })
        };
        Self(text.split(' ').filter_map(piece).collect())
    }

    /// True without a piece: the evidence is of a version that kept none, or of a person.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the pieces that spoke at another time.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    fn of(&self, id: u32) -> impl Iterator<Item = EvidencePiece> {
        self.0.iter().copied().filter(move |known| known.id == id)
    }

    /// True if the piece says materially more than at any time that is known.
    fn are_outdone_by(&self, piece: EvidencePiece) -> bool {
        let mut known = self.of(piece.id).peekable();
        if self.is_empty() {
            return true;
        }
        match known.peek() {
            None => piece.is_stronger(None),
            Some(_) => known.all(|known| piece.is_stronger(Some(known))),
        }
    }
}

impl Serialize for EvidencePieces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let piece = |piece: &EvidencePiece| match (piece.voters, piece.agreeing) {
            (0, _) => format!("{:x}", piece.id),
            (voters, agreeing) if voters == agreeing => format!("{:x}:{voters:x}", piece.id),
            (voters, agreeing) => format!("{:x}:{voters:x}:{agreeing:x}", piece.id),
        };
        serializer.serialize_str(&self.0.iter().map(piece).collect::<Vec<_>>().join(" "))
    }
}

impl<'de> Deserialize<'de> for EvidencePieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

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
        let carrying = self.signals.iter().zip(&self.pieces.0).enumerate();
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
