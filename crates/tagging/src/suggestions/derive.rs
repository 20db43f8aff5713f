//! Values that the text of a pattern itself names: `tagged namespace: pay-api-dev` may be the application `pay-api`.

use super::pattern::PatternTerm;
use super::terms::is_generated;
use crate::{Vocabulary, tokens};

/// How a value follows from the text of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derivation {
    /// All words.
    Whole,
    /// The first word.
    FirstWord,
    /// All words behind the last `/`.
    LastSegment,
}

impl Derivation {
    pub(super) const ALL: [Self; 3] = [Self::Whole, Self::FirstWord, Self::LastSegment];
}

/// Value that follows from a term; words that name an environment or a machine are left out.
pub(super) fn derived(term: &PatternTerm, derivation: Derivation, vocabulary: &Vocabulary) -> Option<String> {
    let text = match term {
        PatternTerm::NamePrefix { prefix: text }
        | PatternTerm::NameToken { token: text }
        | PatternTerm::NativeTag { value: text, .. }
        | PatternTerm::NativeTagPrefix { prefix: text, .. }
        | PatternTerm::NativeTagStem { before: text, .. } => text,
        PatternTerm::Account { .. } | PatternTerm::ResourceType { .. } | PatternTerm::IdPrefix { .. } => {
            return None;
        }
    };
    let segment = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    let text = match derivation {
        Derivation::Whole if text.contains('/') => return None,
        Derivation::LastSegment if segment.len() == text.len() => return None,
        Derivation::Whole => text.as_str(),
        Derivation::FirstWord | Derivation::LastSegment => segment,
    };
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| {
        !word.is_empty() && !is_generated(word) && !is_flag(word) && !names_environment(word, vocabulary)
    });
    let value = match derivation {
        Derivation::FirstWord => words.next()?.to_lowercase(),
        Derivation::Whole | Derivation::LastSegment => words.collect::<Vec<_>>().join("-").to_lowercase(),
    };
    (value.len() > 1).then_some(value)
}

/// True for the values of a switch, which name nothing.
fn is_flag(word: &str) -> bool {
    ["true", "false", "yes", "no", "none", "on", "off"]
        .iter()
        .any(|flag| word.eq_ignore_ascii_case(flag))
}

fn names_environment(word: &str, vocabulary: &Vocabulary) -> bool {
    vocabulary.known_value("environment", word).is_some()
}

/// Environment that the words of a term name, if they name one only.
pub(super) fn environment_of<'a>(term: &PatternTerm, vocabulary: &'a Vocabulary) -> Option<&'a str> {
    let text = match term {
        PatternTerm::NamePrefix { prefix: text }
        | PatternTerm::NameToken { token: text }
        | PatternTerm::NativeTag { value: text, .. }
        | PatternTerm::NativeTagPrefix { prefix: text, .. }
        | PatternTerm::IdPrefix { prefix: text } => text,
        PatternTerm::NativeTagStem { .. }
        | PatternTerm::Account { .. }
        | PatternTerm::ResourceType { .. } => {
            return None;
        }
    };
    let mut found = tokens(text)
        .filter(|token| token.text.len() > 2)
        .filter_map(|token| vocabulary.known_value("environment", token.text));
    let first = found.next()?;
    found.all(|value| value == first).then_some(first)
}
