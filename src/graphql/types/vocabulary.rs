//! The types of the vocabulary.

use crate::domain::vocabulary::VocabularyKeyState;
use crate::graphql::scalars::id::{Id, VocabularyKeyKind};
use crate::graphql::types::row::db_enum;
use async_graphql::SimpleObject;
use tagging::{ApprovalPolicy, KnownValue};

db_enum! {
    /// Decision that the values of a key need.
    pub enum ApprovalPolicyEnum("ApprovalPolicy") mirrors ApprovalPolicy {
        /// A person decides.
        Required,
        /// Values that are sure enough to be applied are approved at once, in the name of the policy.
        Automatic,
    }
}

/// Key of the vocabulary: as shipped, with the changes of administrators.
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
    /// True if a resource without the key breaks a policy.
    pub required: bool,
    /// Spellings that mean this key, without regard to case and separators.
    pub synonyms: Vec<String>,
    /// Spellings that often mean this key: their values are suggested.
    pub weak_synonyms: Vec<String>,
    /// Values with a canonical name.
    pub values: Vec<VocabularyValue>,
    /// True if other values are valid, too.
    pub open: bool,
    /// Regular expression that values which are not listed must match to be valid.
    pub pattern: Option<String>,
    /// Decision that the values need.
    pub approval: ApprovalPolicyEnum,
    /// Lowest confidence of automatic application; null for the service's.
    pub auto_apply_threshold: Option<f64>,
    /// Lowest confidence of review; null for the service's.
    pub manual_review_threshold: Option<f64>,
    /// Types of resources that are not asked for the key. A pattern ends with `*`.
    pub not_taggable: Vec<String>,
    /// Guidance that the shipped key was taken from.
    pub sources: Vec<String>,
    /// Version of the changes; 0 for a key as shipped.
    pub version: i32,
    /// Fields that differ from the shipped key.
    pub customized: Vec<&'static str>,
    /// True if the product ships the key; false for a key of the customer's own.
    pub is_shipped: bool,
}

/// Value of a key of the vocabulary.
#[derive(Clone, Debug, SimpleObject)]
pub struct VocabularyValue {
    /// Canonical name.
    pub name: String,
    /// Spellings that mean this value, without regard to case and separators.
    pub synonyms: Vec<String>,
}

impl From<KnownValue> for VocabularyValue {
    fn from(value: KnownValue) -> Self {
        Self {
            name: value.name,
            synonyms: value.synonyms,
        }
    }
}

impl From<VocabularyKeyState> for VocabularyKey {
    fn from(state: VocabularyKeyState) -> Self {
        let key = state.key;
        Self {
            id: Id(key.name.clone()),
            name: key.name,
            description: key.description,
            governed: key.governed,
            required: key.required,
            synonyms: key.synonyms,
            weak_synonyms: key.weak_synonyms,
            values: key.values.into_iter().map(Into::into).collect(),
            open: key.open,
            pattern: key.pattern,
            approval: key.approval.into(),
            auto_apply_threshold: key.auto_apply_threshold,
            manual_review_threshold: key.manual_review_threshold,
            not_taggable: key.not_taggable,
            sources: key.sources,
            version: state.version,
            customized: state.customized,
            is_shipped: state.is_shipped,
        }
    }
}
