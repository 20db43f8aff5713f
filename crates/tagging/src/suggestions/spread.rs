//! Spread of the members of patterns over families of names, accounts, and values of tags.

use std::collections::HashMap;

use super::members::NumberLists;
use super::pattern::PatternTerm;
use super::terms::TermKind;

/// Pattern of the index.
pub(super) struct MinedPattern {
    pub kinds: (TermKind, Option<TermKind>),
    pub terms: (u32, Option<u32>),
    pub spread: PatternSpread,
}

/// Spread of the members of a pattern over groups of the estate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PatternSpread {
    /// Families of names.
    pub families: u32,
    pub accounts: u32,
    /// Frequent values of the native tag that has most of them.
    pub tag_values: u32,
}

/// Measures the spread of each pattern. The first patterns have one term each, that of the same number; `groups` has the
/// family and the account of each resource.
pub(super) fn measure(
    patterns: &mut [MinedPattern],
    terms: &[PatternTerm],
    members: &NumberLists,
    patterns_of: &NumberLists,
    groups: [&[u32]; 2],
) {
    let tag_keys = tag_keys(terms);
    let keys = tag_keys
        .iter()
        .flatten()
        .max()
        .map_or(0, |most| *most as usize + 1);
    let mut families = DistinctCounter::new(groups[0]);
    let mut accounts = DistinctCounter::new(groups[1]);
    let mut seen_terms = vec![u32::MAX; terms.len()];
    let mut values = vec![0u32; keys];
    for (pattern, number) in patterns.iter_mut().zip(0u32..) {
        values.fill(0);
        for row in members.list(number) {
            pattern.spread.families += families.is_new(*row, number);
            pattern.spread.accounts += accounts.is_new(*row, number);
            for term in patterns_of.list(*row) {
                if let Some(Some(key)) = tag_keys.get(*term as usize)
                    && std::mem::replace(&mut seen_terms[*term as usize], number) != number
                {
                    values[*key as usize] += 1;
                }
            }
        }
        pattern.spread.tag_values = values.iter().copied().max().unwrap_or_default();
    }
}

/// Number of the tag key of each term that is a native tag.
fn tag_keys(terms: &[PatternTerm]) -> Vec<Option<u32>> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut of_terms = Vec::with_capacity(terms.len());
    for term in terms {
        let PatternTerm::NativeTag { key, .. } = term else {
            of_terms.push(None);
            continue;
        };
        let next = numbers.len() as u32;
        of_terms.push(Some(*numbers.entry(key.as_str()).or_insert(next)));
    }
    of_terms
}

/// Counter of distinct groups of rows, one pattern after the other.
struct DistinctCounter<'a> {
    groups: &'a [u32],
    seen: Vec<u32>,
}

impl<'a> DistinctCounter<'a> {
    fn new(groups: &'a [u32]) -> Self {
        let most = groups.iter().max().map_or(0, |most| *most as usize + 1);
        Self {
            groups,
            seen: vec![u32::MAX; most],
        }
    }

    /// 1 for the first row of its group in a pattern.
    fn is_new(&mut self, row: u32, pattern: u32) -> u32 {
        let group = self.groups[row as usize] as usize;
        u32::from(std::mem::replace(&mut self.seen[group], pattern) != pattern)
    }
}
