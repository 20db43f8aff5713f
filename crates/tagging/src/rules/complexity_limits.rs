//! The cheap look at a condition's text before any parser sees it, and the limits on patterns.
//!
//! The CEL parser recurses per nesting level and per operator and would overflow the stack (which aborts the
//! process) on hostile text. This lexer has no recursion: it bounds length, tokens and nesting first.

use regex::{Regex, RegexBuilder};

use super::ConditionError;

/// Longest condition, in bytes.
pub(crate) const MAX_BYTES: usize = 4096;
/// Most tokens; an `in` list of twelve-digit accounts that fills [`MAX_BYTES`] has some 550.
const MAX_TOKENS: usize = 1024;
/// Deepest nesting of brackets.
const MAX_NESTING: usize = 24;
/// Most `!` or `-` in a row.
const MAX_UNARY: usize = 4;
/// Most `? :` in one condition; each nests the parser once more.
const MAX_TERNARIES: usize = 16;
/// Operators of two characters.
const PAIRS: [&[u8; 2]; 6] = [b"&&", b"||", b"==", b"!=", b"<=", b">="];
/// Longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 512;
/// Largest compiled pattern, in bytes.
const MAX_PATTERN_MEMORY: usize = 1 << 20;
/// Largest cache of its matcher, in bytes; each thread that evaluates it has one.
const MAX_PATTERN_CACHE: usize = 256 << 10;

/// Refuses text that is too long, has too many tokens, nests too deeply, or does not close its strings.
pub(crate) fn check(text: &str) -> Result<(), ConditionError> {
    if text.len() > MAX_BYTES {
        return Err(ConditionError::new(
            MAX_BYTES,
            format!("longer than {MAX_BYTES} bytes"),
        ));
    }
    let bytes = text.as_bytes();
    let mut counts = TokenCounts::default();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'\'' | b'"' => string_end(bytes, at, false).ok_or_else(|| unclosed(start))?,
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => word_end(bytes, at)?,
            _ if PAIRS.iter().any(|pair| bytes[at..].starts_with(*pair)) => at + 2,
            _ => at + 1,
        };
        counts.add(&bytes[start..at], start)?;
    }
    Ok(())
}

fn unclosed(at: usize) -> ConditionError {
    ConditionError::new(at, "the string is not closed")
}

/// The end of a word, or of the string that it prefixes (`r'...'`).
fn word_end(bytes: &[u8], start: usize) -> Result<usize, ConditionError> {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = bytes[start..].iter().take_while(|byte| word(byte)).count();
    let end = start + length;
    let prefix = bytes[start..end].to_ascii_lowercase();
    let quoted = matches!(bytes.get(end), Some(b'\'' | b'"'));
    match prefix.as_slice() {
        b"r" | b"br" | b"rb" if quoted => string_end(bytes, end, true).ok_or_else(|| unclosed(start)),
        b"b" if quoted => string_end(bytes, end, false).ok_or_else(|| unclosed(start)),
        _ => Ok(end),
    }
}

/// The byte after the string literal whose quotes start at `start`.
fn string_end(bytes: &[u8], start: usize, raw: bool) -> Option<usize> {
    let quote = bytes[start];
    let triple = bytes[start..].starts_with(&[quote; 3]);
    let closing: &[u8] = if triple { &[quote; 3] } else { &[quote] };
    let mut at = start + closing.len();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !raw => at += 2,
            b'\n' if !triple => return None,
            _ if bytes[at..].starts_with(closing) => return Some(at + closing.len()),
            _ => at += 1,
        }
    }
    None
}

#[derive(Default)]
struct TokenCounts {
    tokens: usize,
    nesting: usize,
    unary: usize,
    ternaries: usize,
}

impl TokenCounts {
    fn add(&mut self, token: &[u8], at: usize) -> Result<(), ConditionError> {
        self.tokens += 1;
        match token {
            [b'(' | b'[' | b'{'] => self.nesting += 1,
            [b')' | b']' | b'}'] => self.nesting = self.nesting.saturating_sub(1),
            [b'?'] => self.ternaries += 1,
            _ => {}
        }
        self.unary = if matches!(token, b"!" | b"-") {
            self.unary + 1
        } else {
            0
        };
        let refuse = |reason: String| Err(ConditionError::new(at, reason));
        if self.tokens > MAX_TOKENS {
            return refuse(format!("more than {MAX_TOKENS} tokens"));
        }
        if self.nesting > MAX_NESTING {
            return refuse(format!("brackets nest deeper than {MAX_NESTING}"));
        }
        if self.unary > MAX_UNARY {
            return refuse(format!("more than {MAX_UNARY} unary operators in a row"));
        }
        if self.ternaries > MAX_TERNARIES {
            return refuse(format!("more than {MAX_TERNARIES} conditional operators"));
        }
        Ok(())
    }
}

/// Compiles a pattern under limits of length, size and memory; refuses others with one line of reason.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    if text.len() > MAX_PATTERN_BYTES {
        return Err(format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes"));
    }
    let built = RegexBuilder::new(text)
        .size_limit(MAX_PATTERN_MEMORY)
        .dfa_size_limit(MAX_PATTERN_CACHE)
        .nest_limit(32)
        .build();
    built.map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default();
        format!("not a valid pattern: {}", last.trim_start_matches("error: "))
    })
}

#[cfg(test)]
mod tests {
    use super::{check, pattern};

    #[test]
    fn ordinary_conditions_pass() {
        for text in [
            "resource.name.startsWith('prod-') && !('team' in resource.tags)",
            r"resource.name.matches(r'^a\') // ((((((((((((((((((((((((((((((((((",
            "resource.name == '(((((((((((((((((((((((((((((((((((((((((((((('",
            "resource.name == '''it's (fine'''",
            "resource.name == 'größe \\' ('",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn hostile_text_is_refused_with_its_position() {
        assert_eq!(check(&"(".repeat(30)).unwrap_err().position, Some(24));
        assert_eq!(check("!!!!!true").unwrap_err().position, Some(4));
        assert_eq!(check("a == 'b").unwrap_err().position, Some(5));
        assert!(check(&"1+".repeat(600)).unwrap_err().reason.contains("tokens"));
        assert!(
            check(&"a?b:".repeat(20))
                .unwrap_err()
                .reason
                .contains("conditional")
        );
        assert!(check(&" ".repeat(5000)).unwrap_err().reason.contains("bytes"));
    }

    #[test]
    fn patterns_are_bounded() {
        assert!(pattern("^[a-z]+-").is_ok());
        assert!(pattern(r"\w+(-\w+){1,8}").is_ok());
        assert!(pattern("(").unwrap_err().contains("not a valid pattern"));
        assert!(pattern(r"(\w{100}){100}").is_err());
        assert!(pattern(&"(".repeat(400)).is_err());
        assert!(pattern(&"a".repeat(600)).is_err());
    }
}
