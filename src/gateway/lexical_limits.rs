//! Lexical limits of a document, checked before the parser sees it.
//!
//! The parser is recursive: a few kilobytes of nested brackets would overflow its stack and end the process. This lexer
//! is a loop. It leaves syntax to the parser, and only counts what that would meet.

use crate::config::Limits;
use std::collections::HashSet;
use std::fmt;

/// Limit that the text of a document exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitExceeded {
    /// Bytes of the text.
    Bytes(usize),
    /// Tokens of the text.
    Tokens(usize),
    /// Nesting of braces, brackets and parentheses.
    Nesting(usize),
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(most) => write!(f, "the document is longer than {most} bytes"),
            Self::Tokens(most) => write!(f, "the document has more than {most} tokens"),
            Self::Nesting(most) => write!(f, "the document nests deeper than {most} levels"),
        }
    }
}

/// Passes a text that the parser can handle.
pub fn check(text: &str, limits: &Limits) -> Result<(), LimitExceeded> {
    if text.len() > limits.document_bytes {
        return Err(LimitExceeded::Bytes(limits.document_bytes));
    }
    let (mut tokens, mut nesting) = (0_usize, 0_usize);
    for token in LexicalTokens::of(text) {
        match token {
            b"{" | b"[" | b"(" => nesting += 1,
            b"}" | b"]" | b")" => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        tokens += 1;
        if nesting > limits.nesting {
            return Err(LimitExceeded::Nesting(limits.nesting));
        }
        if tokens > limits.tokens {
            return Err(LimitExceeded::Tokens(limits.tokens));
        }
    }
    Ok(())
}

/// Field that an input object in the text gives twice ("Input Object Field Uniqueness", GraphQL specification, October
/// 2021, 5.6.3): the parser silently keeps one of them. The text must have been parsed.
pub fn repeated_field(text: &str) -> Option<&str> {
    // Open braces, brackets and parentheses, with the fields of input objects: braces within parentheses.
    let mut open: Vec<Option<HashSet<&[u8]>>> = Vec::new();
    let (mut parentheses, mut before) = (0_usize, &b""[..]);
    for token in LexicalTokens::of(text) {
        match token {
            b"(" => {
                parentheses += 1;
                open.push(None);
            }
            b"[" => open.push(None),
            b"{" => open.push((parentheses > 0).then(HashSet::new)),
            b"}" | b"]" | b")" => {
                parentheses -= usize::from(token == b")" && parentheses > 0);
                open.pop();
            }
            b":" => {
                if let Some(Some(fields)) = open.last_mut()
                    && !fields.insert(before)
                {
                    return std::str::from_utf8(before).ok();
                }
            }
            _ => {}
        }
        before = token;
    }
    None
}

/// Tokens of a text; a string is one token.
struct LexicalTokens<'a> {
    rest: &'a [u8],
    /// Block strings that begin here may have an end. After one without, none has: searching each time would take long.
    blocks_end: bool,
}

impl<'a> LexicalTokens<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            blocks_end: true,
        }
    }
}

impl<'a> Iterator for LexicalTokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = &mut self.rest;
        let length = loop {
            match *rest.first()? {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => *rest = &rest[1..],
                b'#' => *rest = &rest[until(rest, |byte| byte == b'\n' || byte == b'\r')..],
                b'"' if !self.blocks_end && rest.starts_with(BLOCK) => break BLOCK.len(),
                b'"' => {
                    let length = string_length(rest);
                    self.blocks_end = !(rest.starts_with(BLOCK) && length == BLOCK.len());
                    break length;
                }
                byte if is_word(byte) => break until(rest, |byte| !is_word(byte)),
                _ => break 1,
            }
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(token)
    }
}

/// Begins and ends a block string.
const BLOCK: &[u8] = br#"""""#;

/// Byte of a name or number; a sign or a dot counts on its own, which errs on the safe side.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn until(text: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| ends(byte)).unwrap_or(text.len())
}

/// Length of the string that the text starts with, quotes included. A string without an end ends with its line, and
/// what follows is counted.
fn string_length(text: &[u8]) -> usize {
    if let Some(block) = text.strip_prefix(BLOCK) {
        let mut at = 0;
        while at < block.len() {
            if block[at..].starts_with(br#"\""""#) {
                at += 4;
            } else if block[at..].starts_with(BLOCK) {
                return 3 + at + 3;
            } else {
                at += 1;
            }
        }
        // Without an end it may be anything, so that its content is counted.
        return BLOCK.len();
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

    fn check(text: &str) -> Result<(), LimitExceeded> {
        super::check(text, &Limits::default())
    }

    #[test]
    fn a_field_that_an_object_gives_twice_is_found() {
        for text in [
            "{a(o:{x:1,y:{x:2}},p:{x:3}){x:y x:z}}",
            "query($o:O={x:1},$x:I){a(x:$x,l:[{x:1},{x:2}])@d(x:1){b(o:{x:\"x:1,x:2\"})}}",
            "{a(s:\"\"\"{x:1,x:2}\"\"\") # (o:{x:1,x:2})\n}",
        ] {
            assert_eq!(repeated_field(text), None, "{text}");
        }
        for text in [
            "{a(o:{x:1,x:2})}",
            "{a(o:{x:1,y:{z:1},x:2})}",
            "{a(o:{y:{x:1 x:1}})}",
            "{a(l:[{x:1},{x:1,x:2}])}",
            "query($o:O={x:1,x:2}){a}",
            "{a @d(o:{x :1, x: 2})}",
        ] {
            assert_eq!(repeated_field(text), Some("x"), "{text}");
        }
    }

    #[test]
    fn the_limit_passes_and_one_more_is_refused() {
        let limits = Limits::default();
        for (open, close) in [("[", "]"), ("{", "}"), ("(", ")")] {
            let nested = |levels: usize| open.repeat(levels) + &close.repeat(levels);
            assert_eq!(check(&nested(limits.nesting)), Ok(()));
            assert_eq!(
                check(&nested(limits.nesting + 1)),
                Err(LimitExceeded::Nesting(limits.nesting))
            );
        }
        assert_eq!(check(&"a ".repeat(limits.tokens)), Ok(()));
        assert_eq!(
            check(&"a ".repeat(limits.tokens + 1)),
            Err(LimitExceeded::Tokens(limits.tokens))
        );
        assert_eq!(check(&",".repeat(limits.document_bytes)), Ok(()));
        assert_eq!(
            check(&",".repeat(limits.document_bytes + 1)),
            Err(LimitExceeded::Bytes(limits.document_bytes))
        );
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
        let escaped = r#"\""" "#.repeat(9);
        for start in [
            "\"",
            "\"\n",
            "\"\"\"",
            "\"\"\" \\\"\"\" \"",
            escaped.as_str(),
            "\"\\\" \n",
            "\"\" ",
            "# \r",
        ] {
            assert!(
                matches!(
                    check(&format!("{start}{brackets}")),
                    Err(LimitExceeded::Nesting(_))
                ),
                "{start}"
            );
        }
    }

    /// Each looks like the beginning of a block string, whose end would be searched for.
    #[test]
    fn many_strings_without_an_end_are_searched_once() {
        let limits = Limits {
            document_bytes: 4 << 20,
            tokens: 1_000_000,
            ..Limits::default()
        };
        let text = r#"\""""#.repeat(1 << 20);
        assert_eq!(
            super::check(&text, &limits),
            Err(LimitExceeded::Tokens(limits.tokens))
        );
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
