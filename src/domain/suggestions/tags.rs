//! Tags of suggestions: as they are stored, and as an approver chooses among them.

use super::Suggestion;
use crate::domain::approvals::checked_value;
use crate::error::{Error, Problem, ProblemCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tagging::Vocabulary;
use tagging::suggestions::{KeyDecision, SuggestedTag};

/// Tag that a suggestion offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagOffer {
    pub key: String,
    /// Empty when nothing tells it, and the approver types it.
    pub value: String,
    /// Members for which this value holds.
    pub agreeing: i64,
    /// Members for which another value holds.
    pub contradicting: i64,
    /// Members for which no value holds.
    pub open: i64,
    /// Lower bound of the share of the open members for which the value is right, at 95 %.
    pub precision_lower_bound: f64,
    /// Other values that hold for members, with their number, most frequent first.
    pub conflicts: Vec<(String, i64)>,
}

impl From<SuggestedTag> for TagOffer {
    fn from(tag: SuggestedTag) -> Self {
        let conflicts = tag.conflicts.into_iter();
        Self {
            key: tag.key,
            value: tag.value,
            agreeing: tag.agreeing as i64,
            contradicting: tag.contradicting as i64,
            open: tag.open as i64,
            precision_lower_bound: tag.precision_lower_bound,
            conflicts: conflicts.map(|(value, count)| (value, count as i64)).collect(),
        }
    }
}

impl Suggestion {
    /// Tags that it offers.
    pub fn offers(&self) -> Result<Vec<TagOffer>> {
        serde_json::from_value(self.tags.clone()).map_err(Error::internal)
    }
}

/// Tag that an approver chose: as suggested, or with a value of the approver's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChoice {
    pub key: String,
    pub value: String,
}

/// Tags to accept, by key, in the words of the vocabulary; all that are offered without a choice. Refuses keys that are
/// not offered, keys that are named twice, and values that are missing.
pub(super) fn chosen(
    offers: &[TagOffer],
    choices: Option<Vec<TagChoice>>,
    vocabulary: &Vocabulary,
) -> Result<BTreeMap<String, String>> {
    let as_offered = |offer: &TagOffer| TagChoice {
        key: offer.key.clone(),
        value: offer.value.clone(),
    };
    let choices = choices.unwrap_or_else(|| offers.iter().map(as_offered).collect());
    if choices.is_empty() {
        return Err(invalid("name at least one tag, or dismiss the suggestion"));
    }
    let mut chosen = BTreeMap::new();
    for choice in choices {
        let key = vocabulary.canonical_key(&choice.key).unwrap_or(&choice.key);
        if !offers.iter().any(|offer| offer.key == key) {
            return Err(invalid(&format!("{key} is not a key of this suggestion")));
        }
        let value =
            checked_value(&choice.value).map_err(|why| invalid(&format!("{key}: the value {why}")))?;
        if value.contains("{{") {
            return Err(invalid(&format!("{key}: the value must be text, not a template")));
        }
        let value = vocabulary.canonical(key, value).value;
        if chosen.insert(key.to_owned(), value).is_some() {
            return Err(invalid(&format!("{key} is named twice")));
        }
    }
    Ok(chosen)
}

/// Decision on each key that is offered.
pub(super) fn decided_keys(
    offers: &[TagOffer],
    chosen: &BTreeMap<String, String>,
) -> Result<serde_json::Value> {
    let decision = |offer: &TagOffer| {
        let value = chosen.get(&offer.key).cloned();
        let decision = value.map_or(KeyDecision::LeftOut, KeyDecision::Accepted);
        (offer.key.clone(), decision)
    };
    let decided: BTreeMap<String, KeyDecision> = offers.iter().map(decision).collect();
    serde_json::to_value(decided).map_err(Error::internal)
}

fn invalid(message: &str) -> Error {
    Error::Validation(vec![Problem::field(ProblemCode::Invalid, "tags", message)])
}
