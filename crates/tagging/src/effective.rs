//! Resolution of what holds for a resource: at most one value for each key.
//!
//! An approved virtual tag comes before an applied one, and an applied one before what the resource's own tags state. A
//! native value that a person denied does not hold. Of native tags that contradict each other, the exact key with a known
//! value comes first:
//!
//! 1. a value that the vocabulary knows, before one that it does not;
//! 2. the canonical key itself, before its synonyms in their order; its canonical spelling, before other letters.
//!
//! A spelling that only usually means a key states nothing: its value is suggested for that key, and the tag holds under its
//! own key, as do tags whose keys the vocabulary does not know.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::native_statements::NativeStatements;
use crate::{StatedTag, Subject, Vocabulary};

/// Origin of a value that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TagOrigin {
    /// An approved virtual tag.
    Approved,
    /// A virtual tag that was applied before anyone decided about it.
    Applied,
    /// A tag of the resource itself.
    Native,
}

/// Value that holds for a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResolvedTag {
    /// Canonical key; the raw key of a native tag that means none exactly.
    pub key: String,
    /// The value that holds.
    pub value: String,
    /// Origin of the value.
    pub origin: TagOrigin,
    /// Statement of the resource's own tags about the key, which the value may override.
    pub native: Option<StatedTag>,
    /// The resource's own tags state another value, or contradict each other.
    pub contradicts: bool,
}

/// Statements of the resource's own tags, resolved: at most one for each key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeResolution {
    /// In order of keys.
    pub tags: Vec<StatedTag>,
    /// Canonical keys of which the resource has a tag, but none with a value that the key can have.
    pub invalid: BTreeSet<String>,
}

impl Subject {
    /// Statements of the resource's own tags that hold if no virtual tag does: those that nobody denied.
    pub fn stated(&self, vocabulary: &Vocabulary) -> NativeResolution {
        let read = NativeStatements::read(&self.native_tags, vocabulary);
        let held = read.holding(self);
        let has_statement = |key: &&str| {
            let mut exact = read.all.iter().filter(|statement| !statement.is_implied());
            exact.any(|statement| statement.key == *key)
        };
        let invalid = read.exact_keys.iter().filter(|key| !has_statement(key));
        NativeResolution {
            tags: held
                .iter()
                .map(|(statement, disputed)| statement.to_tag(*disputed))
                .collect(),
            invalid: invalid.map(|key| (*key).to_owned()).collect(),
        }
    }

    /// All that holds for the resource, in order of keys. A native tag whose key means no canonical key exactly holds under
    /// its own key and value.
    pub fn resolve(&self, vocabulary: &Vocabulary) -> Vec<ResolvedTag> {
        let mut tags: BTreeMap<String, ResolvedTag> = BTreeMap::new();
        let applied = self.applied.iter().map(|tag| (tag, TagOrigin::Applied));
        let virtual_tags = self.approved.iter().map(|tag| (tag, TagOrigin::Approved));
        for ((key, value), origin) in virtual_tags.chain(applied) {
            tags.entry(key.clone()).or_insert_with(|| ResolvedTag {
                key: key.clone(),
                value: value.clone(),
                origin,
                native: None,
                contradicts: false,
            });
        }
        let read = NativeStatements::read(&self.native_tags, vocabulary);
        let held = read.holding(self).into_iter();
        let stated = held.map(|(statement, disputed)| statement.to_tag(disputed));
        let unknown = read.unknown(self).map(|(key, value)| StatedTag {
            key: key.to_owned(),
            value: value.to_owned(),
            raw_key: key.to_owned(),
            raw_value: value.to_owned(),
            disputed: false,
        });
        for stated in stated.chain(unknown) {
            let tag = tags.entry(stated.key.clone()).or_insert_with(|| ResolvedTag {
                key: stated.key.clone(),
                value: stated.value.clone(),
                origin: TagOrigin::Native,
                native: None,
                contradicts: stated.disputed,
            });
            tag.contradicts |= tag.value != stated.value;
            tag.native = Some(stated);
        }
        tags.into_values().collect()
    }

    /// Values that hold, by their keys.
    pub fn effective_tags(&self, vocabulary: &Vocabulary) -> BTreeMap<String, String> {
        let read = NativeStatements::read(&self.native_tags, vocabulary);
        let applied = self.applied.iter();
        self.effective_with(applied.map(|(key, value)| (key.as_str(), value.as_str())), &read)
    }

    /// Values that hold where these are applied, by their keys: those of [`Self::resolve`], without all that it tells
    /// besides.
    pub(crate) fn effective_with<'a>(
        &'a self,
        applied: impl Iterator<Item = (&'a str, &'a str)>,
        read: &'a NativeStatements<'a>,
    ) -> BTreeMap<String, String> {
        let approved = self.approved.iter();
        let approved = approved.map(|(key, value)| (key.as_str(), value.as_str()));
        let held = read.holding(self).into_iter();
        let stated = held.map(|(statement, _)| (statement.key, statement.value.as_str()));
        let mut tags = BTreeMap::new();
        for (key, value) in approved.chain(applied).chain(stated).chain(read.unknown(self)) {
            if !tags.contains_key(key) {
                tags.insert(key.to_owned(), value.to_owned());
            }
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeniedStatement;
    use crate::engine::tests::subject;
    use crate::signature::native_signature;
    use proptest::prelude::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::default()
    }

    fn held(subject: &Subject, key: &str) -> Option<ResolvedTag> {
        let resolved = subject.resolve(&vocabulary());
        resolved.into_iter().find(|tag| tag.key == key)
    }

    fn environment(tags: &[(&str, &str)]) -> ResolvedTag {
        held(&subject("x", tags), "environment").unwrap()
    }

    #[test]
    fn approved_comes_before_applied_and_applied_before_native() {
        let mut subject = subject("x", &[("Env", "prd")]);
        let native = held(&subject, "environment").unwrap();
        assert_eq!(
            (native.value.as_str(), native.origin),
            ("production", TagOrigin::Native)
        );
        assert!(!native.contradicts);
        subject.applied.insert("environment".into(), "staging".into());
        let applied = held(&subject, "environment").unwrap();
        assert_eq!(
            (applied.value.as_str(), applied.origin),
            ("staging", TagOrigin::Applied)
        );
        assert!(applied.contradicts);
        assert_eq!(applied.native.unwrap().raw_value, "prd");
        subject.approved.insert("environment".into(), "production".into());
        let approved = held(&subject, "environment").unwrap();
        assert_eq!(
            (approved.value.as_str(), approved.origin),
            ("production", TagOrigin::Approved)
        );
        assert!(!approved.contradicts);
    }

    #[test]
    fn of_contradicting_native_tags_the_exact_key_and_a_known_value_come_first() {
        for (tags, value) in [
            (&[("Environment", "prod"), ("env", "dev")][..], "production"),
            (&[("env", "dev"), ("environment", "prod")], "production"),
            (&[("Environment", "dev"), ("environment", "prod")], "production"),
            (&[("environment", "parity"), ("stage", "dev")], "development"),
            (&[("environment", "parity"), ("landscape", "dev")], "parity"),
        ] {
            assert_eq!(environment(tags).value, value, "{tags:?}");
        }
        assert!(environment(&[("environment", "prod"), ("env", "dev")]).contradicts);
        assert!(!environment(&[("environment", "prod"), ("env", "PRD")]).contradicts);
        // A key that only usually means this one speaks of something else beside the key itself.
        assert!(!environment(&[("environment", "prod"), ("landscape", "dev")]).contradicts);
    }

    #[test]
    fn a_key_that_only_usually_means_another_holds_as_itself_alone() {
        let subject = subject(
            "x",
            &[("solution", "Pay Roll"), ("Owner", "tbd"), ("created_by", "ann")],
        );
        let tags = subject.effective_tags(&vocabulary());
        let expected = [("created_by", "ann"), ("solution", "Pay Roll")];
        assert_eq!(
            tags,
            expected
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into()
        );
        let invalid = subject.stated(&vocabulary()).invalid;
        assert_eq!(invalid, BTreeSet::from(["owner".to_owned()]));
    }

    #[test]
    fn a_denied_native_value_does_not_hold_until_its_tag_changes() {
        let mut subject = subject("x", &[("Env", "prd"), ("Colour", "red")]);
        let stated = subject.stated(&vocabulary()).tags.remove(0);
        for (key, value, signature) in [
            ("environment", "production", stated.signature()),
            ("Colour", "red", "NATIVE:Colour=red".to_owned()),
        ] {
            subject.denied_native.insert(DeniedStatement {
                key: key.into(),
                value: value.into(),
                signature,
            });
        }
        assert_eq!(subject.resolve(&vocabulary()), []);
        assert_eq!(subject.stated(&vocabulary()), NativeResolution::default());
        subject.native_tags.insert("Env".into(), "PROD".into());
        assert_eq!(held(&subject, "environment").unwrap().value, "production");
    }

    #[test]
    fn a_tag_without_a_value_that_its_key_can_have_is_invalid() {
        let subject = subject(
            "x",
            &[
                ("Owner", "tbd"),
                ("Colour", "red"),
                ("team", "a"),
                ("squad", "<x>"),
            ],
        );
        let resolution = subject.stated(&vocabulary());
        assert_eq!(resolution.invalid, BTreeSet::from(["owner".to_owned()]));
        assert_eq!(held(&subject, "Colour").unwrap().value, "red");
    }

    proptest! {
        #[test]
        fn effective_tags_are_those_of_the_resolution(
            native in proptest::collection::btree_map("Env|env|stage|solution|project|Colour|team", "prd|dev|tbd|x", 0..6),
            approved in proptest::collection::btree_map("environment|team|Colour", "test|y", 0..3),
            applied in proptest::collection::btree_map("environment|owner|Colour", "staging|z", 0..3),
            denied in "Env|Colour",
        ) {
            let mut subject = subject("x", &[]);
            let stated = native.get(&denied).map(|value| native_signature(&denied, value));
            for (key, value) in [("environment", "production"), ("environment", "development"), ("Colour", "x")] {
                subject.denied_native.extend(stated.clone().map(|signature| DeniedStatement {
                    key: key.into(),
                    value: value.into(),
                    signature,
                }));
            }
            (subject.native_tags, subject.approved, subject.applied) = (native, approved, applied);
            let resolved = subject.resolve(&vocabulary()).into_iter();
            let resolved: BTreeMap<String, String> = resolved.map(|tag| (tag.key, tag.value)).collect();
            prop_assert_eq!(subject.effective_tags(&vocabulary()), resolved);
        }
    }
}
