//! Terms of a resource: all that it may have in common with others.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::pattern::{PatternTerm, ascii_words};
use crate::rules::MAX_TAGS;
use crate::{Subject, Vocabulary, tokens};

/// Key of the environment, the one whose values words name.
pub(super) const ENVIRONMENT: &str = "environment";
/// Longest text of a term, in bytes: longer values are notes. Conditions bound their patterns at 512 bytes.
const MAX_TEXT: usize = 160;
/// Words of a name that are looked at. A resource is no member by a later word, though the condition holds for it.
const MAX_WORDS: usize = 64;
/// Runs of separators in a name behind which beginnings end, and parts of the path of an id.
const MAX_NAME_PREFIXES: usize = 6;
/// Runs of separators in a tag's value behind which beginnings end: addresses of repositories have some eight.
const MAX_VALUE_PREFIXES: usize = 9;

/// Kind of a term; kinds order patterns of the same resources, the clearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum TermKind {
    Account,
    NativeTag,
    NamePrefix,
    IdPrefix,
    NativeTagStem,
    NativeTagPrefix,
    NameToken,
    ResourceType,
}

impl TermKind {
    pub(super) const COUNT: usize = 8;
}

/// Term of a resource, borrowed from it.
#[derive(Clone, Copy)]
pub(super) struct BorrowedTerm<'a> {
    pub kind: TermKind,
    /// Key of the tag; empty for others.
    key: &'a str,
    text: &'a str,
    /// Text behind the word of a stem.
    after: &'a str,
    /// Word of a stem.
    pub word: &'a str,
}

impl BorrowedTerm<'_> {
    /// Hash of what makes the term; the word of a stem is not part of it.
    pub(super) fn id(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.kind as u8).hash(&mut hasher);
        self.key.hash(&mut hasher);
        if self.kind == TermKind::NameToken {
            for byte in self.text.bytes() {
                hasher.write_u8(byte.to_ascii_lowercase());
            }
        } else {
            self.text.hash(&mut hasher);
        }
        self.after.hash(&mut hasher);
        hasher.finish()
    }

    /// The term on its own; a stem has no words yet.
    pub(super) fn owned(self) -> PatternTerm {
        let (key, text) = (self.key.to_owned(), self.text.to_owned());
        match self.kind {
            TermKind::Account => PatternTerm::Account { account_id: text },
            TermKind::ResourceType => PatternTerm::ResourceType { resource_type: text },
            TermKind::NamePrefix => PatternTerm::NamePrefix { prefix: text },
            TermKind::NameToken => PatternTerm::NameToken {
                token: text.to_ascii_lowercase(),
            },
            TermKind::IdPrefix => PatternTerm::IdPrefix { prefix: text },
            TermKind::NativeTag => PatternTerm::NativeTag { key, value: text },
            TermKind::NativeTagPrefix => PatternTerm::NativeTagPrefix { key, prefix: text },
            TermKind::NativeTagStem => PatternTerm::NativeTagStem {
                key,
                before: text,
                words: Vec::new(),
                after: self.after.to_owned(),
            },
        }
    }
}

/// Calls `take` with each term of a resource, once.
pub(super) fn terms_of<'a>(
    subject: &'a Subject,
    vocabulary: &Vocabulary,
    mut take: impl FnMut(BorrowedTerm<'a>),
) {
    let mut add = |kind, key, text: &'a str| {
        if !text.is_empty() && text.len() <= MAX_TEXT {
            take(BorrowedTerm {
                kind,
                key,
                text,
                after: "",
                word: "",
            });
        }
    };
    add(TermKind::Account, "", &subject.account_id);
    add(TermKind::ResourceType, "", &subject.resource_type);
    for prefix in prefixes(&subject.name, MAX_NAME_PREFIXES) {
        add(TermKind::NamePrefix, "", prefix);
    }
    let words: Vec<&str> = ascii_words(&subject.name).take(MAX_WORDS).collect();
    for (at, word) in words.iter().enumerate() {
        let repeated = words[..at].iter().any(|each| each.eq_ignore_ascii_case(word));
        if word.len() > 2 && !repeated && !is_generated(word) {
            add(TermKind::NameToken, "", word);
        }
    }
    let named = |path: &&str| path.contains(char::is_alphanumeric);
    for prefix in paths(&subject.resource_id).filter(named).take(MAX_NAME_PREFIXES) {
        add(TermKind::IdPrefix, "", prefix);
    }
    for (key, value) in subject.native_tags.iter().take(MAX_TAGS) {
        if key.len() > MAX_TEXT || key.eq_ignore_ascii_case("name") {
            continue;
        }
        add(TermKind::NativeTag, key, value);
        for prefix in prefixes(value, MAX_VALUE_PREFIXES) {
            add(TermKind::NativeTagPrefix, key, prefix);
        }
    }
    for (key, value) in subject.native_tags.iter().take(MAX_TAGS) {
        if key.len() <= MAX_TEXT
            && !key.eq_ignore_ascii_case("name")
            && let Some((before, word, after)) = stem(value, vocabulary)
        {
            take(BorrowedTerm {
                kind: TermKind::NativeTagStem,
                key,
                text: before,
                after,
                word,
            });
        }
    }
}

/// Beginnings of a text that have a word and end with a separator, shortest first, as far as the first `most` runs of
/// separators. They depend on nothing that follows, so that all texts that begin so have them.
fn prefixes(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let (mut has_word, mut in_run, mut runs) = (false, false, 0);
    let ends = text.char_indices().map_while(move |(at, c)| {
        has_word |= c.is_alphanumeric();
        let ends = has_word && !c.is_alphanumeric();
        runs += usize::from(ends && !in_run);
        in_run = ends;
        (runs <= most).then(|| ends.then(|| at + c.len_utf8()))
    });
    ends.flatten().map(|end| &text[..end])
}

/// Beginnings of an id that end with `/`.
fn paths(id: &str) -> impl Iterator<Item = &str> {
    let ends = id.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at + 1);
    ends.map(|end| &id[..end])
}

/// Text before the only word of a value that names an environment, the word, and the text behind it.
fn stem<'a>(value: &'a str, vocabulary: &Vocabulary) -> Option<(&'a str, &'a str, &'a str)> {
    if value.len() > MAX_TEXT {
        return None;
    }
    let mut stage = None;
    let mut others = false;
    for token in tokens(value) {
        if token.text.len() > 1 && environment(token.text, vocabulary).is_some() {
            if stage.is_some() {
                return None;
            }
            stage = Some((token.start, token.start + token.text.len()));
        } else {
            others |= token.text.len() > 1;
        }
    }
    let (start, end) = stage.filter(|_| others)?;
    Some((&value[..start], &value[start..end], &value[end..]))
}

/// Environment that a word names.
pub(super) fn environment<'a>(word: &str, vocabulary: &'a Vocabulary) -> Option<&'a str> {
    vocabulary.known_value(ENVIRONMENT, word)
}

/// True for a word that a machine made: a long hexadecimal number, or a number of three digits or more.
pub(super) fn is_generated(word: &str) -> bool {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits && word.len() >= 3 || hexadecimal && word.len() >= 8
}

/// Hash of the family of names: the first two words that are neither generated nor name an environment.
pub(super) fn family_of(subject: &Subject, vocabulary: &Vocabulary) -> u64 {
    let mut hasher = DefaultHasher::new();
    let words = ascii_words(&subject.name)
        .filter(|word| !is_generated(word) && environment(word, vocabulary).is_none());
    for word in words.take(2) {
        hasher.write(word.to_ascii_lowercase().as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}
