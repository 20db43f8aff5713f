//! Changes that a customer makes over the vocabulary that ships with the product.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::{ApprovalPolicy, CanonicalKey, KnownValue, VocabularyFile};

/// Change of one key: what is set takes the place of what the shipped key has, and mappings are added to its values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// An empty text for no pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_apply_threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual_review_threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synonyms: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weak_synonyms: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<KnownValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_taggable: Option<Vec<String>>,
    /// Raw value to the canonical value that it means.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mappings: BTreeMap<String, String>,
}

impl KeyChange {
    /// Names of the fields that it sets, as the file names them.
    pub fn fields(&self) -> Vec<&'static str> {
        let set = [
            ("description", self.description.is_some()),
            ("governed", self.governed.is_some()),
            ("required", self.required.is_some()),
            ("open", self.open.is_some()),
            ("pattern", self.pattern.is_some()),
            ("approval", self.approval.is_some()),
            ("auto_apply_threshold", self.auto_apply_threshold.is_some()),
            ("manual_review_threshold", self.manual_review_threshold.is_some()),
            ("synonyms", self.synonyms.is_some()),
            ("weak_synonyms", self.weak_synonyms.is_some()),
            ("values", self.values.is_some()),
            ("not_taggable", self.not_taggable.is_some()),
            ("mappings", !self.mappings.is_empty()),
        ];
        let set = set.into_iter().filter(|(_, is_set)| *is_set);
        set.map(|(name, _)| name).collect()
    }

    /// Maps a raw value, in place of mappings of the same value in other spellings; `None` takes these back. False if there
    /// was none to take back.
    pub fn set_mapping(&mut self, raw: String, value: Option<String>) -> bool {
        let folded = fold(&raw);
        let same = self.mappings.keys().filter(|known| fold(known) == folded);
        let same: Vec<String> = same.cloned().collect();
        self.mappings.retain(|known, _| !same.contains(known));
        let is_known = !same.is_empty();
        let Some(value) = value else {
            return is_known;
        };
        self.mappings
            .insert(same.into_iter().next().unwrap_or(raw), value);
        true
    }

    fn apply(&self, key: &mut CanonicalKey) {
        fn set<T: Clone>(field: &mut T, change: Option<&T>) {
            if let Some(change) = change {
                field.clone_from(change);
            }
        }
        set(&mut key.description, self.description.as_ref());
        set(&mut key.governed, self.governed.as_ref());
        set(&mut key.required, self.required.as_ref());
        set(&mut key.open, self.open.as_ref());
        set(&mut key.approval, self.approval.as_ref());
        set(&mut key.synonyms, self.synonyms.as_ref());
        set(&mut key.weak_synonyms, self.weak_synonyms.as_ref());
        set(&mut key.values, self.values.as_ref());
        set(&mut key.not_taggable, self.not_taggable.as_ref());
        if let Some(pattern) = &self.pattern {
            key.pattern = Some(pattern.clone()).filter(|pattern| !pattern.is_empty());
        }
        key.auto_apply_threshold = self.auto_apply_threshold.or(key.auto_apply_threshold);
        key.manual_review_threshold = self.manual_review_threshold.or(key.manual_review_threshold);
        for (raw, value) in &self.mappings {
            map_value(&mut key.values, raw, value);
        }
    }
}

/// Makes `raw` a spelling of `value` and of no other value; the value is listed if it was not.
fn map_value(values: &mut Vec<KnownValue>, raw: &str, value: &str) {
    let folded = fold(raw);
    for known in values.iter_mut() {
        known.synonyms.retain(|spelling| fold(spelling) != folded);
        known.ambiguous.retain(|spelling| fold(spelling) != folded);
        known.likely.retain(|spelling| fold(spelling) != folded);
    }
    let at = values.iter().position(|known| known.name == value);
    let at = at.unwrap_or_else(|| {
        values.push(KnownValue {
            name: value.to_owned(),
            synonyms: Vec::new(),
            ambiguous: Vec::new(),
            likely: Vec::new(),
        });
        values.len() - 1
    });
    if fold(&values[at].name) != folded {
        values[at].synonyms.push(raw.to_owned());
    }
}

impl VocabularyFile {
    /// The same vocabulary with changes by names of keys. A key that it does not have is added: governed and open, unless the
    /// change says otherwise.
    #[must_use]
    pub fn changed<'a>(&self, changes: impl IntoIterator<Item = (&'a String, &'a KeyChange)>) -> Self {
        let mut file = self.clone();
        for (name, change) in changes {
            let at = file.keys.iter().position(|key| key.name == *name);
            let at = at.unwrap_or_else(|| {
                file.keys.push(CanonicalKey::own(name));
                file.keys.len() - 1
            });
            change.apply(&mut file.keys[at]);
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vocabulary;

    fn with(name: &str, change: KeyChange) -> Result<Vocabulary, crate::VocabularyError> {
        let shipped = Vocabulary::shipped_file().unwrap();
        Vocabulary::from_file(shipped.changed([(&name.to_owned(), &change)]))
    }

    fn mapping(raw: &str, value: &str) -> KeyChange {
        KeyChange {
            mappings: BTreeMap::from([(raw.to_owned(), value.to_owned())]),
            ..KeyChange::default()
        }
    }

    #[test]
    fn a_mapping_moves_a_spelling_and_lists_its_value() {
        let vocabulary = with("environment", mapping("lab", "research")).unwrap();
        assert_eq!(vocabulary.known_value("environment", "LAB"), Some("research"));
        assert_eq!(
            vocabulary.known_value("environment", "playground"),
            Some("sandbox")
        );
        let open = with("team", mapping("Payments Platform", "payments")).unwrap();
        assert_eq!(
            open.canonical_value("team", "payments-platform").as_deref(),
            Some("payments")
        );
        assert_eq!(open.canonical_value("team", "Blue").as_deref(), Some("blue"));
        assert!(open.is_valid("team", "blue"));
    }

    #[test]
    fn a_raw_value_has_one_mapping_however_it_is_spelled() {
        let mut change = mapping("Blue Lab", "staging");
        assert!(change.set_mapping("blue_lab".into(), Some("test".into())));
        assert_eq!(change, mapping("Blue Lab", "test"));
        assert!(change.set_mapping("BLUE-LAB".into(), None));
        assert_eq!(change, KeyChange::default());
        assert!(!change.set_mapping("blue lab".into(), None));
    }

    #[test]
    fn a_listed_value_is_no_spelling_of_another() {
        assert!(with("environment", mapping("staging", "test")).is_err());
    }

    #[test]
    fn own_keys_are_added_and_settings_replaced() {
        let own = KeyChange {
            synonyms: Some(vec!["tenant-name".into()]),
            ..KeyChange::default()
        };
        let vocabulary = with("tenant", own.clone()).unwrap();
        assert_eq!(vocabulary.canonical_key("Tenant_Name"), Some("tenant"));
        assert!(vocabulary.key("tenant").unwrap().governed);
        assert_eq!(own.fields(), ["synonyms"]);
        let changed = KeyChange {
            governed: Some(false),
            auto_apply_threshold: Some(0.97),
            ..KeyChange::default()
        };
        let vocabulary = with("team", changed).unwrap();
        let team = vocabulary.key("team").unwrap();
        assert_eq!((team.governed, team.auto_apply_threshold), (false, Some(0.97)));
        assert!(!team.synonyms.is_empty());
        let taken = KeyChange {
            synonyms: Some(vec!["Env".into()]),
            ..KeyChange::default()
        };
        assert!(with("tenant", taken).is_err());
    }
}
