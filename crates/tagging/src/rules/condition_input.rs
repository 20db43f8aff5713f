//! Resources as conditions see them.

use std::collections::{BTreeMap, HashMap};

use cel::Value;
use cel::common::types::CelString;
use cel::common::value::Val;

use crate::{CloudProvider, service_category};

/// Longer strings of a resource are cut to this many bytes for conditions. Clouds end far below.
pub(super) const MAX_STRING: usize = 4096;
/// Only so many tags of a resource are shown to conditions. AWS and Azure end at 50, GCP at 64.
pub(crate) const MAX_TAGS: usize = 256;

/// Facts about a resource that conditions can see.
#[derive(Clone, Copy, Debug)]
pub struct ResourceFacts<'a> {
    pub cloud: CloudProvider,
    pub account_id: &'a str,
    /// Its service category is seen, too: an empty string for types of which none is known.
    pub resource_type: &'a str,
    /// Seen as an empty string when there is none.
    pub region: Option<&'a str>,
    pub name: &'a str,
    pub resource_id: &'a str,
    /// The resource's own tags as spelled there.
    pub native_tags: &'a BTreeMap<String, String>,
    /// The effective tags.
    pub tags: &'a BTreeMap<String, String>,
}

/// The fields of `resource`, in the order of [`ConditionInput::fields`]; the last two are maps.
pub(crate) const FIELDS: [&str; 9] = [
    "cloud",
    "account_id",
    "resource_type",
    "region",
    "name",
    "resource_id",
    "service_category",
    "native_tags",
    TAGS,
];

/// The field that has the effective tags.
pub(crate) const TAGS: &str = "tags";

/// Set of the fields of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u16);

impl FieldSet {
    /// Adds the field of that name.
    pub(super) fn insert(&mut self, name: &str) {
        if let Some(field) = FIELDS.iter().position(|field| *field == name) {
            self.0 |= 1 << field;
        }
    }

    /// True when a field of that name is in the set.
    pub fn contains(self, name: &str) -> bool {
        let field = FIELDS.iter().position(|field| *field == name);
        field.is_some_and(|field| self.0 & (1 << field) != 0)
    }

    /// Fields of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A resource made ready for conditions: built once, shared by all rules.
pub struct ConditionInput {
    pub(super) fields: [Box<dyn Val>; FIELDS.len()],
}

impl ConditionInput {
    /// Copies what conditions may see. Strings beyond 4096 bytes are cut, tags beyond the 256th (by key) left out.
    pub fn new(facts: &ResourceFacts<'_>) -> Self {
        Self {
            fields: [
                string(facts.cloud.name()),
                string(facts.account_id),
                string(facts.resource_type),
                string(facts.region.unwrap_or_default()),
                string(facts.name),
                string(facts.resource_id),
                string(service_category(facts.cloud, facts.resource_type).unwrap_or_default()),
                map(facts.native_tags),
                map(facts.tags),
            ],
        }
    }
}

fn string(text: &str) -> Box<dyn Val> {
    Box::new(CelString::from(cut(text).to_owned()))
}

fn map(tags: &BTreeMap<String, String>) -> Box<dyn Val> {
    let shown = tags
        .iter()
        .take(MAX_TAGS)
        .map(|(key, value)| (cut(key).to_owned(), cut(value).to_owned()));
    let value = Value::from(shown.collect::<HashMap<String, String>>());
    // A map of strings always converts; an empty string in its place would fail every look-up and match nothing.
    value.try_into().unwrap_or_else(|_| string(""))
}

/// The beginning of a text, as far as conditions see it.
pub(super) fn cut(text: &str) -> &str {
    if text.len() <= MAX_STRING {
        text
    } else {
        &text[..text.floor_char_boundary(MAX_STRING)]
    }
}
