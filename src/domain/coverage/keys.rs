//! Governed keys of the vocabulary, as statements read them.

use serde::Serialize;
use tagging::Vocabulary;

/// Governed key.
#[derive(Serialize)]
pub(super) struct GovernedKeyRow<'a> {
    tag_key: &'a str,
    /// Values that it may have; `None` for any.
    allowed: Option<Vec<&'a str>>,
    /// Types of resources that are not asked for it, folded.
    untaggable: Vec<&'a str>,
    /// Beginnings of such types, folded.
    untaggable_beginnings: Vec<&'a str>,
}

/// All governed keys.
pub(super) fn rows(vocabulary: &Vocabulary) -> Vec<GovernedKeyRow<'_>> {
    let governed = vocabulary.keys().iter().filter(|key| key.governed);
    governed
        .map(|key| {
            let (untaggable, untaggable_beginnings) = vocabulary.untaggable_types(&key.name);
            GovernedKeyRow {
                tag_key: &key.name,
                allowed: (!key.open && key.pattern.is_none())
                    .then(|| key.values.iter().map(|value| value.name.as_str()).collect()),
                untaggable,
                untaggable_beginnings,
            }
        })
        .collect()
}

/// Names of the governed keys, or of the one that is wanted in any spelling.
pub(super) fn names(vocabulary: &Vocabulary, wanted: Option<&str>) -> Vec<String> {
    let wanted = wanted.map(|key| vocabulary.canonical_key(key).unwrap_or(key));
    let keys = vocabulary.keys().iter();
    keys.filter(|key| key.governed && wanted.is_none_or(|wanted| wanted == key.name))
        .map(|key| key.name.clone())
        .collect()
}
