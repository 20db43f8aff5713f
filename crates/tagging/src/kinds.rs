//! Kinds of clouds and of sources.

use serde::{Deserialize, Serialize};

/// Cloud that a resource is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloudProvider {
    Aws,
    Gcp,
    Azure,
}

impl CloudProvider {
    /// Name in conditions, exports and the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
        }
    }
}

/// Kind of source that proposes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SourceKind {
    /// The resource's own tags.
    Native,
    /// Words in names.
    Pattern,
    /// The resource's type.
    Type,
    /// The users' rules.
    Rule,
    /// Values known in this estate that occur in the name.
    Model,
    /// Account, project, group, namespace or parent.
    Inherited,
    /// Tagged resources that are like this one: same beginning of the name, same words, same other tags.
    Neighbour,
}
