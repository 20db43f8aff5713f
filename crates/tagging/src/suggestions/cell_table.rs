//! Table of what holds and what is guessed, a cell for each resource and key.

use std::collections::HashMap;

use super::interner::{Interner, NO_VALUE};
use super::{Certainty, GuessedValue, HeldValue};

/// Value of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellValue {
    /// Value that holds, or [`NO_VALUE`].
    pub held: u32,
    /// Value that is guessed where none holds, or [`NO_VALUE`].
    pub guess: u32,
    /// Probability of the guess, in 1/255.
    pub confidence: u8,
    pub approved: bool,
}

const EMPTY: CellValue = CellValue {
    held: NO_VALUE,
    guess: NO_VALUE,
    confidence: 0,
    approved: false,
};

/// Table of all resources, a row of cells for each.
pub(super) struct CellTable {
    keys: Vec<String>,
    pub(super) values: Interner,
    cells: Vec<CellValue>,
    /// Values that people denied, by resource and key: few in any estate.
    denied: HashMap<(u32, usize), Vec<u32>>,
}

impl CellTable {
    pub(super) fn new(keys: Vec<String>) -> Self {
        Self {
            keys,
            values: Interner::default(),
            cells: Vec::new(),
            denied: HashMap::new(),
        }
    }

    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Number of resources.
    pub(super) fn len(&self) -> usize {
        self.cells.len() / self.keys.len().max(1)
    }

    pub(super) fn cell(&self, row: u32, key: usize) -> CellValue {
        let at = row as usize * self.keys.len() + key;
        self.cells.get(at).copied().unwrap_or(EMPTY)
    }

    pub(super) fn push(&mut self, holds: &[HeldValue], guesses: &[GuessedValue]) {
        let row = self.len() as u32;
        self.cells.extend(std::iter::repeat_n(EMPTY, self.keys.len()));
        self.set(row, holds, guesses);
    }

    /// Replaces the values that people denied for a resource: pairs of key and value.
    pub(super) fn set_denied(&mut self, row: u32, denied: &[(String, String)]) {
        for key in 0..self.keys.len() {
            self.denied.remove(&(row, key));
        }
        for (key, value) in denied {
            if let Some(key) = self.keys.iter().position(|known| known == key) {
                let value = self.values.number(value);
                self.denied.entry((row, key)).or_default().push(value);
            }
        }
    }

    /// Open cells, for which no value holds, each with a value that people denied.
    pub(super) fn denied(&self) -> impl Iterator<Item = (u32, usize, u32)> {
        let open = self
            .denied
            .iter()
            .filter(|((row, key), _)| self.cell(*row, *key).held == NO_VALUE);
        open.flat_map(|((row, key), values)| values.iter().map(|value| (*row, *key, *value)))
    }

    /// True if people denied the value for the cell.
    pub(super) fn is_denied(&self, row: u32, key: usize, value: u32) -> bool {
        !self.denied.is_empty()
            && self
                .denied
                .get(&(row, key))
                .is_some_and(|denied| denied.contains(&value))
    }

    /// Replaces the cells of a resource.
    pub(super) fn set(&mut self, row: u32, holds: &[HeldValue], guesses: &[GuessedValue]) {
        let start = row as usize * self.keys.len();
        let Some(cells) = self.cells.get_mut(start..start + self.keys.len()) else {
            return;
        };
        cells.fill(EMPTY);
        for held in holds {
            if let Some(key) = self.keys.iter().position(|key| *key == held.key) {
                cells[key].held = self.values.number(&held.value);
                cells[key].approved = held.certainty == Certainty::Approved;
            }
        }
        for guess in guesses {
            let Some(key) = self.keys.iter().position(|key| *key == guess.key) else {
                continue;
            };
            // 255 is kept for what holds.
            let confidence = (guess.confidence.clamp(0.0, 1.0) * 255.0).min(254.0) as u8;
            if cells[key].held == NO_VALUE && confidence > cells[key].confidence {
                cells[key].guess = self.values.number(&guess.value);
                cells[key].confidence = confidence;
            }
        }
    }
}
