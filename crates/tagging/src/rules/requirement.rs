//! Requirements: what must be true of a resource for a condition to hold on it, in tests that an index, a database or a
//! few comparisons can answer. A requirement may be weaker than its condition, never stronger.

use super::condition_input::{MAX_STRING, MAX_TAGS, cut};
use crate::Subject;
use std::collections::BTreeMap;

/// Field of a resource that is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextField {
    Cloud,
    AccountId,
    ResourceType,
    Region,
    Name,
    ResourceId,
}

impl TextField {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Cloud,
        Self::AccountId,
        Self::ResourceType,
        Self::Region,
        Self::Name,
        Self::ResourceId,
    ];

    /// Name in conditions and templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::AccountId => "account_id",
            Self::ResourceType => "resource_type",
            Self::Region => "region",
            Self::Name => "name",
            Self::ResourceId => "resource_id",
        }
    }

    /// The field of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The text that a resource has there.
    pub fn of(self, subject: &Subject) -> &str {
        cut(match self {
            Self::Cloud => subject.cloud.name(),
            Self::AccountId => &subject.account_id,
            Self::ResourceType => &subject.resource_type,
            Self::Region => subject.region.as_deref().unwrap_or_default(),
            Self::Name => &subject.name,
            Self::ResourceId => &subject.resource_id,
        })
    }
}

/// Tags of a resource that conditions see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TagMap {
    Native,
    Effective,
}

/// Text that a test is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TestedText {
    Field(TextField),
    /// The value of the tag with this key.
    Tag(TagMap, String),
}

/// Comparison of a text with a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Comparison {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
}

impl Comparison {
    fn is_true(self, text: &str, literal: &str) -> bool {
        match self {
            Self::Equals => text == literal,
            Self::StartsWith => text.starts_with(literal),
            Self::EndsWith => text.ends_with(literal),
            Self::Contains => text.contains(literal),
        }
    }
}

/// Test of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextTest {
    pub text: TestedText,
    /// The text's ASCII letters are made lower-case first.
    pub lower: bool,
    pub comparison: Comparison,
    pub literal: String,
}

impl TextTest {
    /// Result of the test on a text.
    pub fn is_true(&self, text: &str) -> bool {
        if self.lower {
            self.comparison.is_true(&text.to_ascii_lowercase(), &self.literal)
        } else {
            self.comparison.is_true(text, &self.literal)
        }
    }

    /// No text of any resource passes.
    fn is_impossible(&self) -> bool {
        if self.lower && self.literal.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return true;
        }
        self.text == TestedText::Field(TextField::Cloud) && CLOUDS.iter().all(|cloud| !self.is_true(cloud))
    }

    /// The text of every resource passes.
    fn is_certain(&self) -> bool {
        match self.text {
            TestedText::Field(TextField::Cloud) => CLOUDS.iter().all(|cloud| self.is_true(cloud)),
            _ => self.literal.is_empty() && self.comparison != Comparison::Equals,
        }
    }
}

/// Names of the clouds.
pub(super) const CLOUDS: [&str; 3] = ["aws", "gcp", "azure"];

/// Test of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceTest {
    /// The text is there and passes.
    Text(TextTest),
    /// The resource has a tag with this key.
    HasTag(TagMap, String),
}

/// Requirement of a condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// Nothing is known that must be true.
    Nothing,
    /// The condition holds for no resource.
    Impossible,
    /// The test passes.
    Passes(ResourceTest),
    /// The test fails.
    Fails(ResourceTest),
    All(Vec<Requirement>),
    Any(Vec<Requirement>),
}

impl Requirement {
    /// The test passes, if it can.
    pub(super) fn passes(test: ResourceTest) -> Self {
        match &test {
            ResourceTest::Text(text) if text.is_impossible() => Self::Impossible,
            ResourceTest::Text(text) if text.is_certain() => Self::presence(text),
            _ => Self::Passes(test),
        }
    }

    /// The test fails, if it can.
    pub(super) fn fails(test: ResourceTest) -> Self {
        match &test {
            ResourceTest::Text(text) if text.is_impossible() => Self::Nothing,
            ResourceTest::Text(text) if text.is_certain() => Self::Impossible,
            _ => Self::Fails(test),
        }
    }

    /// The text that is tested is there.
    fn presence(test: &TextTest) -> Self {
        match &test.text {
            TestedText::Field(_) => Self::Nothing,
            TestedText::Tag(map, key) => Self::Passes(ResourceTest::HasTag(*map, key.clone())),
        }
    }

    /// All of these; impossible when two of them exclude each other.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Nothing => {}
                Self::Impossible => return Self::Impossible,
                Self::All(parts) => flat.extend(parts),
                part => flat.push(part),
            }
        }
        flat.sort();
        flat.dedup();
        if is_contradictory(&flat) {
            return Self::Impossible;
        }
        match flat.len() {
            0 => Self::Nothing,
            1 => flat.swap_remove(0),
            _ => Self::All(flat),
        }
    }

    /// One of these; nothing when one of two must be true anyway.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Nothing => return Self::Nothing,
                Self::Impossible => {}
                Self::Any(parts) => flat.extend(parts),
                part => flat.push(part),
            }
        }
        flat.sort();
        flat.dedup();
        let excluded = |part: &Self| match part {
            Self::Passes(test) => flat.binary_search(&Self::Fails(test.clone())).is_ok(),
            _ => false,
        };
        if flat.iter().any(excluded) {
            return Self::Nothing;
        }
        match flat.len() {
            0 => Self::Impossible,
            1 => flat.swap_remove(0),
            _ => Self::Any(flat),
        }
    }

    /// False when the condition cannot hold for this resource.
    pub fn allows(&self, resource: &SubjectView<'_>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Impossible => false,
            Self::Passes(test) => resource.test(test).unwrap_or(true),
            Self::Fails(test) => !resource.test(test).unwrap_or(false),
            Self::All(parts) => parts.iter().all(|part| part.allows(resource)),
            Self::Any(parts) => parts.iter().any(|part| part.allows(resource)),
        }
    }

    /// Every test in it.
    pub fn tests(&self) -> Vec<&ResourceTest> {
        match self {
            Self::Nothing | Self::Impossible => Vec::new(),
            Self::Passes(test) | Self::Fails(test) => vec![test],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tests).collect(),
        }
    }
}

/// True when two of the requirements exclude each other, as far as a look at each tells.
fn is_contradictory(parts: &[Requirement]) -> bool {
    let mut other_clouds = 0;
    for part in parts {
        match part {
            Requirement::Passes(test) => {
                let equal = match test {
                    ResourceTest::Text(text) if text.comparison == Comparison::Equals => Some(text),
                    _ => None,
                };
                let is_failed = parts.binary_search(&Requirement::Fails(test.clone())).is_ok();
                if is_failed || equal.is_some_and(|equal| parts.iter().any(|other| excludes(equal, other))) {
                    return true;
                }
            }
            Requirement::Fails(ResourceTest::Text(test))
                if test.text == TestedText::Field(TextField::Cloud)
                    && test.comparison == Comparison::Equals =>
            {
                other_clouds += 1;
            }
            _ => {}
        }
    }
    other_clouds >= CLOUDS.len()
}

/// True when a text that equals the literal cannot be as the other requirement says.
fn excludes(equal: &TextTest, other: &Requirement) -> bool {
    let same = |test: &TextTest| test.text == equal.text && (test.lower || !equal.lower);
    match other {
        Requirement::Passes(ResourceTest::Text(test)) => same(test) && !test.is_true(&equal.literal),
        Requirement::Fails(ResourceTest::Text(test)) => same(test) && test.is_true(&equal.literal),
        Requirement::Fails(ResourceTest::HasTag(map, key)) => {
            matches!(&equal.text, TestedText::Tag(of, name) if of == map && name == key)
        }
        _ => false,
    }
}

/// Subject with its effective tags, as requirements look at it.
pub struct SubjectView<'a> {
    pub subject: &'a Subject,
    /// The effective tags; `None` where nothing is known of them.
    pub effective: Option<&'a BTreeMap<String, String>>,
}

impl<'a> SubjectView<'a> {
    /// The tags, unless they are unknown or more than conditions see.
    pub fn tags(&self, map: TagMap) -> Option<&'a BTreeMap<String, String>> {
        let tags = match map {
            TagMap::Native => Some(&self.subject.native_tags),
            TagMap::Effective => self.effective,
        };
        let is_seen = |tags: &&BTreeMap<String, String>| {
            tags.len() <= MAX_TAGS && tags.keys().all(|key| key.len() <= MAX_STRING)
        };
        tags.filter(is_seen)
    }

    /// Result of a test; `None` where it is not known.
    fn test(&self, test: &ResourceTest) -> Option<bool> {
        match test {
            ResourceTest::HasTag(map, key) => self.tags(*map).map(|tags| tags.contains_key(key)),
            ResourceTest::Text(test) => match &test.text {
                TestedText::Field(field) => Some(test.is_true(field.of(self.subject))),
                TestedText::Tag(map, key) => {
                    let value = self.tags(*map)?.get(key);
                    // Without the tag the condition has no value: that it is there is a requirement of its own.
                    value.map(|value| test.is_true(cut(value)))
                }
            },
        }
    }
}

#[cfg(test)]
#[path = "requirement_tests.rs"]
mod tests;
