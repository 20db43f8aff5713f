//! Spellings of the values of a key.

use std::collections::{BTreeSet, HashMap};

use super::fold::{TypoIndex, fold, lower};
use crate::tokens::tokens;

/// Words that a phrase of the vocabulary may have.
const MAX_PHRASE: usize = 4;

/// Words that turn the next one into its opposite, unless both are a phrase of the vocabulary (`non-prod`).
pub(crate) const NEGATIONS: [&str; 16] = [
    "not",
    "no",
    "non",
    "except",
    "excluding",
    "without",
    "never",
    "isn",
    "isnt",
    "ex",
    "former",
    "formerly",
    "kein",
    "keine",
    "nicht",
    "pas",
];

/// Words between a negation and the word that it denies: `not a prod`, `isn't in production`.
pub(crate) const FILLERS: [&str; 8] = ["a", "an", "the", "for", "in", "yet", "t", "is"];

/// Spellings of the values of one key.
#[derive(Default)]
pub(super) struct ValueSpellings {
    /// Folded spelling to index of value.
    pub exact: HashMap<String, usize>,
    pub typos: TypoIndex,
}

impl ValueSpellings {
    pub(super) fn find(&self, raw: &str) -> Option<usize> {
        let folded = fold(raw);
        if let Some(found) = self.exact.get(&folded) {
            return Some(*found);
        }
        self.exact.get(self.typos.nearest(raw, &folded)?).copied()
    }

    /// The value that the last phrase or word of two or more letters spells; a phrase before its words. `Err` if it
    /// is negated.
    pub(super) fn last_word(&self, raw: &str) -> Result<Option<usize>, ()> {
        let words: Vec<&str> = tokens(raw).map(|token| token.text).collect();
        for end in (1..=words.len()).rev() {
            for start in end.saturating_sub(MAX_PHRASE)..end {
                let phrase = words[start..end].concat();
                if phrase.chars().nth(1).is_none() {
                    continue;
                }
                if let Some(found) = self.find(&phrase) {
                    let before = words[..start].iter().rev().map(|word| lower(word));
                    let mut before = before.skip_while(|word| FILLERS.contains(&word.as_str()));
                    let negated = before
                        .next()
                        .is_some_and(|word| NEGATIONS.contains(&word.as_str()));
                    return if negated { Err(()) } else { Ok(Some(found)) };
                }
                let rest = phrase.to_lowercase();
                if rest
                    .strip_prefix("not")
                    .is_some_and(|rest| self.exact.contains_key(rest))
                {
                    return Err(());
                }
            }
        }
        Ok(None)
    }

    /// True if `raw` lists several values.
    pub(super) fn is_list(&self, raw: &str) -> bool {
        let pieces = raw.split([',', ';', '|', '&', '+', '/']);
        let pieces = pieces
            .flat_map(|piece| piece.split(" and "))
            .flat_map(|piece| piece.split(" or "));
        let values: BTreeSet<usize> = pieces
            .filter_map(|piece| self.last_word(piece).ok().flatten())
            .collect();
        values.len() > 1
    }
}
