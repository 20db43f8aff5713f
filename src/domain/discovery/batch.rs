//! Batches limited in number and in bytes, which bounds the part of a report that is in memory and in one transaction.

use super::{BATCH_SIZE, InventoryEntry, ResourceReport};

/// Bytes of text that make a batch full even if it holds fewer than [`BATCH_SIZE`] items.
const BATCH_WEIGHT: usize = 4 << 20;

/// Item of a batch.
pub trait SizeHint {
    /// Approximate bytes of text that it holds.
    fn size_hint(&self) -> usize;
}

impl SizeHint for ResourceReport {
    fn size_hint(&self) -> usize {
        let tags = self.native_tags.iter();
        let tags: usize = tags.map(|(key, value)| key.len() + value.len()).sum();
        self.resource_id.len() + self.name.len() + tags
    }
}

impl SizeHint for InventoryEntry {
    /// Faults are short.
    fn size_hint(&self) -> usize {
        match self {
            Self::Resource(_, report) => report.size_hint(),
            Self::Rejected(_) => 0,
        }
    }
}

/// Collector of items until they make a batch.
#[derive(Debug)]
pub struct Batcher<T> {
    items: Vec<T>,
    size_hint: usize,
}

impl<T> Default for Batcher<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            size_hint: 0,
        }
    }
}

impl<T: SizeHint> Batcher<T> {
    /// Adds an item, and gives the batch if it is full: [`BATCH_SIZE`] items, or 4 MiB of text.
    pub fn push(&mut self, item: T) -> Option<Vec<T>> {
        self.size_hint += item.size_hint();
        self.items.push(item);
        let full = self.items.len() >= BATCH_SIZE || self.size_hint >= BATCH_WEIGHT;
        full.then(|| self.take()).flatten()
    }

    /// Items that were added since the last batch, if any.
    pub fn take(&mut self) -> Option<Vec<T>> {
        self.size_hint = 0;
        let items = std::mem::take(&mut self.items);
        (!items.is_empty()).then_some(items)
    }
}
