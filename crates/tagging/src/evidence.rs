//! Evidence for a value: what speaks for it, and what lost against it.

use serde::{Deserialize, Serialize};

use crate::{EvidencePieces, SourceKind, StatedTag};

/// A candidate that agrees with the winner (the winner itself included, first).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    pub source: SourceKind,
    /// Its own confidence before merging, 0 to 1: how often such evidence is right in this estate.
    pub confidence: f64,
    pub reason: String,
    /// Resource, tag, word or group that speaks; absent in evidence that older versions stored.
    #[serde(default)]
    pub basis: Option<EvidenceBasis>,
    /// Tagged resources that were asked, 0 where none are.
    #[serde(default)]
    pub voters: u32,
    /// Those of them that have this value.
    #[serde(default)]
    pub agreeing: u32,
}

/// Basis of a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum EvidenceBasis {
    /// A tag of the resource itself.
    NativeTag { key: String, value: String },
    /// A rule, in the version with that digest.
    Rule { rule_id: i64, digest: String },
    /// A word or phrase that names a value; `place` is `name`, `tag` or `id`.
    Word { word: String, place: String },
    /// The words that the other names of the account use.
    AccountWords { account_id: String },
    /// Tagged resources of the account.
    Account { account_id: String },
    /// Tagged resources of one type in the account.
    AccountType {
        account_id: String,
        resource_type: String,
    },
    /// Tagged resources of the same resource group, project or namespace.
    Container { name: String },
    /// Tagged resources below the same parent.
    Parent { resource_id: String },
    /// Tagged resources whose names begin alike, in the account if there is one.
    NamePrefix {
        prefix: String,
        account_id: Option<String>,
    },
    /// Tagged resources whose names are alike but for numbers.
    Name {
        name: String,
        account_id: Option<String>,
    },
    /// Tagged resources of the account whose names end alike.
    NameSuffix { suffix: String, account_id: String },
    /// Tagged resources with the same word in their names.
    Token {
        token: String,
        account_id: Option<String>,
    },
    /// Tagged resources that carry the same other tag.
    Tag {
        key: String,
        value: String,
        account_id: Option<String>,
    },
    /// Tagged resources whose other tag has the same value but for words such as `prod`.
    TagStem { key: String, stem: String },
    /// A value that the estate knows and that occurs in the name.
    KnownValue { text: String },
}

/// A candidate that lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LosingCandidate {
    pub key: String,
    pub value: String,
    pub source: SourceKind,
    /// Its own confidence before merging, 0 to 1.
    pub confidence: f64,
    pub reason: String,
    /// Why the winner was preferred, one clause.
    pub lost_because: String,
}

/// Why a value is proposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The winning candidate's reason.
    pub reason: String,
    /// All candidates that agree, strongest first.
    pub signals: Vec<Signal>,
    /// All candidates that lost, strongest first.
    pub alternatives: Vec<LosingCandidate>,
    /// Statement of the resource's own tags that the value contradicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradicts: Option<StatedTag>,
    /// All pieces that speak for the value, shown or not, by which later evidence is compared.
    #[serde(default, skip_serializing_if = "EvidencePieces::is_empty")]
    pub pieces: EvidencePieces,
}
