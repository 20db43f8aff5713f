//! Discovery: providers report resources, inventories are read from files. A provider implements [`Provider`]; the
//! reconciler passes it a [`ReportSink`].

mod batch;
mod detect_format;
mod file_summary;
mod formats;
pub(in crate::domain) mod identity;
mod jsonl;
mod lines;
mod plain_text;
mod provider;
mod raw_resource;
mod read_error;
mod reader;
mod records;
mod rejection;
mod report;
mod tabular;
mod unpack;

pub use crate::config::UnpackLimits;
pub use batch::{Batcher, SizeHint};
pub use file_summary::{AccountCounts, FileSummary};
pub use formats::{AwsResource, EntryReader, FileFormat, aws_config_report};
pub use identity::written_type;
pub use provider::{
    BATCH_SIZE, DiscoveryContext, Provider, ProviderError, ReportScope, ReportSink, SinkError,
};
pub use read_error::ReadError;
pub use reader::{InventoryEntry, InventoryReader};
pub use rejection::Rejection;
pub use report::{ResourceReport, UnstatedFields};
pub use tabular::{CsvRecords, NumberedCells};
pub use unpack::ReadOptions;
