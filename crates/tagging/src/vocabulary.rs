//! Canonical keys and values, and the spellings they go by.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::tokens::tokens;

/// Longer values are notes, not tag values (AWS, Azure and GCP all end at 256 or below).
const MAX_VALUE_CHARS: usize = 256;

/// A canonical key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanonicalKey {
    /// Canonical name in `snake_case`.
    pub name: String,
    /// Meaning of the key, one sentence.
    pub description: String,
    /// Every taggable resource should have it.
    pub governed: bool,
    /// Spellings that mean exactly this key. Case and separators do not matter.
    pub synonyms: Vec<String>,
    /// Spellings that usually mean this key.
    #[serde(default)]
    pub weak_synonyms: Vec<String>,
    /// The values that have a name of their own.
    pub values: Vec<KnownValue>,
    /// Values that are not listed are allowed.
    pub open: bool,
}

/// A canonical value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownValue {
    /// Canonical value, lower-case.
    pub name: String,
    /// Spellings that mean this value. Case and separators do not matter.
    pub synonyms: Vec<String>,
}

/// Why a vocabulary was refused.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    #[error("the vocabulary is not valid: {0}")]
    Json(#[from] serde_json::Error),
    #[error("key name `{0}` is not snake_case")]
    KeyName(String),
    #[error("`{spelling}` is claimed by key `{first}` and by key `{second}`")]
    AmbiguousKey {
        spelling: String,
        first: String,
        second: String,
    },
    #[error("value `{spelling}` of key `{key}` is claimed twice")]
    AmbiguousValue { key: String, spelling: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VocabularyFile {
    keys: Vec<CanonicalKey>,
    junk: Vec<String>,
}

/// Match of a raw key with a canonical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyMatch<'a> {
    /// The canonical key.
    pub key: &'a CanonicalKey,
    /// Rank among the key's spellings; smaller is more telling. 0 is the canonical name itself.
    pub rank: usize,
    /// The spelling only usually means this key.
    pub weak: bool,
}

/// The canonical keys and values, with look-ups by any spelling.
pub struct Vocabulary {
    keys: Vec<CanonicalKey>,
    /// Folded spelling to (index of key, rank).
    spellings: HashMap<String, (usize, usize)>,
    /// Per key: folded spelling to index of value.
    values: Vec<HashMap<String, usize>>,
    junk: HashSet<String>,
    fingerprint: String,
}

impl Default for Vocabulary {
    /// The vocabulary that ships with the product.
    fn default() -> Self {
        // A test parses the shipped file; an empty vocabulary is the one harmless answer if it were broken.
        Self::parse(include_str!("vocabulary.json")).unwrap_or_else(|_| Self::empty())
    }
}

impl Vocabulary {
    fn empty() -> Self {
        Self {
            keys: Vec::new(),
            spellings: HashMap::new(),
            values: Vec::new(),
            junk: HashSet::new(),
            fingerprint: String::new(),
        }
    }

    /// Reads a vocabulary in the form of the shipped `vocabulary.json`.
    /// Refuses malformed JSON, key names that are not `snake_case`, and a spelling that two keys (or two values of
    /// one key) claim.
    pub fn parse(json: &str) -> Result<Self, VocabularyError> {
        let file: VocabularyFile = serde_json::from_str(json)?;
        let mut vocabulary = Self::empty();
        vocabulary.fingerprint = fingerprint(&file)?;
        vocabulary.junk = file.junk.iter().map(|value| value.to_lowercase()).collect();
        for (index, key) in file.keys.iter().enumerate() {
            vocabulary.add_spellings(&file.keys, index, key)?;
            vocabulary.values.push(value_spellings(key)?);
        }
        vocabulary.keys = file.keys;
        Ok(vocabulary)
    }

    fn add_spellings(
        &mut self,
        keys: &[CanonicalKey],
        index: usize,
        key: &CanonicalKey,
    ) -> Result<(), VocabularyError> {
        let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if key.name.is_empty() || !key.name.chars().all(snake) {
            return Err(VocabularyError::KeyName(key.name.clone()));
        }
        let spellings = std::iter::once(&key.name)
            .chain(&key.synonyms)
            .chain(&key.weak_synonyms);
        for (rank, spelling) in spellings.enumerate() {
            match self.spellings.insert(fold(spelling), (index, rank)) {
                Some((other, _)) if other != index => {
                    return Err(VocabularyError::AmbiguousKey {
                        spelling: spelling.clone(),
                        first: keys[other].name.clone(),
                        second: key.name.clone(),
                    });
                }
                Some((_, earlier)) => {
                    self.spellings.insert(fold(spelling), (index, earlier));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// All keys in the order of the file.
    pub fn keys(&self) -> &[CanonicalKey] {
        &self.keys
    }

    /// The key of that canonical name.
    pub fn key(&self, name: &str) -> Option<&CanonicalKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Stable hash of the content (hexadecimal SHA-256); changes when any key, value or spelling changes.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// The canonical key that a raw key means: by its whole spelling, or by what follows its last `/` or `:`
    /// (`example.org/environment-name`).
    pub fn canonical_key(&self, raw: &str) -> Option<&str> {
        self.match_key(raw).map(|found| found.key.name.as_str())
    }

    /// As [`Self::canonical_key`], with how well the spelling fits.
    pub fn match_key(&self, raw: &str) -> Option<KeyMatch<'_>> {
        let whole = self.spellings.get(&fold(raw));
        let found = whole.or_else(|| {
            let (_, suffix) = raw.rsplit_once(['/', ':'])?;
            self.spellings.get(&fold(suffix))
        });
        found.map(|&(index, rank)| {
            let key = &self.keys[index];
            KeyMatch {
                key,
                rank,
                weak: rank > key.synonyms.len(),
            }
        })
    }

    /// The listed value that `raw` is a spelling of.
    pub fn known_value(&self, key: &str, raw: &str) -> Option<&str> {
        let index = self.keys.iter().position(|candidate| candidate.name == key)?;
        let value = self.values[index].get(&fold(raw))?;
        Some(&self.keys[index].values[*value].name)
    }

    /// The canonical form of `raw` under a canonical key: a listed value by its spelling or by the last of its
    /// words that spells one (`payroll-prd` is production); else, for open keys, a mail address (owner) or the
    /// words in lower case joined by `-`. `None` for junk ("tbd", `<product owner>`), for values longer than 256
    /// characters, and for values that a closed key does not list.
    pub fn canonical_value(&self, key: &str, raw: &str) -> Option<String> {
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
        let entry = self.keys.iter().position(|candidate| candidate.name == key);
        if let Some(index) = entry
            && let Some(value) = self.last_known_word(index, raw)
        {
            return Some(value.to_owned());
        }
        if entry.is_some_and(|index| !self.keys[index].open) {
            return None;
        }
        if key == "owner"
            && let Some(mail) = mail_address(raw)
        {
            return Some(mail);
        }
        Some(slug(raw)).filter(|value| !value.is_empty() && !self.is_junk(value))
    }

    /// The listed value that the last word of two or more letters spells, two words together first (`pre-prod`).
    fn last_known_word(&self, key: usize, raw: &str) -> Option<&str> {
        let values = &self.values[key];
        if values.is_empty() {
            return None;
        }
        let words: Vec<&str> = tokens(raw).map(|token| token.text).collect();
        let name = |index: &usize| self.keys[key].values[*index].name.as_str();
        (0..words.len()).rev().find_map(|at| {
            let pair = at
                .checked_sub(1)
                .and_then(|before| values.get(&fold(&(words[before].to_owned() + words[at]))));
            let single = || values.get(&fold(words[at])).filter(|_| words[at].len() > 1);
            pair.or_else(single).map(name)
        })
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

fn fingerprint(file: &VocabularyFile) -> Result<String, VocabularyError> {
    let digest = Sha256::digest(serde_json::to_vec(file)?);
    Ok(hex::encode(digest))
}

fn value_spellings(key: &CanonicalKey) -> Result<HashMap<String, usize>, VocabularyError> {
    let mut spellings: HashMap<String, usize> = HashMap::new();
    for (index, value) in key.values.iter().enumerate() {
        for spelling in std::iter::once(&value.name).chain(&value.synonyms) {
            if spellings
                .insert(fold(spelling), index)
                .is_some_and(|other| other != index)
            {
                return Err(VocabularyError::AmbiguousValue {
                    key: key.name.clone(),
                    spelling: spelling.clone(),
                });
            }
        }
    }
    Ok(spellings)
}

/// Lower case, letters and digits only: `Cost Center`, `cost_center` and `CostCenter` are one spelling.
fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Lower case, every run of other characters becomes one `-`.
fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The first mail address in `text`, lower-case.
fn mail_address(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "@._+-'".contains(c);
    text.split(|c: char| !allowed(c))
        .map(|word| word.trim_matches(['.', '-', '\'']))
        .find(|word| {
            word.split_once('@').is_some_and(|(user, domain)| {
                !user.is_empty() && domain.contains('.') && !domain.contains('@')
            })
        })
        .map(str::to_ascii_lowercase)
}

#[cfg(test)]
#[path = "vocabulary_tests.rs"]
mod tests;
