//! Reader of single entries of answers that providers fetch page by page: an entry means the same as in a file.

use super::asset_search::AssetSearch;
use super::cloud_format::CloudFormat;
use super::resource_graph::ResourceGraph;
use crate::domain::discovery::{InventoryEntry, Rejection};

/// Reader of the entries of one format.
pub struct EntryReader {
    format: Box<dyn CloudFormat>,
    /// Number of the entry that was read last.
    number: u64,
}

impl EntryReader {
    /// Reader of results of `searchAllResources` of Google Cloud.
    pub fn of_asset_search() -> Self {
        Self::new(Box::new(AssetSearch::new("results")))
    }

    /// Reader of records of Azure Resource Graph.
    pub fn of_resource_graph() -> Self {
        Self::new(Box::new(ResourceGraph::new("data")))
    }

    fn new(format: Box<dyn CloudFormat>) -> Self {
        Self { format, number: 0 }
    }

    /// Reads an entry, which may hold several resources.
    pub fn read(&mut self, json: &str) -> Vec<InventoryEntry> {
        self.number += 1;
        let line = self.number;
        let mut entries = Vec::new();
        self.format.entry(json.as_bytes(), &mut entries);
        let finished = entries.into_iter().map(|entry| {
            let (id, finished) = match entry {
                Ok(raw) => (raw.resource_id.clone(), raw.finish()),
                Err(fault) => (None, Err(vec![fault])),
            };
            let placed = |fault: Rejection| Rejection {
                resource_id: id.clone(),
                ..fault
            };
            match finished {
                Ok(report) => InventoryEntry::Resource(line, report),
                Err(faults) => InventoryEntry::Rejected(faults.into_iter().map(placed).collect()),
            }
        });
        finished.collect()
    }
}
