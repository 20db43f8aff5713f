//! Pieces of evidence, as they are stored to compare later evidence by; see `evidence_changes.rs`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::inference::StableHash;

/// Resources that must agree more than before.
const ENOUGH_MORE: u32 = 3;
/// Pieces that are kept; further ones are the weakest.
const MAX_PIECES: usize = 64;

/// Piece of evidence for a value: what it rests on, as a hash, and the resources that were asked and agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvidencePiece {
    pub(crate) id: u32,
    pub(crate) voters: u32,
    pub(crate) agreeing: u32,
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

    /// All pieces, in their order.
    pub(crate) fn all(&self) -> &[EvidencePiece] {
        &self.0
    }

    /// Pieces that rest on the same.
    pub(crate) fn of(&self, id: u32) -> impl Iterator<Item = EvidencePiece> {
        self.0.iter().copied().filter(move |known| known.id == id)
    }

    /// True if the piece says materially more than at any time that is known.
    pub(crate) fn are_outdone_by(&self, piece: EvidencePiece) -> bool {
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
