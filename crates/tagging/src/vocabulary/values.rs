//! Canonical values of raw ones.

use super::Vocabulary;
use super::fold::{TypoIndex, fold, mail_address, slug};
use crate::tokens::tokens;
use std::collections::{BTreeSet, HashMap};

/// Longer values are notes, not tag values (AWS, Azure and GCP all end at 256 or below).
pub(super) const MAX_VALUE_CHARS: usize = 256;

/// Words that a phrase of the vocabulary may have.
const MAX_PHRASE: usize = 4;

/// Words that turn the next one into its opposite, unless both are a phrase of the vocabulary (`non-prod`).
const NEGATIONS: [&str; 6] = ["not", "no", "non", "except", "excluding", "without"];

/// Spellings of the values of one key.
#[derive(Default)]
pub(super) struct ValueSpellings {
    /// Folded spelling to index of value.
    pub exact: HashMap<String, usize>,
    pub typos: TypoIndex,
}

impl ValueSpellings {
    fn find(&self, raw: &str) -> Option<usize> {
        let folded = fold(raw);
        if let Some(found) = self.exact.get(&folded) {
            return Some(*found);
        }
        self.exact.get(self.typos.nearest(raw, &folded)?).copied()
    }

    /// The value that the last phrase or word of two or more letters spells; a phrase before its words. `Err` if it
    /// is negated.
    fn last_word(&self, raw: &str) -> Result<Option<usize>, ()> {
        let words: Vec<&str> = tokens(raw).map(|token| token.text).collect();
        for end in (1..=words.len()).rev() {
            for start in end.saturating_sub(MAX_PHRASE)..end {
                let phrase = words[start..end].concat();
                if phrase.chars().nth(1).is_none() {
                    continue;
                }
                if let Some(found) = self.find(&phrase) {
                    let before = start.checked_sub(1).map(|at| words[at].to_lowercase());
                    let negated = before.is_some_and(|word| NEGATIONS.contains(&word.as_str()));
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
    fn is_list(&self, raw: &str) -> bool {
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

impl Vocabulary {
    /// The listed value that `raw` is a spelling of, with at most one slip in a long word.
    pub fn known_value(&self, key: &str, raw: &str) -> Option<&str> {
        let index = self.position(key)?;
        let value = self.values[index].find(raw)?;
        Some(&self.file.keys[index].values[value].name)
    }

    /// The canonical form of `raw` under a canonical key: a listed value by its spelling or, where only listed values
    /// are valid, by the last of its phrases or words that spells one (`payroll-prd` is production); else a mail
    /// address (owner), or the words in lower case joined by `-`.
    ///
    /// `None` for what states nothing: junk ("tbd"), placeholders (`<product owner>`), negations (`NotProd`) and lists
    /// (`Prod,Dev`) of listed values, and values longer than 256 characters.
    pub fn canonical_value(&self, key: &str, raw: &str) -> Option<String> {
        match self.position(key).and_then(|index| self.known_values.get(index)) {
            Some(known) => known.get(raw, || self.find_value(key, raw)),
            None => self.find_value(key, raw),
        }
    }

    fn find_value(&self, key: &str, raw: &str) -> Option<String> {
        if raw.chars().nth(MAX_VALUE_CHARS).is_some() {
            return None;
        }
        let raw = raw.trim();
        if let Some(known) = self.known_value(key, raw) {
            return Some(known.to_owned());
        }
        if self.is_junk(raw) {
            return None;
        }
        let slug = slug(raw);
        if let Some(index) = self.position(key)
            && !self.file.keys[index].open
        {
            let spellings = &self.values[index];
            if spellings.is_list(raw) {
                return None;
            }
            for text in [raw, slug.as_str()] {
                if let Some(value) = spellings.last_word(text).ok()? {
                    return Some(self.file.keys[index].values[value].name.clone());
                }
            }
        }
        if key == "owner"
            && let Some(mail) = mail_address(raw)
        {
            return Some(mail);
        }
        Some(slug).filter(|value| !value.is_empty() && !self.is_junk(value))
    }

    /// True if the key may have this canonical value: a listed one, or any other where the key is open and the value
    /// matches its pattern. Keys that are not in the vocabulary may have any.
    pub fn is_valid(&self, key: &str, value: &str) -> bool {
        let Some(index) = self.position(key) else {
            return true;
        };
        let listed = self.file.keys[index]
            .values
            .iter()
            .any(|known| known.name == value);
        let matches = || {
            self.patterns[index]
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(value))
        };
        listed || self.file.keys[index].open && matches()
    }

    fn is_junk(&self, value: &str) -> bool {
        let placeholder =
            value.starts_with(['<', '{', '$', '[', '%']) || value.contains("${") || value.contains("{{");
        placeholder
            || !value.chars().any(char::is_alphanumeric)
            || self.junk.contains(
                value
                    .to_lowercase()
                    .trim_matches(|c: char| c == '"' || c == '\'' || c == '.'),
            )
    }
}
