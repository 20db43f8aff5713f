//! The types of evidence: what speaks for the value of a virtual tag, and what lost against it.

use crate::domain::TagSource;
use crate::graphql::types::enums::TagSourceEnum;
use async_graphql::{Enum, SimpleObject};
use serde::Deserialize;
use serde_json::Value;
use tagging::SourceKind;

/// Kind of what a piece of evidence rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EvidenceKind {
    /// A tag of the resource itself: `key`, `value`.
    NativeTag,
    /// A rule: `ruleId`, `digest`.
    Rule,
    /// A word or phrase that names a value: `word`, `place`.
    Word,
    /// Words that the other names of the account use: `accountId`.
    AccountWords,
    /// Tagged resources of the account: `accountId`.
    Account,
    /// Tagged resources of one type in the account: `accountId`, `resourceType`.
    AccountType,
    /// Tagged resources of the same resource group, project or namespace: `name`.
    Container,
    /// Tagged resources below the same parent: `resourceId`.
    Parent,
    /// Tagged resources whose names begin alike: `prefix`, `accountId`.
    NamePrefix,
    /// Tagged resources whose names are alike but for numbers: `name`, `accountId`.
    Name,
    /// Tagged resources of the account whose names end alike: `suffix`, `accountId`.
    NameSuffix,
    /// Tagged resources with the same word in their names: `token`, `accountId`.
    Token,
    /// Tagged resources that carry the same other tag: `key`, `value`, `accountId`.
    Tag,
    /// Tagged resources whose other tag has the same value but for words such as `prod`: `key`, `stem`.
    TagStem,
    /// A value that the estate knows and that occurs in the name: `text`.
    KnownValue,
}

/// Attribute of what a piece of evidence rests on.
#[derive(Clone, Debug, SimpleObject)]
pub struct EvidenceAttribute {
    /// Name of the attribute, as in `EvidenceKind`.
    pub name: String,
    /// Value of the attribute.
    pub value: String,
}

/// Piece of evidence for a value.
#[derive(Clone, Debug, SimpleObject)]
pub struct EvidenceSignal {
    /// Source of the evidence.
    pub source: TagSourceEnum,
    /// Confidence of this evidence alone, from 0 to 1: how often such evidence is right.
    pub confidence: f64,
    /// Reason in words.
    pub reason: String,
    /// Kind of what the evidence rests on; null in evidence that older versions stored.
    pub kind: Option<EvidenceKind>,
    /// What the evidence rests on: rule, tag, word, account, prefix.
    pub attributes: Vec<EvidenceAttribute>,
    /// Number of tagged resources that were asked; 0 if the evidence is not of resources.
    pub voters: i32,
    /// Number of them that have the value.
    pub agreeing: i32,
}

/// Value that lost against the value of the tag.
#[derive(Clone, Debug, SimpleObject)]
pub struct EvidenceAlternative {
    /// Tag value.
    pub value: String,
    /// Source of the value.
    pub source: TagSourceEnum,
    /// Confidence of this value alone, from 0 to 1.
    pub confidence: f64,
    /// Reason for the value.
    pub reason: String,
    /// Reason for which the value of the tag was preferred.
    pub lost_because: String,
}

/// Native tag that a value contradicts.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContradictedTag {
    /// Value, normalized by the vocabulary.
    pub value: String,
    /// Key as spelled in the cloud.
    pub raw_key: String,
    /// Value as spelled in the cloud.
    pub raw_value: String,
}

/// Evidence for the value of a virtual tag.
#[derive(Clone, Debug, SimpleObject)]
pub struct TagEvidence {
    /// Main reason, in words.
    pub reason: String,
    /// Evidence for the value, strongest first.
    pub signals: Vec<EvidenceSignal>,
    /// Values that lost, strongest first.
    pub alternatives: Vec<EvidenceAlternative>,
    /// Native tag that the value contradicts; null if there is none.
    pub contradicts: Option<ContradictedTag>,
}

/// Evidence as it is stored; what older versions did not store has a default.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StoredEvidence {
    reason: String,
    signals: Vec<StoredSignal>,
    alternatives: Vec<StoredAlternative>,
    contradicts: Option<tagging::StatedTag>,
}

#[derive(Deserialize)]
struct StoredSignal {
    source: SourceKind,
    #[serde(default)]
    confidence: f64,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    basis: serde_json::Map<String, Value>,
    #[serde(default)]
    voters: i32,
    #[serde(default)]
    agreeing: i32,
}

#[derive(Deserialize)]
struct StoredAlternative {
    value: String,
    source: SourceKind,
    #[serde(default)]
    confidence: f64,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    lost_because: String,
}

impl From<&Value> for TagEvidence {
    fn from(stored: &Value) -> Self {
        let stored = StoredEvidence::deserialize(stored).unwrap_or_else(|_| StoredEvidence {
            reason: stored["reason"].as_str().unwrap_or_default().to_owned(),
            ..StoredEvidence::default()
        });
        Self {
            reason: stored.reason,
            signals: stored.signals.into_iter().map(Into::into).collect(),
            alternatives: stored.alternatives.into_iter().map(Into::into).collect(),
            contradicts: stored.contradicts.map(|tag| ContradictedTag {
                value: tag.value,
                raw_key: tag.raw_key,
                raw_value: tag.raw_value,
            }),
        }
    }
}

impl From<StoredSignal> for EvidenceSignal {
    fn from(mut signal: StoredSignal) -> Self {
        let kind = signal.basis.remove("kind");
        let attribute = |(name, value): (String, Value)| match value {
            Value::Null => None,
            Value::String(value) => Some(EvidenceAttribute { name, value }),
            other => Some(EvidenceAttribute {
                name,
                value: other.to_string(),
            }),
        };
        Self {
            source: TagSource::from(signal.source).into(),
            confidence: signal.confidence,
            reason: signal.reason,
            kind: kind.and_then(|kind| serde_json::from_value(kind).ok()),
            attributes: signal.basis.into_iter().filter_map(attribute).collect(),
            voters: signal.voters,
            agreeing: signal.agreeing,
        }
    }
}

impl From<StoredAlternative> for EvidenceAlternative {
    fn from(alternative: StoredAlternative) -> Self {
        Self {
            value: alternative.value,
            source: TagSource::from(alternative.source).into(),
            confidence: alternative.confidence,
            reason: alternative.reason,
            lost_because: alternative.lost_because,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn evidence_of_all_versions_is_readable() {
        let old = TagEvidence::from(&json!({"reason": "r", "signals": [
            {"source": "PATTERN", "confidence": 0.9, "reason": "the name has `prod`"}], "alternatives": []}));
        assert_eq!((old.signals[0].kind, old.signals[0].voters), (None, 0));
        let new = TagEvidence::from(
            &json!({"reason": "r", "signals": [{"source": "NEIGHBOUR", "confidence": 0.9,
            "reason": "x", "basis": {"kind": "NAME_PREFIX", "prefix": "pay", "accountId": null}, "voters": 9,
            "agreeing": 8}], "alternatives": [], "contradicts": {"key": "k", "value": "v", "raw_key": "K",
            "raw_value": "V", "disputed": false}}),
        );
        assert_eq!(new.signals[0].kind, Some(EvidenceKind::NamePrefix));
        assert_eq!(new.signals[0].attributes.len(), 1);
        assert_eq!(new.contradicts.unwrap().raw_value, "V");
        let by_hand = TagEvidence::from(&json!({"reason": "made by ann", "signals": 7}));
        assert_eq!(by_hand.reason, "made by ann");
    }
}
