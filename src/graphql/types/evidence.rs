//! The types of evidence: what speaks for the value of a virtual tag, and what lost against it.

use crate::domain::TagSource;
use crate::graphql::types::enums::TagSourceEnum;
use async_graphql::{Enum, SimpleObject};
use serde::Deserialize;
use serde_json::Value;
use tagging::{Evidence, EvidenceBasis, EvidencePieces, LosingCandidate, Signal};

/// Kind of what a piece of evidence rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
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
    /// Basis of the evidence: rule, tag, word, account, prefix.
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

impl From<&Value> for TagEvidence {
    /// Reads evidence as it is stored. What people and files gave is a reason without signals.
    fn from(stored: &Value) -> Self {
        let stored = Evidence::deserialize(stored).unwrap_or_else(|_| Evidence {
            reason: stored["reason"].as_str().unwrap_or_default().to_owned(),
            signals: Vec::new(),
            alternatives: Vec::new(),
            contradicts: None,
            pieces: EvidencePieces::default(),
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

impl From<Signal> for EvidenceSignal {
    fn from(signal: Signal) -> Self {
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            source: TagSource::from(signal.source).into(),
            confidence: signal.confidence,
            reason: signal.reason,
            kind: signal.basis.as_ref().map(Into::into),
            attributes: signal.basis.map(attributes).unwrap_or_default(),
            voters: count(signal.voters),
            agreeing: count(signal.agreeing),
        }
    }
}

/// Attributes of a basis, by the names that are stored.
fn attributes(basis: EvidenceBasis) -> Vec<EvidenceAttribute> {
    let Ok(Value::Object(mut basis)) = serde_json::to_value(basis) else {
        return Vec::new();
    };
    basis.remove("kind");
    let attribute = |(name, value): (String, Value)| match value {
        Value::Null => None,
        Value::String(value) => Some(EvidenceAttribute { name, value }),
        other => Some(EvidenceAttribute {
            name,
            value: other.to_string(),
        }),
    };
    basis.into_iter().filter_map(attribute).collect()
}

impl From<&EvidenceBasis> for EvidenceKind {
    fn from(basis: &EvidenceBasis) -> Self {
        match basis {
            EvidenceBasis::NativeTag { .. } => Self::NativeTag,
            EvidenceBasis::Rule { .. } => Self::Rule,
            EvidenceBasis::Word { .. } => Self::Word,
            EvidenceBasis::AccountWords { .. } => Self::AccountWords,
            EvidenceBasis::Account { .. } => Self::Account,
            EvidenceBasis::AccountType { .. } => Self::AccountType,
            EvidenceBasis::Container { .. } => Self::Container,
            EvidenceBasis::Parent { .. } => Self::Parent,
            EvidenceBasis::NamePrefix { .. } => Self::NamePrefix,
            EvidenceBasis::Name { .. } => Self::Name,
            EvidenceBasis::NameSuffix { .. } => Self::NameSuffix,
            EvidenceBasis::Token { .. } => Self::Token,
            EvidenceBasis::Tag { .. } => Self::Tag,
            EvidenceBasis::TagStem { .. } => Self::TagStem,
            EvidenceBasis::KnownValue { .. } => Self::KnownValue,
        }
    }
}

impl From<LosingCandidate> for EvidenceAlternative {
    fn from(alternative: LosingCandidate) -> Self {
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
        let without_basis = TagEvidence::from(
            &json!({"reason": "r", "signals": [{"source": "RULE", "confidence": 0.9,
            "reason": "x", "basis": null, "voters": 0, "agreeing": 0}], "alternatives": []}),
        );
        assert_eq!(
            (without_basis.signals.len(), without_basis.signals[0].kind),
            (1, None)
        );
        let by_hand = TagEvidence::from(&json!({"reason": "made by ann", "signals": 7}));
        assert_eq!(by_hand.reason, "made by ann");
    }
}
