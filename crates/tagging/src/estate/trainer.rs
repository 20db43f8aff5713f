//! Training.

use std::sync::Arc;

use super::{EstateModel, EstateRow};
use crate::Vocabulary;

/// Collects the rows of an estate, then makes a model of them.
pub struct EstateTrainer {
    vocabulary: Arc<Vocabulary>,
}

impl EstateTrainer {
    /// A trainer without rows. The same rows in the same order and the same seed give the same model.
    pub fn new(vocabulary: Arc<Vocabulary>, _seed: u64) -> Self {
        Self { vocabulary }
    }

    /// Adds a resource of the estate, tagged or not.
    pub fn add(&mut self, _row: EstateRow) {}

    /// The model of all rows that were added.
    pub fn finish(self) -> EstateModel {
        EstateModel::new(self.vocabulary, Vec::new())
    }
}
