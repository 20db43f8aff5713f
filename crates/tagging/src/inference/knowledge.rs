//! Knowledge of an estate besides its groups: the values in use, the words of each account, the values of each key.

use std::collections::HashMap;

use super::groups::GroupKind;
use super::lexicon::{Lexicon, WordStrength};
use super::name_tokens::NameTokens;
use super::observation::Observation;
use super::reliability::{GroupBucket, WordBucket};
use super::stable_hash::{HashMapOfHashes, StableHash, run_hash, text_hash};
use super::tally::{ValueCount, count_bucket, purity_bucket};
use super::votes::{Vote, VoteOrigin};
use super::word_hit::{WordHit, WordPlace};

/// Names of an account whose words are known, below which they say nothing about each other.
const FEW_WORDS: u32 = 3;
/// Names of an account whose words are known, below which a rare word is no surprise.
const ENOUGH_WORDS: u32 = 5;

/// Values that are known, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Values {
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }

    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }
}

/// Knowledge of an estate beside its groups.
#[derive(Default)]
pub(crate) struct Knowledge {
    pub values: Values,
    /// Value of each word of the lexicon.
    pub word_values: Vec<u32>,
    /// Account and key to the values that its names' words mean, the most frequent first.
    pub account_words: HashMapOfHashes<Vec<ValueCount>>,
    /// Per key, values and the labels that have them.
    pub supports: Vec<HashMap<u32, u32>>,
    /// Run of tokens to the keys and values that it spells.
    runs: HashMapOfHashes<Vec<(u8, u32)>>,
}

/// Account and key as one hash.
pub(crate) fn account_key(account: u64, key: u8) -> u64 {
    StableHash::new(key).hash(account).finish()
}

impl Knowledge {
    pub(crate) fn new(lexicon: &Lexicon, values: Values) -> Self {
        let mut knowledge = Self {
            values,
            supports: vec![HashMap::new(); lexicon.keys().len()],
            ..Self::default()
        };
        let words = lexicon.words().iter();
        knowledge.word_values = words.map(|word| knowledge.values.number(&word.value)).collect();
        knowledge
    }

    /// Makes the values of all keys ready to be found in names. Keys whose values the vocabulary lists are left to words.
    pub(crate) fn index_values(&mut self, lexicon: &Lexicon) {
        self.runs = HashMapOfHashes::default();
        let mut tokens = NameTokens::default();
        let vocabulary = lexicon.vocabulary();
        for (key, supports) in (0u8..).zip(&self.supports) {
            let name = &lexicon.keys()[usize::from(key)];
            if vocabulary.key(name).is_some_and(|key| !key.values.is_empty()) {
                continue;
            }
            let mut known: Vec<u32> = supports.keys().copied().collect();
            known.sort_unstable();
            for value in known {
                let text = self.values.text(value);
                tokens.read(text.split('@').next().unwrap_or(text), false);
                let hashes: Vec<u64> = tokens.iter().map(text_hash).collect();
                if text.len() < 3 || hashes.is_empty() {
                    continue;
                }
                let mut spellings = vec![run_hash(&hashes)];
                if hashes.len() > 1 {
                    let joined: String = tokens.iter().collect();
                    spellings.push(run_hash(&[text_hash(&joined)]));
                }
                for spelling in spellings {
                    self.runs.entry(spelling).or_default().push((key, value));
                }
            }
        }
    }

    /// Votes of values that occur in the name. `hidden` tells how many labels of a value are not to be counted.
    pub(crate) fn value_votes(
        &self,
        seen: &Observation,
        mut hidden: impl FnMut(u8, u32) -> u32,
        mut vote: impl FnMut(u8, Vote),
    ) {
        for (index, run) in (0u16..).zip(&seen.runs) {
            for &(key, value) in self.runs.get(&run.id).into_iter().flatten() {
                let supports = &self.supports[usize::from(key)];
                let support = supports.get(&value).copied().unwrap_or_default();
                let support = support.saturating_sub(hidden(key, value));
                if support == 0 {
                    continue;
                }
                let kind = if run.first == 0 {
                    GroupKind::ValueFirst
                } else {
                    GroupKind::ValueInside
                };
                let bucket = GroupBucket::of(kind, count_bucket(support), run.length.min(5));
                vote(
                    key,
                    Vote {
                        value,
                        origin: VoteOrigin::KnownValue { index, bucket },
                        voters: support,
                        agreeing: support,
                        weight: 0.0,
                        odds: 0.0,
                    },
                );
            }
        }
    }

    /// Votes of words, and of the account's words where the resource has none of its own.
    pub(crate) fn word_votes(&self, lexicon: &Lexicon, seen: &Observation, key: u8, votes: &mut Vec<Vote>) {
        let account = self
            .account_words
            .get(&account_key(seen.account, key))
            .map_or(&[][..], Vec::as_slice);
        let total: u32 = account.iter().map(|found| found.count).sum();
        let own = self.strong_words(lexicon, seen, key);
        for (index, hit) in (0u16..).zip(&seen.words) {
            let Some(word) = lexicon.word(*hit).filter(|word| word.key == key) else {
                continue;
            };
            let value = self.word_values[hit.word as usize];
            let share = if total < ENOUGH_WORDS {
                0
            } else {
                let found = account.iter().find(|found| found.value == value);
                match f64::from(found.map_or(0, |found| found.count)) / f64::from(total) {
                    share if share < 0.05 => 1,
                    share if share <= 0.9 => 2,
                    _ => 3,
                }
            };
            let alone = match own {
                StrongWords::None => word.strength == WordStrength::Ambiguous,
                StrongWords::One(value) => self.word_values[hit.word as usize] == value,
                StrongWords::Several => false,
            };
            let prior = word_prior(word.strength, alone, *hit, share);
            votes.push(Vote {
                value,
                origin: VoteOrigin::Word {
                    index,
                    bucket: WordBucket::new(word.id, hit.position(), alone, share, prior),
                },
                voters: 0,
                agreeing: 0,
                weight: 0.0,
                odds: 0.0,
            });
        }
        if own == StrongWords::None && total >= FEW_WORDS {
            votes.extend(account.first().map(|top| account_vote(*top, total)));
        }
    }

    /// Value of the strong words, if they agree; of the likely ones where there are none.
    pub(crate) fn strong_words(&self, lexicon: &Lexicon, seen: &Observation, key: u8) -> StrongWords {
        let words = seen
            .words
            .iter()
            .filter_map(|hit| Some((hit.word, lexicon.word(*hit)?)));
        let words = words.filter(|(_, word)| word.key == key && word.strength > WordStrength::Ambiguous);
        let Some(strongest) = words.clone().map(|(_, word)| word.strength).max() else {
            return StrongWords::None;
        };
        let mut values = words
            .filter(|(_, word)| word.strength == strongest)
            .map(|(at, _)| self.word_values[at as usize]);
        match values.next() {
            Some(value) if values.all(|other| other == value) => StrongWords::One(value),
            _ => StrongWords::Several,
        }
    }
}

/// Values that the strong words of a resource mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrongWords {
    None,
    One(u32),
    Several,
}

fn account_vote(top: ValueCount, total: u32) -> Vote {
    let purity = purity_bucket(top.count, total);
    let prior = match purity {
        5 => 0.89,
        4 => 0.87,
        3 => 0.8,
        2 => 0.6,
        _ => 0.4,
    };
    let size = u64::from(count_bucket(total)) << 8 | u64::from(purity);
    Vote {
        value: top.value,
        origin: VoteOrigin::AccountWords {
            bucket: WordBucket::new(size, u8::MAX, false, 0, prior),
        },
        voters: total,
        agreeing: top.count,
        weight: 0.0,
        odds: 0.0,
    }
}

/// Reliability of a word where nothing is measured: of words that stand alone, and of those that others contradict.
fn word_prior(strength: WordStrength, alone: bool, hit: WordHit, share: u8) -> f64 {
    let base = match (strength, hit.place) {
        (WordStrength::Ambiguous, _) => return if alone { 0.45 } else { 0.2 },
        _ if !alone => return 0.45,
        (WordStrength::Likely, WordPlace::Id) => 0.7,
        (WordStrength::Strong, WordPlace::Id) | (WordStrength::Likely, _) => 0.85,
        (WordStrength::Strong, _) if hit.contested => 0.85,
        (WordStrength::Strong, _) => 0.97,
    };
    // A word that hardly any other name of the account has.
    if share == 1 { base - 0.2 } else { base }
}
