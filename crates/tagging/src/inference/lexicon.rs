//! Words and phrases of the vocabulary that name values, as they are looked for in names and tags.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use parking_lot::RwLock;
use regex::Regex;

use super::stable_hash::{HashMapOfHashes, StableHash, run_hash, text_hash};
use super::word_hit::{WordHit, WordPlace};
use crate::Vocabulary;
use crate::tokens::tokens;
use crate::vocabulary::{FILLERS, NEGATIONS};

/// Keys of tags whose meaning is remembered.
const MAX_REMEMBERED_KEYS: usize = 65_536;
/// Tokens of a text that are looked at.
const MAX_TEXT_TOKENS: usize = 48;

/// Word or phrase that names a value of a governed key.
#[derive(Clone, Debug)]
pub(crate) struct LexiconWord {
    /// Index of the key.
    pub key: u8,
    /// Canonical value.
    pub value: String,
    /// The word or phrase, its tokens joined by `-`.
    pub text: String,
    /// Stable hash of the word and its value.
    pub id: u64,
    pub strength: WordStrength,
}

/// Strength of a word where nothing is measured: each estate's tags tell what it is worth there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WordStrength {
    /// Also names other things, and must earn its weight.
    Ambiguous,
    /// Means its value more often than not.
    Likely,
    /// Almost always means its value.
    Strong,
}

/// Names of devices, in which `dev` is a directory: `/dev/sda1`, `dev-xvdf`.
static DEVICES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let disks = "xvd[a-z]{1,2}|nvme[0-9]+(?:n[0-9]+)?";
    let path = format!(
        "/(?:{disks}|sd[a-z]{{1,2}}|hd[a-z]|vd[a-z]|md[0-9]+|dm-[0-9]+|loop[0-9]+|mapper|disk|null|shm)"
    );
    let joined = format!("[_-](?:{disks}|sd[a-h])");
    Regex::new(&format!(
        r"\b[Dd]ev(?:{path}|{joined})(?:p?[0-9]+)?(?:[^0-9A-Za-z]|$)"
    ))
    .ok()
});

/// The text without names of devices.
fn without_devices(text: &str) -> Cow<'_, str> {
    match &*DEVICES {
        Some(devices) if text.contains("ev/") || text.contains("ev-") || text.contains("ev_") => {
            devices.replace_all(text, " ")
        }
        _ => Cow::Borrowed(text),
    }
}

/// Words of a vocabulary and what they mean.
pub(crate) struct Lexicon {
    vocabulary: Arc<Vocabulary>,
    keys: Vec<String>,
    /// Per key, true if the vocabulary governs it: a model may have been trained on keys that it does not govern any more.
    governed: Vec<bool>,
    words: Vec<LexiconWord>,
    /// Hash of a phrase to the index of its word.
    phrases: HashMapOfHashes<u32>,
    /// Hash of a token to the number of tokens of the longest phrase that begins with it.
    beginnings: HashMapOfHashes<usize>,
    negations: [u64; NEGATIONS.len()],
    fillers: [u64; FILLERS.len()],
    canonical_keys: RwLock<HashMapOfHashes<bool>>,
}

impl Lexicon {
    /// Words of all governed keys.
    pub(crate) fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self::with_keys(vocabulary, Vec::new())
    }

    /// Words of these keys, in this order, and of the governed keys that are not among them.
    pub(crate) fn with_keys(vocabulary: Arc<Vocabulary>, mut keys: Vec<String>) -> Self {
        for key in vocabulary.keys().iter().filter(|key| key.governed) {
            if !keys.contains(&key.name) {
                keys.push(key.name.clone());
            }
        }
        let is_governed = |name: &String| vocabulary.key(name).is_some_and(|key| key.governed);
        let mut lexicon = Self {
            vocabulary: Arc::clone(&vocabulary),
            governed: keys.iter().map(is_governed).collect(),
            keys,
            words: Vec::new(),
            phrases: HashMapOfHashes::default(),
            beginnings: HashMapOfHashes::default(),
            negations: NEGATIONS.map(text_hash),
            fillers: FILLERS.map(text_hash),
            canonical_keys: RwLock::default(),
        };
        for (index, name) in (0u8..).zip(lexicon.keys.clone()) {
            for value in vocabulary.key(&name).iter().flat_map(|key| &key.values) {
                for spelling in std::iter::once(&value.name).chain(&value.synonyms) {
                    let strength = if value.ambiguous.contains(spelling) {
                        WordStrength::Ambiguous
                    } else if value.likely.contains(spelling) {
                        WordStrength::Likely
                    } else {
                        WordStrength::Strong
                    };
                    lexicon.add(index, &value.name, spelling, strength);
                }
            }
        }
        lexicon
    }

    fn add(&mut self, key: u8, value: &str, spelling: &str, strength: WordStrength) {
        let parts: Vec<String> = tokens(spelling).map(|token| token.text.to_lowercase()).collect();
        // One letter names too much.
        if parts.iter().map(String::len).sum::<usize>() < 2 {
            return;
        }
        let hashes: Vec<u64> = parts.iter().map(|part| text_hash(part)).collect();
        let Some(first) = hashes.first() else { return };
        let index = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        if *self.phrases.entry(run_hash(&hashes)).or_insert(index) != index {
            return;
        }
        let longest = self.beginnings.entry(*first).or_default();
        *longest = hashes.len().max(*longest);
        let text = parts.join("-");
        self.words.push(LexiconWord {
            key,
            id: StableHash::new(key).text(value).text(&text).finish(),
            value: value.to_owned(),
            text,
            strength,
        });
    }

    /// Keys that a model was trained on, in its order, then the other governed ones in the order of the vocabulary.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// True if the vocabulary governs the key of that index.
    pub(crate) fn is_governed(&self, key: u8) -> bool {
        self.governed[usize::from(key)]
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub(crate) fn words(&self) -> &[LexiconWord] {
        &self.words
    }

    pub(crate) fn word(&self, hit: WordHit) -> Option<&LexiconWord> {
        self.words.get(hit.word as usize)
    }

    /// True if a tag of that key says what a canonical key asks for, surely or perhaps.
    pub(crate) fn is_canonical_key(&self, raw: &str) -> bool {
        let hash = text_hash(raw);
        if let Some(known) = self.canonical_keys.read().get(&hash) {
            return *known;
        }
        let meant = !self.vocabulary.key_matches(raw).is_empty() || crate::native_statements::is_flag(raw);
        let mut remembered = self.canonical_keys.write();
        if remembered.len() >= MAX_REMEMBERED_KEYS {
            remembered.clear();
        }
        remembered.insert(hash, meant);
        meant
    }

    /// True if the token, alone, names a value.
    pub(crate) fn names_a_value(&self, token: &str) -> bool {
        self.phrases.contains_key(&run_hash(&[text_hash(token)]))
    }

    /// True if the words before deny the next one.
    fn is_denied(&self, before: &[u64]) -> bool {
        let mut before = before.iter().rev().skip_while(|word| self.fillers.contains(word));
        before.next().is_some_and(|word| self.negations.contains(word))
    }

    /// Adds the words of `text`, longest phrases first, each word once per place. Words that are denied give nothing, nor
    /// do lists of several values. Of words for several values of one key, the last of the strongest counts: names go from the
    /// general to the particular.
    pub(crate) fn scan(&self, text: &str, place: WordPlace, scratch: &mut Vec<u64>, out: &mut Vec<WordHit>) {
        scratch.clear();
        let text = &*without_devices(text);
        let mut lower = String::new();
        scratch.extend(tokens(text).take(MAX_TEXT_TOKENS).map(|token| {
            if token
                .text
                .bytes()
                .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
            {
                lower.clear();
                lower.extend(token.text.chars().flat_map(char::to_lowercase));
                text_hash(&lower)
            } else {
                text_hash(token.text)
            }
        }));
        let before = out.len();
        let mut at = 0;
        while at < scratch.len() {
            let Some((word, length)) = self.longest(&scratch[at..]) else {
                at += 1;
                continue;
            };
            if !self.is_denied(&scratch[..at]) {
                out.push(WordHit {
                    place,
                    word,
                    contested: false,
                });
            }
            at += length;
        }
        if text.contains([',', ';', '|']) && self.is_a_list(&out[before..]) {
            out.truncate(before);
        }
        self.choose(before, out);
    }

    /// Keeps, of the words from `before` on, those of one value per key, and each word once per place.
    fn choose(&self, before: usize, out: &mut Vec<WordHit>) {
        let mut kept = before;
        for at in before..out.len() {
            let mut hit = out[at];
            let Some(word) = self.word(hit) else { continue };
            let of_key = out[before..].iter().filter_map(|other| self.word(*other));
            let of_key = of_key.filter(|other| other.key == word.key);
            // Of equals, the last one.
            let chosen = of_key.clone().max_by_key(|other| other.strength);
            let mut others = of_key.filter(|other| other.value != word.value);
            hit.contested = others.any(|other| other.strength >= word.strength);
            let seen = |other: &WordHit| (other.place, other.word) == (hit.place, hit.word);
            if chosen.is_some_and(|chosen| chosen.value == word.value) && !out[..kept].iter().any(seen) {
                out[kept] = hit;
                kept += 1;
            }
        }
        out.truncate(kept);
    }

    fn longest(&self, rest: &[u64]) -> Option<(u32, usize)> {
        let longest = *self.beginnings.get(rest.first()?)?;
        (1..=longest.min(rest.len())).rev().find_map(|length| {
            let word = self.phrases.get(&run_hash(&rest[..length]))?;
            Some((*word, length))
        })
    }

    fn is_a_list(&self, hits: &[WordHit]) -> bool {
        let mut meanings = hits
            .iter()
            .filter_map(|hit| self.word(*hit))
            .map(|word| (word.key, &word.value));
        let first = meanings.next();
        meanings.any(|meaning| Some(meaning) != first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let lexicon = Lexicon::new(Arc::new(Vocabulary::default()));
        let mut hits = Vec::new();
        lexicon.scan(text, WordPlace::Name, &mut Vec::new(), &mut hits);
        let words = hits.iter().filter_map(|hit| lexicon.word(*hit));
        words
            .map(|word| format!("{}={}", word.text, word.value))
            .collect()
    }

    #[test]
    fn words_count_only_at_token_borders() {
        assert_eq!(found("payroll-prod-01"), ["prod=production"]);
        assert_eq!(found("payrollProdDb"), ["prod=production"]);
        assert_eq!(found("web-prod1"), ["prod=production"]);
        assert_eq!(found("product-devices"), Vec::<String>::new());
    }

    #[test]
    fn phrases_come_before_words() {
        assert_eq!(found("pay-pre-prod"), ["pre-prod=pre-production"]);
        assert_eq!(found("pay_non-prod"), ["non-prod=non-production"]);
    }

    #[test]
    fn the_last_of_the_strongest_words_of_a_key_counts() {
        assert_eq!(found("dev-hub-prod"), ["prod=production"]);
        assert_eq!(found("prod-user-test"), ["prod=production"]);
        assert_eq!(found("live-stage-test"), ["test=test"]);
        assert_eq!(
            found("dev-dev-api-development"),
            ["dev=development", "development=development"]
        );
    }

    #[test]
    fn what_is_denied_or_listed_names_nothing() {
        assert_eq!(found("NotProd"), Vec::<String>::new());
        assert_eq!(found("Prod,Dev"), Vec::<String>::new());
        assert_eq!(found("prod, payroll"), ["prod=production"]);
    }
}
