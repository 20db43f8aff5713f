//! Patterns: what the resources of a suggestion have in common, as a condition, in words, and to be stored.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Subject;
use crate::rules::MAX_TAGS;

/// One thing that resources have in common. Each is exactly expressible as a condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PatternTerm {
    /// Account, subscription or project.
    Account { account_id: String },
    /// Beginning of the name, up to and including a separator.
    NamePrefix { prefix: String },
    /// Word of the name, lower-case ASCII letters and digits, anywhere between separators.
    NameToken { token: String },
    /// Beginning of the resource id up to and including a `/`: resource group, project, namespace, path.
    IdPrefix { prefix: String },
    /// Native tag, key and value as spelled.
    NativeTag { key: String, value: String },
    /// Native tag whose value begins so, up to and including a separator.
    NativeTagPrefix { key: String, prefix: String },
    /// Native tag whose value is the same but for a word that names an environment (`pay-dev`, `pay-prod`).
    NativeTagStem {
        key: String,
        before: String,
        /// Words seen between `before` and `after`, in alphabetical order.
        words: Vec<String>,
        after: String,
    },
    /// Type as the provider reports it.
    ResourceType { resource_type: String },
}

/// Common ground of the resources of a suggestion: one term, or two that hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern {
    terms: Vec<PatternTerm>,
}

/// Necessary part of a pattern that an index of the database can look up. What it finds contains all members, and
/// the condition decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexablePart {
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
    /// The name begins so, byte by byte.
    pub name_prefix: Option<String>,
    /// The resource id begins so, byte by byte.
    pub id_prefix: Option<String>,
    /// The native tags hold this key and value.
    pub native_tag: Option<(String, String)>,
    /// The native tags hold this key.
    pub native_key: Option<String>,
}

impl PatternTerm {
    /// True if a resource is a member.
    pub fn contains(&self, subject: &Subject) -> bool {
        match self {
            Self::Account { account_id } => subject.account_id == *account_id,
            Self::ResourceType { resource_type } => subject.resource_type == *resource_type,
            Self::NamePrefix { prefix } => subject.name.starts_with(prefix),
            Self::NameToken { token } => {
                ascii_words(&subject.name).any(|word| word.eq_ignore_ascii_case(token))
            }
            Self::IdPrefix { prefix } => subject.resource_id.starts_with(prefix),
            Self::NativeTag { key, value } => visible_tag(subject, key) == Some(value),
            Self::NativeTagPrefix { key, prefix } => {
                visible_tag(subject, key).is_some_and(|value| value.starts_with(prefix.as_str()))
            }
            Self::NativeTagStem {
                key,
                before,
                words,
                after,
            } => visible_tag(subject, key).is_some_and(|value| {
                let word = value
                    .strip_prefix(before.as_str())
                    .and_then(|rest| rest.strip_suffix(after.as_str()));
                word.is_some_and(|word| words.iter().any(|each| each == word))
            }),
        }
    }

    /// Bytes of its text.
    pub(super) fn text_length(&self) -> usize {
        match self {
            Self::Account { account_id: text }
            | Self::ResourceType { resource_type: text }
            | Self::NamePrefix { prefix: text }
            | Self::NameToken { token: text }
            | Self::IdPrefix { prefix: text }
            | Self::NativeTag { value: text, .. }
            | Self::NativeTagPrefix { prefix: text, .. }
            | Self::NativeTagStem { before: text, .. } => text.len(),
        }
    }

    /// CEL condition that holds for the members and for nothing else.
    fn condition(&self) -> String {
        match self {
            Self::Account { account_id } => format!("resource.account_id == {}", literal(account_id)),
            Self::ResourceType { resource_type } => {
                format!("resource.resource_type == {}", literal(resource_type))
            }
            Self::NamePrefix { prefix } => format!("resource.name.startsWith({})", literal(prefix)),
            Self::NameToken { token } => {
                let pattern = format!("(^|[^a-z0-9]){}([^a-z0-9]|$)", regex::escape(token));
                format!("resource.name.lowerAscii().matches({})", literal(&pattern))
            }
            Self::IdPrefix { prefix } => format!("resource.resource_id.startsWith({})", literal(prefix)),
            Self::NativeTag { key, value } => with_tag(key, &format!(" == {}", literal(value))),
            Self::NativeTagPrefix { key, prefix } => {
                with_tag(key, &format!(".startsWith({})", literal(prefix)))
            }
            Self::NativeTagStem {
                key,
                before,
                words,
                after,
            } => {
                let words: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
                let (before, after) = (regex::escape(before), regex::escape(after));
                let pattern = format!("^{before}({}){after}$", words.join("|"));
                with_tag(key, &format!(".matches({})", literal(&pattern)))
            }
        }
    }

    fn add_to(&self, part: &mut IndexablePart) {
        match self {
            Self::Account { account_id } => part.account_id = Some(account_id.clone()),
            Self::ResourceType { resource_type } => part.resource_type = Some(resource_type.clone()),
            Self::NamePrefix { prefix } => part.name_prefix = Some(prefix.clone()),
            Self::NameToken { .. } => {}
            Self::IdPrefix { prefix } => part.id_prefix = Some(prefix.clone()),
            Self::NativeTag { key, value } => part.native_tag = Some((key.clone(), value.clone())),
            Self::NativeTagPrefix { key, .. } | Self::NativeTagStem { key, .. } => {
                part.native_key = Some(key.clone());
            }
        }
    }
}

impl fmt::Display for PatternTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { account_id } => write!(f, "in account {account_id}"),
            Self::ResourceType { resource_type } => write!(f, "of type {resource_type}"),
            Self::NamePrefix { prefix } => write!(f, "named {prefix}*"),
            Self::NameToken { token } => write!(f, "with the word {token} in the name"),
            Self::IdPrefix { prefix } => write!(f, "below {prefix}"),
            Self::NativeTag { key, value } => write!(f, "tagged {key}: {value}"),
            Self::NativeTagPrefix { key, prefix } => write!(f, "tagged {key}: {prefix}*"),
            Self::NativeTagStem {
                key,
                before,
                words,
                after,
            } => write!(f, "tagged {key}: {before}({}){after}", words.join(", ")),
        }
    }
}

impl Pattern {
    /// Pattern of these terms; their order does not matter. `None` without any.
    pub fn new(terms: impl IntoIterator<Item = PatternTerm>) -> Option<Self> {
        let mut terms: Vec<PatternTerm> = terms.into_iter().collect();
        terms.sort();
        terms.dedup();
        (!terms.is_empty()).then_some(Self { terms })
    }

    pub fn terms(&self) -> &[PatternTerm] {
        &self.terms
    }

    /// True if a resource is a member. The condition says the same.
    pub fn contains(&self, subject: &Subject) -> bool {
        self.terms.iter().all(|term| term.contains(subject))
    }

    /// CEL condition over `resource` that holds for the members and for nothing else.
    pub fn condition(&self) -> String {
        let terms: Vec<String> = self.terms.iter().map(PatternTerm::condition).collect();
        terms.join(" && ")
    }

    /// Part that an index of the database can look up.
    pub fn indexable(&self) -> IndexablePart {
        let mut part = IndexablePart::default();
        for term in &self.terms {
            term.add_to(&mut part);
        }
        part
    }
}

/// Words for people: "resources named pay-* in account 111".
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("resources")?;
        // The account comes first among the terms and reads better at the end.
        for term in self.terms.iter().rev() {
            write!(f, " {term}")?;
        }
        Ok(())
    }
}

/// Runs of ASCII letters and digits.
pub(super) fn ascii_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Value of a native tag, if conditions can see it.
fn visible_tag<'a>(subject: &'a Subject, key: &str) -> Option<&'a String> {
    if subject.native_tags.len() <= MAX_TAGS {
        return subject.native_tags.get(key);
    }
    let shown = subject.native_tags.iter().take(MAX_TAGS);
    shown
        .filter(|(each, _)| *each == key)
        .map(|(_, value)| value)
        .next()
}

fn with_tag(key: &str, test: &str) -> String {
    let key = literal(key);
    format!("{key} in resource.native_tags && resource.native_tags[{key}]{test}")
}

/// Text as a literal of CEL.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}
