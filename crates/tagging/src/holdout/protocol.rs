//! Protocols: which resources lose their tags, and which keep them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::native_statements::NativeStatements;
use crate::{EstateRow, Subject, Vocabulary};

/// Parts of an inventory, each of which is hidden once.
const FOLDS: u64 = 5;

/// Which resources lose their tags, and which keep them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldoutProtocol {
    /// All resources lose theirs: an estate without a tag.
    Cold,
    /// One fifth is asked about, another fifth keeps its tags.
    Sparse,
    /// One fifth is asked about, the others keep their tags.
    Warm,
}

/// Resource whose tags are hidden.
#[derive(Clone, Debug)]
pub struct HiddenRow {
    /// The resource without the tags that state what is asked.
    pub subject: Subject,
    /// Canonical key to value, as its native tags state it.
    pub labels: BTreeMap<String, String>,
}

/// Resources that keep their tags, and resources that are asked about.
#[derive(Clone, Debug, Default)]
pub struct HoldoutSplit {
    pub context: Vec<EstateRow>,
    pub hidden: Vec<HiddenRow>,
}

/// Splits of an inventory: one that hides everything, or one for each fold. Each copies the resources, and is made when
/// it is asked for.
pub fn splits(
    protocol: HoldoutProtocol,
    vocabulary: &Vocabulary,
    subjects: &[Subject],
    seed: u64,
) -> impl Iterator<Item = HoldoutSplit> {
    let folds: Vec<u64> = subjects
        .iter()
        .map(|subject| fold(&subject.resource_id, seed))
        .collect();
    let count = if protocol == HoldoutProtocol::Cold {
        1
    } else {
        FOLDS
    };
    let split = move |hidden: u64| {
        let mut split = HoldoutSplit::default();
        for (subject, fold) in subjects.iter().zip(&folds) {
            let is_context = match protocol {
                HoldoutProtocol::Cold => false,
                HoldoutProtocol::Sparse => *fold == (hidden + 1) % FOLDS,
                HoldoutProtocol::Warm => *fold != hidden,
            };
            if protocol == HoldoutProtocol::Cold || *fold == hidden {
                split.hidden.push(hide(subject, vocabulary));
            } else if is_context {
                let row = EstateRow::of_native_tags(subject.clone(), vocabulary);
                split.context.push(row);
            }
        }
        split
    };
    (0..count).map(split)
}

/// Part of the inventory that a resource belongs to; the same whatever the order.
fn fold(resource_id: &str, seed: u64) -> u64 {
    let digest = Sha256::digest(format!("{seed}:{resource_id}"));
    let head = digest
        .iter()
        .take(8)
        .fold(0u64, |head, byte| head << 8 | u64::from(*byte));
    head % FOLDS
}

/// Takes out all tags whose keys have a canonical meaning, and all whose values repeat one that is hidden by that.
fn hide(subject: &Subject, vocabulary: &Vocabulary) -> HiddenRow {
    let mut labels = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for statement in NativeStatements::read(&subject.native_tags, vocabulary).all {
        keys.insert(statement.raw_key.to_owned());
        let is_governed = vocabulary.key(statement.key).is_some_and(|key| key.governed);
        if is_governed && !statement.is_implied() {
            labels.entry(statement.key.to_owned()).or_insert(statement.value);
        }
    }
    let canonical =
        |key: &str| keys.contains(key) || vocabulary.canonical_key(key).is_some() || says_production(key);
    let hidden = subject.native_tags.iter().filter(|(key, _)| canonical(key));
    let values: BTreeSet<String> = hidden
        .map(|(_, value)| folded(value))
        .chain(labels.values().map(|value| folded(value)))
        .filter(|value| !value.is_empty())
        .collect();
    let mut subject = subject.clone();
    subject.approved.clear();
    subject.applied.clear();
    subject.denied_native.clear();
    subject
        .native_tags
        .retain(|key, value| !canonical(key) && !values.contains(&folded(value)));
    HiddenRow { subject, labels }
}

/// True for a switch such as `is-production`, which tells the environment whatever its value is.
fn says_production(key: &str) -> bool {
    folded(key).ends_with("isproduction")
}

/// Letters and digits in lower case.
fn folded(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}
