//! Miner: from resources to patterns and their members.
//!
//! Terms are counted as resources come, by hash; the text of a term is kept once it is frequent. Pairs are counted over
//! frequent terms only. Patterns with the same members are one, the clearest. So a million resources take seconds.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::cell_table::CellTable;
use super::index::SuggestionIndex;
use super::interner::Interner;
use super::members::NumberLists;
use super::number_hash::{NumberHasher, mix};
use super::pattern::PatternTerm;
use super::spread::{MinedPattern, PatternSpread};
use super::terms::{BorrowedTerm, TermKind, family_of, terms_of};
use super::{MinerInput, MinerSettings};
use crate::Vocabulary;

type NumberMap<V> = HashMap<u64, V, BuildHasherDefault<NumberHasher>>;

/// A pattern has at least one member in so many resources of the estate.
const RESOURCES_PER_MEMBER: usize = 20_000;

/// Set of resources, by number and sum of hashes: equal sets are equal, and different ones differ but for chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct SetFingerprint {
    count: u32,
    sum: u64,
}

impl SetFingerprint {
    fn add(&mut self, row: u32) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(mix(u64::from(row) + 1));
    }
}

/// Collects the resources of an estate.
pub struct SuggestionMiner {
    vocabulary: Arc<Vocabulary>,
    settings: MinerSettings,
    cells: CellTable,
    costs: Vec<f32>,
    families: Vec<u32>,
    accounts: Vec<u32>,
    family_numbers: NumberMap<u32>,
    account_numbers: Interner,
    term_numbers: NumberMap<u32>,
    sets: Vec<SetFingerprint>,
    /// Terms that are frequent by now.
    texts: HashMap<u32, (TermKind, PatternTerm)>,
    /// Words of stems.
    words: HashMap<u32, BTreeSet<String>>,
    rows: NumberLists,
}

impl SuggestionMiner {
    /// Miner for the governed keys of a vocabulary.
    pub fn new(vocabulary: Arc<Vocabulary>, settings: MinerSettings) -> Self {
        let governed = vocabulary.keys().iter().filter(|key| key.governed);
        let keys = governed.map(|key| key.name.clone()).collect();
        Self {
            vocabulary,
            settings,
            cells: CellTable::new(keys),
            costs: Vec::new(),
            families: Vec::new(),
            accounts: Vec::new(),
            family_numbers: NumberMap::default(),
            account_numbers: Interner::default(),
            term_numbers: NumberMap::default(),
            sets: Vec::new(),
            texts: HashMap::new(),
            words: HashMap::new(),
            rows: NumberLists::default(),
        }
    }

    /// Takes a resource; the first has the number 0.
    pub fn add(&mut self, input: MinerInput) {
        let row = self.cells.len() as u32;
        self.cells.push(&input.holds, &input.guesses);
        self.costs.push(input.cost.map_or(f32::NAN, |cost| cost as f32));
        let next = self.family_numbers.len() as u32;
        let family = family_of(&input.subject, &self.vocabulary);
        self.families
            .push(*self.family_numbers.entry(family).or_insert(next));
        self.accounts
            .push(self.account_numbers.number(&input.subject.account_id));
        let mut terms = Vec::new();
        let vocabulary = Arc::clone(&self.vocabulary);
        terms_of(&input.subject, &vocabulary, |term| {
            terms.push(self.take_term(row, &term));
        });
        self.rows.push_list(terms);
    }

    fn take_term(&mut self, row: u32, term: &BorrowedTerm<'_>) -> u32 {
        let next = self.sets.len() as u32;
        let number = *self.term_numbers.entry(term.id()).or_insert(next);
        if number == next {
            self.sets.push(SetFingerprint::default());
        }
        let set = &mut self.sets[number as usize];
        set.add(row);
        if set.count as usize == self.settings.min_resources.max(2) {
            self.texts.insert(number, (term.kind, term.owned()));
        }
        if term.kind == TermKind::NativeTagStem {
            let words = self.words.entry(number).or_default();
            if !words.contains(term.word) {
                words.insert(term.word.to_owned());
            }
        }
        number
    }

    /// Mines the patterns.
    pub fn finish(mut self) -> SuggestionIndex {
        let rows = self.cells.len();
        let least = self
            .settings
            .min_resources
            .max(2)
            .max(rows / RESOURCES_PER_MEMBER);
        self.term_numbers = NumberMap::default();
        let (terms, renamed) = self.frequent_terms(least);
        let row_terms = self.rename_rows(&renamed);
        let sets = terms.iter().map(|term| term.set).collect::<Vec<_>>();
        let pairs = frequent_pairs(&terms, &row_terms, least);
        let chosen = distinct(&terms, &sets, &pairs);
        let members = members(&terms, &row_terms, &chosen);
        let patterns = chosen
            .into_iter()
            .map(|pattern| MinedPattern {
                kinds: pattern.kinds,
                terms: pattern.terms,
                spread: PatternSpread::default(),
            })
            .collect();
        SuggestionIndex::new(
            self.vocabulary,
            self.settings,
            self.cells,
            self.costs,
            (self.families, self.accounts),
            terms.into_iter().map(|term| term.term).collect(),
            patterns,
            members,
        )
    }

    /// Frequent terms, one for each set of resources, and their new numbers.
    fn frequent_terms(&mut self, least: usize) -> (Vec<FrequentTerm>, Vec<u32>) {
        let mut found: Vec<(u32, FrequentTerm)> = std::mem::take(&mut self.texts)
            .into_iter()
            .filter(|(number, _)| self.sets[*number as usize].count as usize >= least)
            .map(|(number, (kind, mut term))| {
                if let PatternTerm::NativeTagStem { words, .. } = &mut term
                    && let Some(seen) = self.words.remove(&number)
                {
                    *words = seen.into_iter().collect();
                }
                let set = self.sets[number as usize];
                (number, FrequentTerm { kind, term, set })
            })
            // A stem with one word is a tag with one value.
            .filter(|(_, found)| {
                !matches!(&found.term, PatternTerm::NativeTagStem { words, .. } if words.len() < 2 || words.len() > 20)
            })
            .collect();
        // Of equal sets the clearest kind, then the longest text, which says most.
        found.sort_by(|(_, a), (_, b)| {
            (a.set, a.kind, Reverse(a.term.text_length()), &a.term).cmp(&(
                b.set,
                b.kind,
                Reverse(b.term.text_length()),
                &b.term,
            ))
        });
        found.dedup_by(|(_, later), (_, first)| later.set == first.set);
        found.sort_by(|(_, a), (_, b)| a.term.cmp(&b.term));
        let mut renamed = vec![u32::MAX; self.sets.len()];
        for (at, (number, _)) in found.iter().enumerate() {
            renamed[*number as usize] = at as u32;
        }
        self.sets = Vec::new();
        (found.into_iter().map(|(_, term)| term).collect(), renamed)
    }

    fn rename_rows(&mut self, renamed: &[u32]) -> NumberLists {
        let rows = std::mem::take(&mut self.rows);
        let mut result = NumberLists::default();
        for row in 0..rows.len() as u32 {
            let terms = rows.list(row).iter().map(|term| renamed[*term as usize]);
            result.push_list(terms.filter(|term| *term != u32::MAX));
        }
        result
    }
}

struct FrequentTerm {
    kind: TermKind,
    term: PatternTerm,
    set: SetFingerprint,
}

struct ChosenPattern {
    kinds: (TermKind, Option<TermKind>),
    terms: (u32, Option<u32>),
}

/// True if terms of these kinds make patterns together. The id of a resource says its account and its path already.
fn combine(a: TermKind, b: TermKind) -> bool {
    use TermKind::{Account, IdPrefix, NamePrefix, NameToken, NativeTag, NativeTagPrefix, ResourceType};
    match (a.min(b), a.max(b)) {
        (Account, other) => matches!(
            other,
            NamePrefix | NameToken | NativeTag | NativeTagPrefix | ResourceType
        ),
        (NativeTag | NamePrefix | NativeTagPrefix | IdPrefix, ResourceType) | (NativeTag, NameToken) => true,
        _ => false,
    }
}

fn pair_number(a: u32, b: u32) -> u64 {
    u64::from(a.min(b)) << 32 | u64::from(a.max(b))
}

fn pairs_of<'a>(terms: &'a [FrequentTerm], row: &'a [u32]) -> impl Iterator<Item = (u32, u32)> + 'a {
    row.iter().enumerate().flat_map(move |(at, a)| {
        let kind = terms[*a as usize].kind;
        let others = row[at + 1..].iter();
        others
            .filter(move |b| combine(kind, terms[**b as usize].kind))
            .map(move |b| (*a, *b))
    })
}

/// Pairs with enough members that are not all the members of one of both.
fn frequent_pairs(terms: &[FrequentTerm], rows: &NumberLists, least: usize) -> Vec<(u64, SetFingerprint)> {
    let mut sets: NumberMap<SetFingerprint> = NumberMap::default();
    for row in 0..rows.len() as u32 {
        for (a, b) in pairs_of(terms, rows.list(row)) {
            sets.entry(pair_number(a, b)).or_default().add(row);
        }
    }
    let mut pairs: Vec<(u64, SetFingerprint)> = sets
        .into_iter()
        .filter(|(_, set)| set.count as usize >= least)
        .collect();
    pairs.sort_unstable();
    pairs
}

/// One pattern for each set of resources: a single term before a pair, clear kinds before others.
fn distinct(
    terms: &[FrequentTerm],
    sets: &[SetFingerprint],
    pairs: &[(u64, SetFingerprint)],
) -> Vec<ChosenPattern> {
    let mut best: HashMap<SetFingerprint, (TermKind, TermKind, u64)> = HashMap::new();
    let singles: std::collections::HashSet<SetFingerprint> = sets.iter().copied().collect();
    for (pair, set) in pairs {
        if singles.contains(set) {
            continue;
        }
        let (a, b) = ((pair >> 32) as usize, (pair & 0xffff_ffff) as usize);
        let kinds = (terms[a].kind.min(terms[b].kind), terms[a].kind.max(terms[b].kind));
        let candidate = (kinds.0, kinds.1, *pair);
        best.entry(*set)
            .and_modify(|first| *first = candidate.min(*first))
            .or_insert(candidate);
    }
    let mut chosen: Vec<ChosenPattern> = (0..terms.len() as u32)
        .map(|term| ChosenPattern {
            kinds: (terms[term as usize].kind, None),
            terms: (term, None),
        })
        .collect();
    let mut pairs: Vec<(TermKind, TermKind, u64)> = best.into_values().collect();
    pairs.sort_unstable_by_key(|(_, _, pair)| *pair);
    chosen.extend(pairs.into_iter().map(|(first, second, pair)| ChosenPattern {
        kinds: (first, Some(second)),
        terms: ((pair >> 32) as u32, Some((pair & 0xffff_ffff) as u32)),
    }));
    chosen
}

/// Members of each pattern.
fn members(terms: &[FrequentTerm], rows: &NumberLists, chosen: &[ChosenPattern]) -> NumberLists {
    let mut by_pair: NumberMap<u32> = NumberMap::default();
    for (at, pattern) in chosen.iter().enumerate() {
        if let (a, Some(b)) = pattern.terms {
            by_pair.insert(pair_number(a, b), at as u32);
        }
    }
    let mut patterns = NumberLists::default();
    let mut list = Vec::new();
    for row in 0..rows.len() as u32 {
        list.clear();
        // A pattern of one term has the number of its term.
        list.extend_from_slice(rows.list(row));
        list.extend(
            pairs_of(terms, rows.list(row)).filter_map(|(a, b)| by_pair.get(&pair_number(a, b)).copied()),
        );
        patterns.push_list(list.iter().copied());
    }
    patterns
}
