//! Canonical keys and values, and the spellings they go by.
//!
//! - `vocabulary.json`   the vocabulary that ships with the product, with its sources
//! - `file.rs`           the form of that file
//! - `change.rs`         what a customer changes over it
//! - `fold.rs`           what counts as the same spelling
//! - `spellings.rs`      spellings of the values of a key
//! - `values.rs`         canonical values
//! - `memo.rs`           what is remembered of earlier look-ups
//! - `taggability.rs`    types of resources for which a key is not asked

mod change;
mod file;
mod fold;
mod memo;
mod spellings;
mod taggability;
mod values;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use sha2::{Digest, Sha256};

pub use change::KeyChange;
pub use file::{ApprovalPolicy, CanonicalKey, KnownValue, VocabularyError, VocabularyFile, VocabularySource};
use fold::{TypoIndex, fold, lower, slug};
use memo::Memo;
use spellings::ValueSpellings;
pub(crate) use spellings::{FILLERS, NEGATIONS};
use taggability::TypePatterns;
pub(crate) use taggability::folded_type;

use crate::tokens::is_letter_or_digit;

/// Bytes that a compiled pattern of values may take.
const MAX_PATTERN: usize = 1 << 20;

/// Match of a raw key with a canonical one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyMatch<'a> {
    /// The canonical key.
    pub key: &'a CanonicalKey,
    /// Rank among the key's spellings; smaller is more telling. 0 is the canonical name itself.
    pub rank: usize,
    /// The spelling only often means this key: it states nothing, and is a reason to suggest.
    pub weak: bool,
}

/// Tag in the terms of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalTag {
    pub key: String,
    pub value: String,
}

/// The canonical keys and values, with look-ups by any spelling.
pub struct Vocabulary {
    file: VocabularyFile,
    /// Folded spelling to index of key and rank.
    spellings: HashMap<String, (usize, usize)>,
    /// Folded spelling that several keys may be suggested for.
    weak: HashMap<String, Vec<(usize, usize)>>,
    /// Spellings of both kinds.
    typos: TypoIndex,
    /// Per key.
    values: Vec<ValueSpellings>,
    /// Per key.
    patterns: Vec<Option<Regex>>,
    /// Per key, and those of all keys at the end.
    not_taggable: Vec<TypePatterns>,
    junk: HashSet<String>,
    /// Short words that are values of the keys that take codes.
    codes: HashSet<String>,
    fingerprint: String,
    /// Raw keys to the index of a key, its rank, and whether it is weak.
    known_keys: Memo<Arc<[(usize, usize, bool)]>>,
    /// Per key, raw values to canonical ones.
    known_values: Vec<Memo<Option<String>>>,
}

impl Default for Vocabulary {
    /// The vocabulary that ships with the product.
    fn default() -> Self {
        // A test parses the shipped file; an empty vocabulary is the one harmless stand-in if it were broken.
        Self::shipped_file()
            .and_then(Self::from_file)
            .unwrap_or_else(|_| Self::empty())
    }
}

impl Vocabulary {
    fn empty() -> Self {
        Self {
            file: VocabularyFile::default(),
            spellings: HashMap::new(),
            weak: HashMap::new(),
            typos: TypoIndex::default(),
            values: Vec::new(),
            patterns: Vec::new(),
            not_taggable: Vec::new(),
            junk: HashSet::new(),
            codes: HashSet::new(),
            fingerprint: String::new(),
            known_keys: Memo::default(),
            known_values: Vec::new(),
        }
    }

    /// The file that ships with the product.
    pub fn shipped_file() -> Result<VocabularyFile, VocabularyError> {
        Ok(serde_json::from_str(include_str!("vocabulary.json"))?)
    }

    /// Reads a vocabulary in the form of the shipped `vocabulary.json`, see [`Self::from_file`].
    pub fn parse(json: &str) -> Result<Self, VocabularyError> {
        Self::from_file(serde_json::from_str(json)?)
    }

    /// Refuses key names that are not lower-case words joined by hyphens, spellings that two keys (or two values of
    /// one key) claim, and patterns and thresholds that are not valid.
    pub fn from_file(file: VocabularyFile) -> Result<Self, VocabularyError> {
        let mut vocabulary = Self::empty();
        vocabulary.fingerprint = fingerprint(&file)?;
        vocabulary.junk = file.junk.iter().map(|value| lower(value)).collect();
        vocabulary.codes = file.codes.iter().map(|value| lower(value)).collect();
        for (index, key) in file.keys.iter().enumerate() {
            key.check()?;
            vocabulary.add_spellings(&file.keys, index, key)?;
            vocabulary.values.push(value_spellings(key)?);
            vocabulary.known_values.push(Memo::default());
            vocabulary.patterns.push(pattern(key)?);
            vocabulary.not_taggable.push(TypePatterns::new(&key.not_taggable));
        }
        vocabulary
            .not_taggable
            .push(TypePatterns::new(&file.not_taggable));
        vocabulary.typos = TypoIndex::new(vocabulary.spellings.keys().chain(vocabulary.weak.keys()));
        vocabulary.file = file;
        Ok(vocabulary)
    }

    fn add_spellings(
        &mut self,
        keys: &[CanonicalKey],
        index: usize,
        key: &CanonicalKey,
    ) -> Result<(), VocabularyError> {
        if keys[..index].iter().any(|other| other.name == key.name) {
            return Err(VocabularyError::TwiceDefined(key.name.clone()));
        }
        let spellings = std::iter::once(&key.name).chain(&key.synonyms);
        for (rank, spelling) in spellings.enumerate() {
            let (holder, _) = *self.spellings.entry(fold(spelling)).or_insert((index, rank));
            if holder != index {
                return Err(VocabularyError::AmbiguousKey {
                    spelling: spelling.clone(),
                    first: keys[holder].name.clone(),
                    second: key.name.clone(),
                });
            }
        }
        for (rank, spelling) in key.weak_synonyms.iter().enumerate() {
            let claims = self.weak.entry(fold(spelling)).or_default();
            claims.push((index, key.synonyms.len() + 1 + rank));
        }
        Ok(())
    }

    /// All keys in the order of the file.
    pub fn keys(&self) -> &[CanonicalKey] {
        &self.file.keys
    }

    /// The file that it was made of.
    pub fn file(&self) -> &VocabularyFile {
        &self.file
    }

    /// The key of that canonical name.
    pub fn key(&self, name: &str) -> Option<&CanonicalKey> {
        self.position(name).map(|index| &self.file.keys[index])
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.file.keys.iter().position(|key| key.name == name)
    }

    /// Stable hash of the content (hexadecimal SHA-256); changes when any key, value, spelling or setting changes.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The canonical key that a raw key means: by its whole spelling, or by what follows its last `/` or `:`
    /// (`example.org/environment-name`), with at most one slip in a long word.
    pub fn canonical_key(&self, raw: &str) -> Option<&str> {
        self.match_key(raw).map(|found| found.key.name.as_str())
    }

    /// As [`Self::canonical_key`], with how well the spelling fits.
    pub fn match_key(&self, raw: &str) -> Option<KeyMatch<'_>> {
        self.key_matches(raw).into_iter().next()
    }

    /// The key that a raw key means, if it means one exactly, then those that it may be suggested for.
    pub fn key_matches(&self, raw: &str) -> Vec<KeyMatch<'_>> {
        let known = self.known_keys.get(raw, || self.find_keys(raw).into());
        let matched = |&(index, rank, weak): &(usize, usize, bool)| KeyMatch {
            key: &self.file.keys[index],
            rank,
            weak,
        };
        known.iter().map(matched).collect()
    }

    fn find_keys(&self, raw: &str) -> Vec<(usize, usize, bool)> {
        let lower = |prefix: &String| {
            let start = raw.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if self.file.provider_prefixes.iter().any(lower) {
            return Vec::new();
        }
        let suffix = raw.rsplit_once(['/', ':']).map(|(_, suffix)| suffix);
        let texts = std::iter::once(raw).chain(suffix);
        let folded: Vec<(&str, String)> = texts.map(|text| (text, fold(text))).collect();
        let exact = folded.iter().map(|(_, folded)| self.matches_of(folded, 0));
        let typos = folded.iter().map(|(text, folded)| {
            let near = self.typos.nearest(text, folded);
            near.map_or_else(Vec::new, |near| self.matches_of(near, usize::from(u16::MAX)))
        });
        exact
            .chain(typos)
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn matches_of(&self, folded: &str, penalty: usize) -> Vec<(usize, usize, bool)> {
        let of = |&(index, rank): &(usize, usize), weak| (index, rank + penalty, weak);
        let exact = self.spellings.get(folded);
        let weak = self.weak.get(folded).into_iter().flatten();
        let weak = weak.filter(|(index, _)| exact.is_none_or(|(holder, _)| holder != index));
        let exact = exact.into_iter().map(|found| of(found, false));
        exact.chain(weak.map(|found| of(found, true))).collect()
    }

    /// Key and value as the vocabulary writes them, of what a person or a rule gives: `Environment=Prod` is
    /// `environment=production`. A key that is not in the vocabulary stays as it is, with its value; a value that states
    /// nothing, or has punctuation that may tell codes apart (`a/b`, `=x`), is kept in lower case, since somebody wants it
    /// so. Giving the result again changes nothing.
    pub fn canonical(&self, key: &str, value: &str) -> CanonicalTag {
        let Some(found) = self.match_key(key).filter(|found| !found.weak) else {
            return CanonicalTag {
                key: key.to_owned(),
                value: value.to_owned(),
            };
        };
        let key = &found.key.name;
        let written = lower(value.trim());
        let is_slug = |canonical: &String| *canonical == slug(&written);
        let is_code = has_punctuation(&written) && self.known_value(key, &written).is_none();
        let value = self.canonical_value(key, value);
        let value = value.filter(|canonical| !(is_code && is_slug(canonical)));
        CanonicalTag {
            value: value.unwrap_or(written),
            key: key.clone(),
        }
    }

    /// Types of resources that are not asked for the key, and beginnings of such types, folded.
    pub fn untaggable_types(&self, key: &str) -> (Vec<&str>, Vec<&str>) {
        let own = self.position(key).and_then(|index| self.not_taggable.get(index));
        let patterns = own.into_iter().chain(self.not_taggable.last());
        let (mut whole, mut beginnings) = (Vec::new(), Vec::new());
        for types in patterns {
            whole.extend(types.whole.iter().map(String::as_str));
            beginnings.extend(types.beginnings.iter().map(String::as_str));
        }
        (whole, beginnings)
    }

    /// True if resources of this type are asked for the key.
    pub fn is_taggable(&self, key: &str, resource_type: &str) -> bool {
        let Some(index) = self.position(key) else {
            return true;
        };
        let patterns = [self.not_taggable.get(index), self.not_taggable.last()];
        !patterns
            .into_iter()
            .flatten()
            .any(|types| types.holds(resource_type))
    }
}

/// True if the text has characters other than letters, digits and those that only separate words.
fn has_punctuation(text: &str) -> bool {
    text.chars()
        .any(|c| !is_letter_or_digit(c) && !c.is_whitespace() && !matches!(c, '_' | '-' | '.'))
}

fn fingerprint(file: &VocabularyFile) -> Result<String, VocabularyError> {
    let digest = Sha256::digest(serde_json::to_vec(file)?);
    Ok(hex::encode(digest))
}

fn value_spellings(key: &CanonicalKey) -> Result<ValueSpellings, VocabularyError> {
    let mut exact: HashMap<String, usize> = HashMap::new();
    for (index, value) in key.values.iter().enumerate() {
        for spelling in std::iter::once(&value.name).chain(&value.synonyms) {
            if *exact.entry(fold(spelling)).or_insert(index) != index {
                return Err(VocabularyError::AmbiguousValue {
                    key: key.name.clone(),
                    spelling: spelling.clone(),
                });
            }
        }
    }
    let typos = TypoIndex::new(exact.keys());
    Ok(ValueSpellings { exact, typos })
}

fn pattern(key: &CanonicalKey) -> Result<Option<Regex>, VocabularyError> {
    let Some(text) = &key.pattern else {
        return Ok(None);
    };
    let whole = RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(MAX_PATTERN)
        .build();
    whole.map(Some).map_err(|error| VocabularyError::Pattern {
        key: key.name.clone(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod value_tests;
