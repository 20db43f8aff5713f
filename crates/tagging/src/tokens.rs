//! Splits names at token borders without allocating.

use unicode_normalization::char::is_combining_mark;

/// True for letters and digits, and for the marks that belong to a letter: accents, vowel signs.
pub(crate) fn is_letter_or_digit(c: char) -> bool {
    c.is_alphanumeric() || !c.is_ascii() && is_combining_mark(c)
}

/// One token of a name: a run of letters or a run of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameToken<'a> {
    /// The token as spelled in the name.
    pub text: &'a str,
    /// Byte offset of the token in the name.
    pub start: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CharacterClass {
    Separator,
    Lower,
    Upper,
    Digit,
    /// Mark of the letter before it.
    Mark,
}

fn class(c: char) -> CharacterClass {
    if !c.is_ascii() && is_combining_mark(c) {
        CharacterClass::Mark
    } else if c.is_uppercase() {
        CharacterClass::Upper
    } else if c.is_alphabetic() {
        CharacterClass::Lower
    } else if c.is_numeric() {
        CharacterClass::Digit
    } else {
        CharacterClass::Separator
    }
}

/// The tokens of `name`, in order. Borders are: anything that is neither letter nor digit, between letters and
/// digits (`prod1`), before an upper-case letter that follows a lower-case one (`payProd`), and before the last
/// upper-case letter of a run that a lower-case one follows (`APIProd` is `API`, `Prod`).
pub fn tokens(name: &str) -> impl Iterator<Item = NameToken<'_>> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let begins = |c| !matches!(class(c), CharacterClass::Separator | CharacterClass::Mark);
        let start = rest + name[rest..].find(begins)?;
        let end = start + token_length(&name[start..]);
        rest = end;
        Some(NameToken {
            text: &name[start..end],
            start,
        })
    })
}

/// Bytes of the token that `text` starts with; `text` starts with a letter or digit.
fn token_length(text: &str) -> usize {
    let mut previous: Option<(usize, CharacterClass)> = None;
    let mut upper_run = 0;
    for (at, c) in text.char_indices() {
        let now = class(c);
        if now == CharacterClass::Mark {
            continue;
        }
        if let Some((previous_at, before)) = previous {
            match (before, now) {
                (CharacterClass::Upper, CharacterClass::Lower) if upper_run > 1 => return previous_at,
                (CharacterClass::Upper, CharacterClass::Lower) => {}
                (a, b) if a == b => {}
                _ => return at,
            }
        }
        upper_run = if now == CharacterClass::Upper {
            upper_run + 1
        } else {
            0
        };
        previous = Some((at, now));
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{is_combining_mark, tokens};
    use proptest::prelude::*;

    fn split(name: &str) -> Vec<&str> {
        tokens(name).map(|token| token.text).collect()
    }

    #[test]
    fn splits_at_every_kind_of_border() {
        assert_eq!(split("pay-prod_db.01"), ["pay", "prod", "db", "01"]);
        assert_eq!(split("payProdDb"), ["pay", "Prod", "Db"]);
        assert_eq!(split("APIProd2x"), ["API", "Prod", "2", "x"]);
        assert_eq!(split("/aws/lambda/x"), ["aws", "lambda", "x"]);
        assert_eq!(split("--"), Vec::<&str>::new());
        assert_eq!(split("Größe-ÉtéX"), ["Größe", "Été", "X"]);
        assert_eq!(split("Cafe\u{301}Nord-हिन्दी"), ["Cafe\u{301}", "Nord", "हिन्दी"]);
        assert_eq!(split("product"), ["product"], "`prod` inside a word is no token");
    }

    proptest! {
        #[test]
        fn tokens_are_what_is_alphanumeric_in_order(name in "\\PC{0,40}") {
            let is_mark = |c: &char| is_combining_mark(*c);
            let kept: String = name.chars().filter(|c| c.is_alphanumeric() && !is_mark(c)).collect();
            let joined: String = tokens(&name).map(|token| token.text).collect();
            let letters: String = joined.chars().filter(|c| !is_mark(c)).collect();
            prop_assert_eq!(letters, kept);
            for token in tokens(&name) {
                prop_assert!(!token.text.is_empty());
                prop_assert_eq!(&name[token.start..token.start + token.text.len()], token.text);
            }
        }

        #[test]
        fn separators_always_border(words in proptest::collection::vec("[a-z]{1,6}", 1..6), separator in "[-_./: ]") {
            let name = words.join(&separator);
            prop_assert_eq!(split(&name), words);
        }
    }
}
