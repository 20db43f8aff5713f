//! What is out there: providers report resources, inventories are read from files. A provider implements
//! [`Provider`]; whoever reconciles gives it a [`ReportSink`].

mod batch;
pub(in crate::domain) mod identity;
mod jsonl;
mod lines;
mod metered;
mod provider;
mod raw_resource;
mod reader;
mod report;
mod tabular;

pub use crate::config::UnpackLimits;
pub use batch::{Batcher, SizeHint};
pub use metered::Reading;
pub use provider::{BATCH_SIZE, DiscoveryContext, Provider, ProviderError, ReportSink, SinkError};
pub use reader::{Entry, InventoryReader, ReadError};
pub use report::{Rejection, ResourceReport};
pub use tabular::{CsvRecords, NumberedCells};
