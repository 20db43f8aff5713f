//! Inputs that are nearly right: an entry of a corpus, cut, doubled, spliced and sprinkled with what parsers dislike.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Characters that the parsers of text, JSON, GraphQL, CEL and CSV each take for something special.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\"\"\"",
    "'",
    "\\",
    "\\u0000",
    "\\u{d800}",
    "\\ud800",
    "$",
    "@",
    "!",
    "...",
    "#",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "é",
    "😀",
    "\u{202e}",
    ",",
    ";",
    ":",
    "=",
    "==",
    "&&",
    "||",
    "?",
    ".",
    "-",
    "-0",
    "1e999",
    "9223372036854775808",
    "-9223372036854775809",
    "0x",
    "NaN",
    "null",
    "true",
    "__typename",
    "on",
    "fragment",
    "query",
    "mutation",
    "subscription",
    "@skip(if: true)",
    "@include(if: $x)",
    "%",
    "\u{fffd}",
];

/// Mutation of an input; positions are relative to its length.
#[derive(Clone, Debug)]
enum Twist {
    Cut(Index, Index),
    Double(Index, Index),
    Insert(Index, &'static str, usize),
    Splice(Index, Index, Index),
    Flip(Index, u8),
}

impl Twist {
    fn apply(&self, bytes: &mut Vec<u8>, corpus: &[&str]) {
        match self {
            Self::Cut(one, two) => drop(bytes.drain(range(bytes, *one, *two))),
            Self::Double(one, two) => {
                let range = range(bytes, *one, *two);
                let copy = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, copy);
            }
            Self::Insert(at, token, times) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, token.repeat(*times).into_bytes());
            }
            Self::Splice(at, entry, from) => {
                let entry = entry.get(corpus).as_bytes();
                let tail = &entry[from.index(entry.len() + 1)..];
                bytes.truncate(at.index(bytes.len() + 1));
                bytes.extend_from_slice(tail);
            }
            Self::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Self::Flip(..) => {}
        }
    }
}

fn range(bytes: &[u8], one: Index, two: Index) -> std::ops::Range<usize> {
    let (one, two) = (one.index(bytes.len() + 1), two.index(bytes.len() + 1));
    one.min(two)..one.max(two)
}

fn mutate() -> impl Strategy<Value = Twist> {
    let place = any::<Index>;
    // Mostly once, and now and then so often that it nests, repeats or fills.
    let times = prop_oneof![8 => 1_usize..4, 1 => 60_usize..70, 1 => 400_usize..2_000];
    prop_oneof![
        3 => (place(), place()).prop_map(|(one, two)| Twist::Cut(one, two)),
        2 => (place(), place()).prop_map(|(one, two)| Twist::Double(one, two)),
        4 => (place(), select(TOKENS), times).prop_map(|(at, token, times)| Twist::Insert(at, token, times)),
        2 => (place(), place(), place()).prop_map(|(at, entry, from)| Twist::Splice(at, entry, from)),
        1 => (place(), 0_u8..8).prop_map(|(at, bit)| Twist::Flip(at, bit)),
    ]
}

/// The entries of a corpus: a line with `%%` is between them.
pub fn entries(corpus: &'static str) -> Vec<&'static str> {
    corpus.split("\n%%\n").map(str::trim_end).collect()
}

/// Entries of a corpus as they are, and mutated up to four times.
pub fn bytes(corpus: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let corpus = entries(corpus);
    (any::<Index>(), prop::collection::vec(mutate(), 0..5)).prop_map(move |(entry, mutations)| {
        let mut bytes = entry.get(&corpus).as_bytes().to_vec();
        for mutate in mutations {
            mutate.apply(&mut bytes, &corpus);
        }
        bytes
    })
}

/// The same as text.
pub fn text(corpus: &'static str) -> impl Strategy<Value = String> {
    bytes(corpus).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
