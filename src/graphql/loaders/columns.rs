//! Columns of the rows of one statement that serves several fields.

use crate::domain::projection::{Columns, Projected};
use std::hash::Hash;

/// Columns of rows, which are merged where one statement serves fields that need different ones.
pub trait MergeColumns: Copy + Eq + Hash + Send + Sync + 'static {
    /// Columns that either has.
    #[must_use]
    fn merge(self, other: Self) -> Self;
}

/// All columns, always.
impl MergeColumns for () {
    fn merge(self, (): Self) -> Self {}
}

impl<E: Projected> MergeColumns for Columns<E> {
    fn merge(self, other: Self) -> Self {
        self | other
    }
}
