//! Form of a vocabulary file, and the checks of a key.

use serde::{Deserialize, Serialize};

/// Longer values are notes, not tag values (AWS, Azure and GCP all end at 256 or below).
pub(super) const MAX_VALUE_CHARS: usize = 256;

/// Decision that the values of a key need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApprovalPolicy {
    /// A person decides.
    #[default]
    Required,
    /// A value that is sure enough to be applied is approved at once, in the name of the policy.
    Automatic,
}

/// Canonical key with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanonicalKey {
    /// Canonical name: lower-case words joined by `-`.
    pub name: String,
    /// Meaning of the key, one sentence.
    pub description: String,
    /// Every taggable resource should have it.
    pub governed: bool,
    /// A resource without it breaks a policy; governed keys that are not required are only wanted.
    #[serde(default)]
    pub required: bool,
    /// Spellings that mean exactly this key. Case and separators do not matter.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Spellings that often mean this key. They state nothing, but are a reason to suggest their value.
    #[serde(default)]
    pub weak_synonyms: Vec<String>,
    /// The values that have a name of their own.
    #[serde(default)]
    pub values: Vec<KnownValue>,
    /// Values that are not listed are valid, too.
    pub open: bool,
    /// Short words that state nothing elsewhere are values of this key: `NA` is a region, `1` a cost center.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes_codes: bool,
    /// Regular expression that a whole value must match to be valid; listed values always are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(default)]
    pub approval: ApprovalPolicy,
    /// Lowest confidence of automatic application, in place of the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_apply_threshold: Option<f64>,
    /// Lowest confidence of review, in place of the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual_review_threshold: Option<f64>,
    /// Types of resources for which the key is not asked, besides those of the whole file. A pattern ends with `*`.
    #[serde(default)]
    pub not_taggable: Vec<String>,
    /// Names of the file's sources that the key and its spellings come from.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// A canonical value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownValue {
    /// Canonical value, lower-case.
    pub name: String,
    /// Spellings that mean this value. Case and separators do not matter; one of several words is found as a phrase,
    /// before any of its words.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Those of its spellings that also name other things (`live`, `load`): in a name, they count for little until the
    /// estate's own tags show what they mean there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ambiguous: Vec<String>,
    /// Those of its spellings that mean this value more often than not (`test`): in a name, they are sure enough to be
    /// suggested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely: Vec<String>,
}

/// Guidance that spellings were taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VocabularySource {
    /// Short name, by which keys refer to it.
    pub name: String,
    pub title: String,
    pub url: String,
}

/// Vocabulary as a file holds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VocabularyFile {
    #[serde(default)]
    pub sources: Vec<VocabularySource>,
    pub keys: Vec<CanonicalKey>,
    /// Types of resources that can carry no tags, or inherit them from what they belong to. A pattern ends with `*`.
    #[serde(default)]
    pub not_taggable: Vec<String>,
    /// Beginnings of keys that providers write themselves: such tags state nothing.
    #[serde(default)]
    pub provider_prefixes: Vec<String>,
    /// Values that state nothing.
    pub junk: Vec<String>,
    /// Values that state nothing, except of keys that take codes.
    #[serde(default)]
    pub codes: Vec<String>,
}

/// Reason why a vocabulary was refused.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    #[error("the vocabulary is not valid: {0}")]
    Json(#[from] serde_json::Error),
    #[error("key name `{0}` is not in lower-case words joined by hyphens")]
    KeyName(String),
    #[error("key `{0}` is defined twice")]
    TwiceDefined(String),
    #[error("value `{value}` of key `{key}` is empty, too long, or not in lower case")]
    ValueName { key: String, value: String },
    #[error("`{spelling}` is claimed by key `{first}` and by key `{second}`")]
    AmbiguousKey {
        spelling: String,
        first: String,
        second: String,
    },
    #[error("value `{spelling}` of key `{key}` is claimed twice")]
    AmbiguousValue { key: String, spelling: String },
    #[error("the pattern of key `{key}` is not valid: {reason}")]
    Pattern { key: String, reason: String },
    #[error(
        "the thresholds of key `{0}` must be from 0 to 1, and that of review not above that of application"
    )]
    KeyThresholds(String),
}

impl CanonicalKey {
    /// A key of the customer's own: governed, and open to any value.
    pub(super) fn own(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            governed: true,
            required: false,
            synonyms: Vec::new(),
            weak_synonyms: Vec::new(),
            values: Vec::new(),
            open: true,
            takes_codes: true,
            pattern: None,
            approval: ApprovalPolicy::Required,
            auto_apply_threshold: None,
            manual_review_threshold: None,
            not_taggable: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Checks name, values and thresholds; spellings are checked against those of the other keys by the vocabulary.
    pub(super) fn check(&self) -> Result<(), VocabularyError> {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let edges = self.name.starts_with('-') || self.name.ends_with('-') || self.name.contains("--");
        if self.name.is_empty() || self.name.len() > 128 || edges || !self.name.chars().all(kebab) {
            return Err(VocabularyError::KeyName(self.name.clone()));
        }
        for value in &self.values {
            let name = &value.name;
            let lower = !name.chars().any(char::is_uppercase);
            if name.trim() != name || name.is_empty() || name.chars().count() > MAX_VALUE_CHARS || !lower {
                return Err(VocabularyError::ValueName {
                    key: self.name.clone(),
                    value: name.clone(),
                });
            }
        }
        let bounds = [self.manual_review_threshold, self.auto_apply_threshold];
        let in_range = bounds.iter().flatten().all(|bound| (0.0..=1.0).contains(bound));
        let ordered = match bounds {
            [Some(review), Some(apply)] => review <= apply,
            _ => true,
        };
        if in_range && ordered {
            Ok(())
        } else {
            Err(VocabularyError::KeyThresholds(self.name.clone()))
        }
    }
}
