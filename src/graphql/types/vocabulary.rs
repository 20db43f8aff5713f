//! The vocabulary: canonical keys and values, and the spellings they go by.

use crate::graphql::scalars::id::{Id, VocabularyKeyKind};
use async_graphql::SimpleObject;
use tagging::{CanonicalKey, KnownValue};

/// A key of the vocabulary.
#[derive(Clone, Debug, SimpleObject)]
pub struct VocabularyKey {
    /// An id to tell it by; `node` does not find it.
    pub id: Id<VocabularyKeyKind>,
    /// The canonical name.
    pub name: String,
    /// What the key tells.
    pub description: String,
    /// Whether every taggable resource should have it.
    pub governed: bool,
    /// Spellings that mean this key. Case and separators do not matter.
    pub synonyms: Vec<String>,
    /// Spellings that usually mean this key.
    pub weak_synonyms: Vec<String>,
    /// The values that have a name of their own.
    pub values: Vec<VocabularyValue>,
    /// Whether it may hold values that are not listed.
    pub open: bool,
}

/// A value of a key of the vocabulary.
#[derive(Clone, Debug, SimpleObject)]
pub struct VocabularyValue {
    /// The canonical name.
    pub name: String,
    /// Spellings that mean this value. Case and separators do not matter.
    pub synonyms: Vec<String>,
}

impl From<&KnownValue> for VocabularyValue {
    fn from(value: &KnownValue) -> Self {
        Self {
            name: value.name.clone(),
            synonyms: value.synonyms.clone(),
        }
    }
}

impl From<&CanonicalKey> for VocabularyKey {
    fn from(key: &CanonicalKey) -> Self {
        Self {
            id: Id(key.name.clone()),
            name: key.name.clone(),
            description: key.description.clone(),
            governed: key.governed,
            synonyms: key.synonyms.clone(),
            weak_synonyms: key.weak_synonyms.clone(),
            values: key.values.iter().map(Into::into).collect(),
            open: key.open,
        }
    }
}
