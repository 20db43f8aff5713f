//! Redaction of the schema's names in errors for callers who may not read it.
//!
//! A caller who guesses a field learns that it does not exist, and no other names: a message keeps the names that the
//! caller sent.

use super::schema_index;
use crate::graphql::error::Code;
use async_graphql::{ServerError, Value, Variables};
use std::collections::HashSet;

/// Replacement of a name.
const HIDDEN: &str = "…";

/// Removes from the messages of async-graphql the names that the document and its variables do not have. Errors of
/// resolvers, which have codes, stay as they are.
pub fn hide_names(errors: &mut [ServerError], text: &str, variables: &Variables) {
    let mut known: Option<HashSet<String>> = None;
    for error in errors.iter_mut().filter(|error| Code::in_error(error).is_none()) {
        let known = known.get_or_insert_with(|| names_sent(text, variables));
        error.message = redacted(&error.message, known);
    }
}

fn names_sent(text: &str, variables: &Variables) -> HashSet<String> {
    let mut names = words(text).map(|(_, word)| word.to_owned()).collect();
    for value in variables.values() {
        names_in(value, &mut names);
    }
    names
}

fn names_in(value: &Value, names: &mut HashSet<String>) {
    match value {
        Value::String(text) => drop(names.insert(text.clone())),
        Value::Enum(name) => drop(names.insert(name.to_string())),
        Value::List(items) => items.iter().for_each(|item| names_in(item, names)),
        Value::Object(fields) => {
            for (name, field) in fields {
                names.insert(name.to_string());
                names_in(field, names);
            }
        }
        _ => {}
    }
}

/// Names in a text, with the bytes where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut from = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        let start = from + bytes[from..].iter().position(|&byte| is_word(byte))?;
        let length = bytes[start..].iter().position(|&byte| !is_word(byte));
        from = length.map_or(text.len(), |length| start + length);
        Some((start, &text[start..from]))
    })
}

fn redacted(message: &str, known: &HashSet<String>) -> String {
    let message = message.split(" Did you mean").next().unwrap_or_default();
    let (mut shown, mut end) = (String::new(), 0);
    for (start, word) in words(message) {
        let is_quoted =
            start > 0 && matches!(message.as_bytes()[start - 1], b'"' | b'[' | b'`' | b'@' | b'$');
        // Words of a sentence are lower case and names are in quotes, except for types.
        let is_name = is_quoted || word.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_name && schema_index::has_name(word) && !known.contains(word) {
            shown.push_str(&message[end..start]);
            shown.push_str(HIDDEN);
            end = start + word.len();
        }
    }
    shown.push_str(&message[end..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_not_sent_are_hidden() {
        let known = names_sent("{ foo(first: 1, order: NEWEST) }", &Variables::default());
        for (message, expected) in [
            (
                "Unknown field \"foo\" on type \"Query\". Did you mean \"rule\", \"node\"?",
                "Unknown field \"foo\" on type \"…\".",
            ),
            (
                "Field \"foo\" argument \"input\" of type \"[ApproveTagsInput!]!\" is required",
                "Field \"foo\" argument \"…\" of type \"[…!]!\" is required",
            ),
            (
                "Failed to parse \"Int\": wrong value of ApprovalOrder",
                "Failed to parse \"Int\": wrong value of …",
            ),
            ("first: enumeration \"NEWEST\"", "first: enumeration \"NEWEST\""),
        ] {
            assert_eq!(redacted(message, &known), expected);
        }
    }
}
