//! Ids that a report has already, since an index can list a resource twice while it changes.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

/// Set of ids, kept as their hashes.
#[derive(Default)]
pub(super) struct SeenIds {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl SeenIds {
    /// Adds an id; true if it was not there.
    pub fn add(&mut self, id: &str) -> bool {
        self.hashes.insert(self.hasher.hash_one(id))
    }

    /// True if nothing was added.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}
