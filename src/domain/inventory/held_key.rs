//! Keys of tags that hold for a resource, or that it lacks, in the filter of resources.

use sea_orm::sea_query::{Expr, ExprTrait};
use serde::{Deserialize, Serialize};
use tagging::Vocabulary;

/// Key of tags that hold: approved and applied virtual tags, and what the resource's own tags stated when it was evaluated
/// last. Retired resources are not evaluated, so their own tags do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldKey {
    /// Key of the vocabulary.
    Canonical(String),
    /// Key that the vocabulary does not know, as it is spelled.
    Raw(String),
}

impl HeldKey {
    /// Key by any spelling.
    pub fn new(key: &str, vocabulary: &Vocabulary) -> Self {
        match vocabulary.canonical_key(key) {
            Some(key) => Self::Canonical(key.to_owned()),
            None => Self::Raw(key.to_owned()),
        }
    }

    /// The key itself.
    pub fn name(&self) -> &str {
        match self {
            Self::Canonical(key) | Self::Raw(key) => key,
        }
    }

    /// Condition that the resource's own tags have a value of the key that nobody denied. Looked up per resource.
    pub(super) fn stated(&self) -> Expr {
        let stated = match self {
            Self::Canonical(_) => {
                "coalesce((SELECT jsonb_exists(e.stated, $1) FROM evaluations e WHERE e.resource_id = resources.id), false)"
            }
            Self::Raw(_) => {
                "(jsonb_exists(resources.native_tags, $1) AND resources.retired_at IS NULL AND NOT EXISTS (
                    SELECT FROM virtual_tags d WHERE d.resource_id = resources.id AND d.tag_key = $1
                       AND d.tag_value = resources.native_tags ->> $1
                       AND d.approval_status = 'DENIED' AND d.source = 'NATIVE'))"
            }
        };
        Expr::cust_with_values(stated, [self.name()])
    }
}

/// Key that a resource lacks: no value holds, though resources of its type are asked for the key. Coverage counts the same
/// resources, unless they are retired, as suggested, missing or invalid; among the invalid ones it counts values that hold,
/// too, where the key cannot have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LackedKey {
    pub(super) key: HeldKey,
    /// Types that are not asked for it, folded.
    untaggable: Vec<String>,
    /// Beginnings of such types, folded.
    untaggable_beginnings: Vec<String>,
}

impl LackedKey {
    /// Key by any spelling.
    pub fn new(key: &str, vocabulary: &Vocabulary) -> Self {
        let key = HeldKey::new(key, vocabulary);
        let (whole, beginnings) = match &key {
            HeldKey::Canonical(key) => vocabulary.untaggable_types(key),
            HeldKey::Raw(_) => Default::default(),
        };
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        Self {
            untaggable: owned(whole),
            untaggable_beginnings: owned(beginnings),
            key,
        }
    }

    /// Condition that the resource lacks the key, where `tagged` says that a virtual tag of the key holds.
    pub(super) fn condition(&self, tagged: Expr) -> Expr {
        let untaggable = "(folded_type(resources.resource_type) = ANY ($1) OR folded_type(resources.resource_type) ^@ ANY ($2))";
        let types = [self.untaggable.clone(), self.untaggable_beginnings.clone()];
        let untaggable = Expr::cust_with_values(untaggable, types);
        untaggable.not().and(tagged.not()).and(self.key.stated().not())
    }
}
