//! Batches limited in number and in bytes: how much of a report is in memory, and in one transaction.

use super::{BATCH_SIZE, Entry, ResourceReport};

/// Bytes of text in a batch, beyond which it is full though it holds fewer than [`BATCH_SIZE`].
const BATCH_WEIGHT: usize = 4 << 20;

/// What goes into a batch.
pub trait Weigh {
    /// About how many bytes of text it holds.
    fn weight(&self) -> usize;
}

impl Weigh for ResourceReport {
    fn weight(&self) -> usize {
        let tags = self.native_tags.iter();
        let tags: usize = tags.map(|(key, value)| key.len() + value.len()).sum();
        self.resource_id.len() + self.name.len() + tags
    }
}

impl Weigh for Entry {
    /// Faults are short by themselves.
    fn weight(&self) -> usize {
        match self {
            Self::Resource(_, report) => report.weight(),
            Self::Rejected(_) => 0,
        }
    }
}

/// Collects items until they make a batch.
#[derive(Debug)]
pub struct Batcher<T> {
    items: Vec<T>,
    weight: usize,
}

impl<T> Default for Batcher<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            weight: 0,
        }
    }
}

impl<T: Weigh> Batcher<T> {
    /// Adds an item; gives the batch when that makes it full: [`BATCH_SIZE`] items, or 4 MiB of text.
    pub fn push(&mut self, item: T) -> Option<Vec<T>> {
        self.weight += item.weight();
        self.items.push(item);
        let full = self.items.len() >= BATCH_SIZE || self.weight >= BATCH_WEIGHT;
        full.then(|| self.take()).flatten()
    }

    /// What was added since the last batch, if anything was.
    pub fn take(&mut self) -> Option<Vec<T>> {
        self.weight = 0;
        let items = std::mem::take(&mut self.items);
        (!items.is_empty()).then_some(items)
    }
}
