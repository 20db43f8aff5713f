//! Folding of spellings: what differs in case, separators or one slip of the hand is the same word.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::tokens::{is_letter_or_digit, tokens};

/// Letters that a word must have for a slip in it to be recognised.
const LONG_WORD: usize = 6;

/// Dot that lower-casing `İ` leaves above an `i` that has one.
const DOT_ABOVE: char = '\u{307}';

/// Lower case, composed letters: `É` is the same as `E` and an accent behind it, and `İ` is an `i`.
pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut lower = String::with_capacity(text.len());
    for c in text.nfc().flat_map(char::to_lowercase) {
        if c != DOT_ABOVE || !lower.ends_with('i') {
            lower.push(c);
        }
    }
    lower.nfc().collect()
}

/// Lower case, letters and digits only: `Cost Center`, `cost_center` and `CostCenter` are one spelling.
pub(super) fn fold(text: &str) -> String {
    let mut folded = lower(text);
    folded.retain(is_letter_or_digit);
    folded
}

/// Lower case, every run of other characters becomes one `-`. A dot between digits stays: `1.10` is no `1-10`.
pub(super) fn slug(text: &str) -> String {
    let text = lower(text);
    let mut slug = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let is_decimal = c == '.'
            && slug.ends_with(|before: char| before.is_ascii_digit())
            && letters.peek().is_some_and(char::is_ascii_digit);
        if is_letter_or_digit(c) || is_decimal {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The first mail address in `text`, lower-case.
pub(super) fn mail_address(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "@._+-'".contains(c);
    text.split(|c: char| !allowed(c))
        .map(|word| word.trim_matches(['.', '-', '\'']))
        .find(|word| {
            word.split_once('@').is_some_and(|(user, domain)| {
                !user.is_empty() && domain.contains('.') && !domain.contains('@')
            })
        })
        .map(str::to_ascii_lowercase)
}

/// Long spellings by how they begin and by how they end: one slip leaves one of both as it is.
#[derive(Default)]
pub(super) struct TypoIndex {
    by_edge: HashMap<([char; 2], bool), Vec<String>>,
}

impl TypoIndex {
    /// Index of those spellings, folded, that are long enough for a slip to be recognised.
    pub fn new<'a>(spellings: impl Iterator<Item = &'a String>) -> Self {
        let mut index = Self::default();
        for spelling in spellings {
            if spelling.chars().count() >= LONG_WORD
                && let Some((start, end)) = edges(spelling)
            {
                index
                    .by_edge
                    .entry((start, false))
                    .or_default()
                    .push(spelling.clone());
                index
                    .by_edge
                    .entry((end, true))
                    .or_default()
                    .push(spelling.clone());
            }
        }
        for spellings in index.by_edge.values_mut() {
            spellings.sort();
        }
        index
    }

    /// The only spelling that one slip makes of `folded`, which is none itself: a letter left out, doubled, exchanged
    /// for another, or two that changed places. `raw` is how it was written: the slip must be in a long word of it.
    pub fn nearest(&self, raw: &str, folded: &str) -> Option<&str> {
        if folded.chars().count() < LONG_WORD || !folded.chars().all(char::is_alphabetic) {
            return None;
        }
        let (start, end) = edges(folded)?;
        // One letter makes `not production` the phrase `non production`, and says the opposite of a slip.
        let negated = folded.starts_with("not");
        let mut found: Option<&str> = None;
        for edge in [(start, false), (end, true)] {
            for spelling in self.by_edge.get(&edge).into_iter().flatten() {
                let known = found == Some(spelling.as_str());
                if known
                    || negated && !spelling.starts_with("not")
                    || !is_one_slip(folded, spelling)
                    || !in_long_word(raw, folded, spelling)
                {
                    continue;
                }
                if found.is_some() {
                    return None;
                }
                found = Some(spelling);
            }
        }
        found
    }
}

fn edges(text: &str) -> Option<([char; 2], [char; 2])> {
    let mut chars = text.chars();
    let start = [chars.next()?, chars.next()?];
    let mut back = text.chars().rev();
    Some((start, [back.next()?, back.next()?]))
}

/// True at Damerau-Levenshtein distance 1 (in its restricted form, which is the same at distance 1).
fn is_one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (long, short) = if a.len() >= b.len() { (&a, &b) } else { (&b, &a) };
    let same = long.iter().zip(short.iter()).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 => {
            let (x, y) = (&long[same..], &short[same..]);
            let exchanged = x.len() > 1 && x[0] == y[1] && x[1] == y[0] && x[2..] == y[2..];
            !x.is_empty() && (exchanged || x[1..] == y[1..])
        }
        1 => long[same + 1..] == short[same..],
        _ => false,
    }
}

/// True if the first difference of `folded` and `spelling` is in a long word of `raw`, of which `folded` is the fold.
fn in_long_word(raw: &str, folded: &str, spelling: &str) -> bool {
    let same = folded
        .chars()
        .zip(spelling.chars())
        .take_while(|(x, y)| x == y)
        .count();
    let mut at = 0;
    for token in tokens(raw) {
        let letters = token.text.chars().count();
        at += letters;
        if same < at {
            return letters >= LONG_WORD;
        }
    }
    tokens(raw)
        .last()
        .is_some_and(|token| token.text.chars().count() + 1 >= LONG_WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_script_stay_whole() {
        for (text, word) in [
            ("TİCARET", "ticaret"),
            ("İstanbul Şube", "istanbul-şube"),
            ("IĞDIR", "iğdir"),
            ("Cafe\u{301} Nord", "café-nord"),
            ("Größe", "größe"),
            ("हिन्दी टीम", "हिन्दी-टीम"),
            ("ทีมข้อมูล", "ทีมข้อมูล"),
            ("データ 基盤", "データ-基盤"),
            ("فَريق", "فَريق"),
            ("Команда_Й", "команда-й"),
        ] {
            assert_eq!(slug(text), word, "{text}");
            assert_eq!(slug(word), word, "{text} a second time");
            assert_eq!(fold(text), word.replace('-', ""), "{text}");
        }
    }

    #[test]
    fn one_slip_is_one_edit() {
        for (a, b) in [
            ("enviroment", "environment"),
            ("produciton", "production"),
            ("stagging", "staging"),
            ("developmant", "development"),
        ] {
            assert!(is_one_slip(a, b) && is_one_slip(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("staging", "staging"),
            ("product", "project"),
            ("abcdef", "badcfe"),
            ("environment", "envirment"),
        ] {
            assert!(!is_one_slip(a, b), "{a} {b}");
        }
    }

    #[test]
    fn slips_are_recognised_in_long_words_only_and_where_one_spelling_is_near() {
        let spellings = ["production", "encoded", "envtype", "training", "costcenter"].map(String::from);
        let index = TypoIndex::new(spellings.iter());
        let nearest = |raw: &str| index.nearest(raw, &fold(raw)).map(str::to_owned);
        assert_eq!(nearest("prodution").as_deref(), Some("production"));
        assert_eq!(
            nearest("Cost-Centre"),
            Some("costcenter".into()),
            "two letters changed places"
        );
        assert_eq!(nearest("cot-center"), None, "the slip is in a short word");
        assert_eq!(nearest("enc-type"), None);
        let close = ["payments", "payment"].map(String::from);
        let index = TypoIndex::new(close.iter());
        assert_eq!(
            index.nearest("paymentx", "paymentx"),
            None,
            "as near to one as to the other"
        );
    }
}
