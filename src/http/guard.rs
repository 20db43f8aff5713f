//! Limits on a document's text, checked before the parser sees it.
//!
//! The parser is recursive: a few kilobytes of nested brackets would overflow its stack and end the process. This
//! lexer is a loop. It is no judge of syntax, it only counts what the parser would meet.

use super::limits;
use std::fmt;

/// Which limit a document's text exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// More text than [`limits::DOCUMENT_BYTES`].
    Bytes,
    /// More tokens than [`limits::TOKENS`].
    Tokens,
    /// Braces, brackets and parentheses nested deeper than [`limits::NESTING`].
    Nesting,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => write!(f, "the document is longer than {} bytes", limits::DOCUMENT_BYTES),
            Self::Tokens => write!(f, "the document has more than {} tokens", limits::TOKENS),
            Self::Nesting => write!(f, "the document nests deeper than {} levels", limits::NESTING),
        }
    }
}

/// Passes a text that the parser can be trusted with.
pub fn check(text: &str) -> Result<(), Excess> {
    if text.len() > limits::DOCUMENT_BYTES {
        return Err(Excess::Bytes);
    }
    let (mut tokens, mut nesting) = (0_usize, 0_usize);
    let mut rest = text.as_bytes();
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                rest = &rest[1..];
                continue;
            }
            b'#' => {
                rest = &rest[until(rest, |byte| byte == b'\n' || byte == b'\r')..];
                continue;
            }
            b'{' | b'[' | b'(' => {
                nesting += 1;
                1
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                1
            }
            b'"' => string_length(rest),
            byte if is_word(byte) => until(rest, |byte| !is_word(byte)),
            _ => 1,
        };
        tokens += 1;
        if nesting > limits::NESTING {
            return Err(Excess::Nesting);
        }
        if tokens > limits::TOKENS {
            return Err(Excess::Tokens);
        }
        rest = &rest[length..];
    }
    Ok(())
}

/// Names and numbers; a sign or a fraction's dot counts on its own, which errs on the safe side.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn until(text: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| ends(byte)).unwrap_or(text.len())
}

/// The length of the string that the text starts with, quotes included. A string without an end is no danger: it
/// ends with its line, and what follows is counted.
fn string_length(text: &[u8]) -> usize {
    if let Some(block) = text.strip_prefix(br#"""""#) {
        let mut at = 0;
        while at < block.len() {
            if block[at..].starts_with(br#"\""""#) {
                at += 4;
            } else if block[at..].starts_with(br#"""""#) {
                return 3 + at + 3;
            } else {
                at += 1;
            }
        }
        // Without its end it may be anything: let what is inside be counted.
        return 3;
    }
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_limit_passes_and_one_more_is_refused() {
        for (open, close) in [("[", "]"), ("{", "}"), ("(", ")")] {
            let nested = |levels: usize| open.repeat(levels) + &close.repeat(levels);
            assert_eq!(check(&nested(limits::NESTING)), Ok(()));
            assert_eq!(check(&nested(limits::NESTING + 1)), Err(Excess::Nesting));
        }
        assert_eq!(check(&"a ".repeat(limits::TOKENS)), Ok(()));
        assert_eq!(check(&"a ".repeat(limits::TOKENS + 1)), Err(Excess::Tokens));
        assert_eq!(check(&",".repeat(limits::DOCUMENT_BYTES)), Ok(()));
        assert_eq!(check(&",".repeat(limits::DOCUMENT_BYTES + 1)), Err(Excess::Bytes));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        let brackets = "[".repeat(200);
        for text in [
            format!(r#"{{ a(x: "{brackets}") }}"#),
            format!(r#"{{ a(x: "\"{brackets}") }}"#),
            format!(r#"{{ a(x: """ {brackets} \""" {brackets} """) }}"#),
            format!("{{ a # {brackets}\n}}"),
        ] {
            assert_eq!(check(&text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_string_without_an_end_hides_nothing() {
        let brackets = "[".repeat(200);
        for start in ["\"", "\"\n", "\"\"\"", "\"\\\" \n", "\"\" ", "# \r"] {
            assert_eq!(
                check(&format!("{start}{brackets}")),
                Err(Excess::Nesting),
                "{start}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_parses_without_harm(text in r#"[\[\]{}()a"\\#:$!. \n]{0,400}"#) {
            if check(&text).is_ok() {
                let _parsed = async_graphql::parser::parse_query(&text);
            }
        }
    }
}
