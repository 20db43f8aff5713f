//! Statements of a resource's own tags, and people's denials of them.

use serde::{Deserialize, Serialize};

use crate::signature::native_signature;

/// Value that the resource's own tags state for a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedTag {
    /// Canonical key; the raw key if the vocabulary does not know it.
    pub key: String,
    /// Canonical value; the raw value if the vocabulary does not know the key.
    pub value: String,
    /// Key as on the resource.
    pub raw_key: String,
    /// Value as on the resource.
    pub raw_value: String,
    /// Another tag of the resource states another value of the key.
    pub disputed: bool,
}

impl StatedTag {
    /// Signature of the statement as evidence, see [`crate::Candidate::signature`].
    pub fn signature(&self) -> String {
        native_signature(&self.raw_key, &self.raw_value)
    }
}

/// Native value that a person denied. It does not hold for as long as the tag that states it is as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeniedStatement {
    pub key: String,
    pub value: String,
    /// See [`StatedTag::signature`].
    pub signature: String,
}
