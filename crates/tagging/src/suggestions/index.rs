//! Index of an estate's patterns, their members, and what holds.

use std::collections::HashMap;
use std::sync::Arc;

use super::cell_table::CellTable;
use super::members::NumberLists;
use super::pattern::{Pattern, PatternTerm};
use super::spread::{self, MinedPattern};
use super::{DecidedSuggestion, GuessedValue, HeldValue, MinerSettings};
use crate::Vocabulary;

/// Patterns of an estate with their members, and what holds.
pub struct SuggestionIndex {
    pub(super) vocabulary: Arc<Vocabulary>,
    pub(super) settings: MinerSettings,
    pub(super) cells: CellTable,
    /// Cost of each resource; NaN where it is not known.
    pub(super) costs: Vec<f32>,
    /// Family of names of each resource.
    pub(super) families: Vec<u32>,
    pub(super) terms: Vec<PatternTerm>,
    pub(super) patterns: Vec<MinedPattern>,
    /// Members of each pattern.
    pub(super) members: NumberLists,
    /// Patterns of each resource.
    pub(super) patterns_of: NumberLists,
}

/// Numbers of the patterns, by what they are.
pub(super) type PatternNumbers = HashMap<(u32, Option<u32>), u32>;

impl SuggestionIndex {
    #[expect(clippy::too_many_arguments, reason = "the miner's parts, in one place")]
    pub(super) fn new(
        vocabulary: Arc<Vocabulary>,
        settings: MinerSettings,
        cells: CellTable,
        costs: Vec<f32>,
        groups: (Vec<u32>, Vec<u32>),
        terms: Vec<PatternTerm>,
        mut patterns: Vec<MinedPattern>,
        patterns_of: NumberLists,
    ) -> Self {
        let members = patterns_of.inverted(patterns.len());
        let (families, accounts) = groups;
        spread::measure(
            &mut patterns,
            &terms,
            &members,
            &patterns_of,
            [&families, &accounts],
        );
        Self {
            vocabulary,
            settings,
            cells,
            costs,
            families,
            terms,
            patterns,
            members,
            patterns_of,
        }
    }

    /// Replaces what holds and what is guessed for a resource; its patterns stay.
    pub fn set_cells(&mut self, row: u32, holds: &[HeldValue], guesses: &[GuessedValue]) {
        self.cells.set(row, holds, guesses);
    }

    /// Replaces the values that people denied for a resource: pairs of canonical key and value.
    pub fn set_denied(&mut self, row: u32, denied: &[(String, String)]) {
        self.cells.set_denied(row, denied);
    }

    /// Number of patterns.
    pub fn patterns(&self) -> usize {
        self.patterns.len()
    }

    pub(super) fn pattern(&self, number: u32) -> Option<Pattern> {
        let mined = self.patterns.get(number as usize)?;
        let (first, second) = mined.terms;
        let terms = std::iter::once(first).chain(second);
        Pattern::new(terms.filter_map(|term| self.terms.get(term as usize).cloned()))
    }

    pub(super) fn terms_of(&self, number: u32) -> impl Iterator<Item = &PatternTerm> {
        let terms = self.patterns.get(number as usize).map(|mined| mined.terms);
        let numbers = terms
            .into_iter()
            .flat_map(|(first, second)| std::iter::once(first).chain(second));
        numbers.filter_map(|term| self.terms.get(term as usize))
    }

    /// Numbers of decided patterns that the index has.
    pub(super) fn numbers(&self, decided: &[DecidedSuggestion]) -> Vec<Option<u32>> {
        if decided.is_empty() {
            return Vec::new();
        }
        let terms: HashMap<&PatternTerm, u32> = self.terms.iter().zip(0u32..).collect();
        let patterns: PatternNumbers = self
            .patterns
            .iter()
            .zip(0u32..)
            .map(|(pattern, number)| {
                let (a, b) = pattern.terms;
                (b.map_or((a, None), |b| (a.min(b), Some(a.max(b)))), number)
            })
            .collect();
        let find = |decided: &DecidedSuggestion| {
            let mut numbers: Vec<u32> = decided
                .pattern
                .terms()
                .iter()
                .map(|term| terms.get(term).copied())
                .collect::<Option<_>>()?;
            numbers.sort_unstable();
            patterns
                .get(&(*numbers.first()?, numbers.get(1).copied()))
                .copied()
        };
        decided.iter().map(find).collect()
    }
}
