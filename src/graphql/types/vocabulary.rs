//! The types of the vocabulary.

use crate::graphql::scalars::id::{Id, VocabularyKeyKind};
use async_graphql::SimpleObject;
use tagging::{CanonicalKey, KnownValue};

/// Key of the vocabulary.
#[derive(Clone, Debug, SimpleObject)]
pub struct VocabularyKey {
    /// Id of the key, for caches; `node` does not accept this id.
    pub id: Id<VocabularyKeyKind>,
    /// Canonical name.
    pub name: String,
    /// Meaning of the key.
    pub description: String,
    /// True if every taggable resource should have a tag with this key.
    pub governed: bool,
    /// Spellings that mean this key, without regard to case and separators.
    pub synonyms: Vec<String>,
    /// Spellings that usually mean this key.
    pub weak_synonyms: Vec<String>,
    /// Values with a canonical name.
    pub values: Vec<VocabularyValue>,
    /// True if other values are allowed, too.
    pub open: bool,
}

/// Value of a key of the vocabulary.
#[derive(Clone, Debug, SimpleObject)]
pub struct VocabularyValue {
    /// Canonical name.
    pub name: String,
    /// Spellings that mean this value, without regard to case and separators.
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
