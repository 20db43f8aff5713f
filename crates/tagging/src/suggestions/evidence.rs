//! Evidence behind a suggestion, to tell whether it changed since it was decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Votes for the value of one key: value, agreeing and contradicting resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeyEvidence(String, usize, usize);

/// Evidence of all keys of a suggestion. Its JSON is the signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SuggestionEvidence {
    keys: BTreeMap<String, KeyEvidence>,
}

/// Another value counts once so many resources speak for it.
const ENOUGH: usize = 5;

impl SuggestionEvidence {
    pub(super) fn add(&mut self, key: &str, value: &str, agreeing: usize, contradicting: usize) {
        let evidence = KeyEvidence(value.to_owned(), agreeing, contradicting);
        self.keys.insert(key.to_owned(), evidence);
    }

    pub(super) fn signature(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Evidence of a signature; none if it cannot be read.
    pub(super) fn parse(signature: &str) -> Self {
        serde_json::from_str(signature).unwrap_or_default()
    }

    /// True if the evidence for a key became another one: another value holds for most, or less than half as many
    /// contradict. More agreement with what was left out already is no news.
    pub(super) fn changed(&self, key: &str, value: &str, agreeing: usize, contradicting: usize) -> bool {
        let Some(KeyEvidence(then, _, contradicted)) = self.keys.get(key) else {
            return agreeing >= ENOUGH;
        };
        let other = !then.is_empty() && then != value && agreeing >= ENOUGH && agreeing > 2 * contradicting;
        let fewer = *contradicted >= ENOUGH && contradicting * 2 < *contradicted;
        other || fewer
    }
}
