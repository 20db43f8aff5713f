//! Answers of clouds on their way into a report.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use serde_json::value::RawValue;

use crate::domain::discovery::{
    Batcher, EntryReader, InventoryEntry, ProviderError, ReportScope, ReportSink, ResourceReport,
};

/// Report that is made of pages: batches are sent when they are full, and a resource that pages repeat is sent once.
pub(super) struct PagedReport<'a> {
    provider: &'a str,
    reader: EntryReader,
    batcher: Batcher<ResourceReport>,
    /// Hashes of the ids so far.
    seen: HashSet<u64>,
    hasher: RandomState,
    sink: &'a mut dyn ReportSink,
    /// Number of entries.
    pub entries: u64,
}

impl<'a> PagedReport<'a> {
    /// Report of the provider with this name.
    pub fn new(provider: &'a str, reader: EntryReader, sink: &'a mut dyn ReportSink) -> Self {
        Self {
            provider,
            reader,
            batcher: Batcher::default(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
            sink,
            entries: 0,
        }
    }

    /// Takes a page. A page without entries shows that the report continues.
    pub async fn page(&mut self, entries: &[Box<RawValue>]) -> Result<(), ProviderError> {
        self.sink
            .resources(Vec::new())
            .await
            .map_err(ProviderError::Sink)?;
        for entry in entries {
            self.entries += 1;
            for entry in self.reader.read(entry.get()) {
                match entry {
                    InventoryEntry::Resource(_, report) => self.resource(report).await?,
                    InventoryEntry::Rejected(faults) => {
                        self.sink.rejected(faults).await.map_err(ProviderError::Sink)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn resource(&mut self, report: ResourceReport) -> Result<(), ProviderError> {
        if !self.seen.insert(self.hasher.hash_one(&report.resource_id)) {
            return Ok(());
        }
        match self.batcher.push(report) {
            Some(batch) => self.sink.resources(batch).await.map_err(ProviderError::Sink),
            None => Ok(()),
        }
    }

    /// Ends the report with its scope.
    pub async fn end(mut self, scope: ReportScope) -> Result<(), ProviderError> {
        if let Some(batch) = self.batcher.take() {
            self.sink.resources(batch).await.map_err(ProviderError::Sink)?;
        }
        self.sink.scope(scope).await.map_err(ProviderError::Sink)
    }

    /// Error of the source.
    pub fn failure(&self, reason: impl ToString) -> ProviderError {
        failure(self.provider, reason)
    }
}

/// Error of the source with this name.
pub(super) fn failure(provider: &str, reason: impl ToString) -> ProviderError {
    ProviderError::Source {
        provider: provider.to_owned(),
        reason: reason.to_string(),
    }
}
