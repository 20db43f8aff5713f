//! Values that the text of a pattern itself names: `tagged namespace: pay-api-dev` may be the application `pay-api`.

use super::index::SuggestionIndex;
use super::pattern::PatternTerm;
use super::terms::{environment, is_generated};
use crate::{Vocabulary, tokens};

/// Way in which a value follows from the text of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueDerivation {
    /// All words.
    Whole,
    /// The first word.
    FirstWord,
    /// All words behind the last `/`.
    LastSegment,
}

impl ValueDerivation {
    const ALL: [Self; 3] = [Self::Whole, Self::FirstWord, Self::LastSegment];
}

/// Value that follows from a term; words that name an environment or a machine are left out.
fn derived(term: &PatternTerm, derivation: ValueDerivation, vocabulary: &Vocabulary) -> Option<String> {
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
        ValueDerivation::Whole if text.contains('/') => return None,
        ValueDerivation::LastSegment if segment.len() == text.len() => return None,
        ValueDerivation::Whole => text.as_str(),
        ValueDerivation::FirstWord | ValueDerivation::LastSegment => segment,
    };
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| {
        !word.is_empty() && !is_generated(word) && !is_flag(word) && environment(word, vocabulary).is_none()
    });
    let value = match derivation {
        ValueDerivation::FirstWord => words.next()?.to_lowercase(),
        ValueDerivation::Whole | ValueDerivation::LastSegment => {
            words.collect::<Vec<_>>().join("-").to_lowercase()
        }
    };
    (value.len() > 1).then_some(value)
}

/// True for the values of a switch, which name nothing.
fn is_flag(word: &str) -> bool {
    ["true", "false", "yes", "no", "none", "on", "off"]
        .iter()
        .any(|flag| word.eq_ignore_ascii_case(flag))
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
        .filter_map(|token| environment(token.text, vocabulary));
    let first = found.next()?;
    found.all(|value| value == first).then_some(first)
}

/// Shares of patterns from whose text a value followed, by key and derivation.
pub(super) struct DerivationRates {
    /// Times that it was right, and times that it could be compared.
    rates: Vec<[(f64, f64); ValueDerivation::ALL.len()]>,
}

impl DerivationRates {
    /// Before anything was observed a derived value is right once in five.
    pub(super) fn new(keys: usize) -> Self {
        Self {
            rates: vec![[(0.4, 2.0); ValueDerivation::ALL.len()]; keys],
        }
    }

    pub(super) fn observe(&mut self, index: &SuggestionIndex, pattern: u32, key: usize, value: &str) {
        for (at, derivation) in ValueDerivation::ALL.into_iter().enumerate() {
            let found = index
                .terms_of(pattern)
                .find_map(|term| derived(term, derivation, &index.vocabulary));
            if let Some(found) = found {
                let (right, asked) = &mut self.rates[key][at];
                *asked += 1.0;
                *right += f64::from(u8::from(found == value));
            }
        }
    }

    /// Derived value that is most likely right, and how likely.
    pub(super) fn best(&self, index: &SuggestionIndex, pattern: u32, key: usize) -> Option<(String, f64)> {
        let candidates = ValueDerivation::ALL
            .into_iter()
            .enumerate()
            .filter_map(|(at, derivation)| {
                let mut terms = index.terms_of(pattern);
                let value = terms.find_map(|term| derived(term, derivation, &index.vocabulary))?;
                let (right, asked) = self.rates[key][at];
                Some((value, right / asked))
            });
        candidates.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
