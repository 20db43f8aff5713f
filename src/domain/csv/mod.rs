//! Comma-separated inventories: the columns, the cells, and both directions. What the writer exports, the
//! inventory reader (`discovery::reader`) imports as the same resources.

mod cell;
mod export;
mod header;
mod parser;
mod writer;

pub use cell::{guard, unguard};
pub use export::{Export, ExportFilter, ExportKind};
pub use header::{Column, Header, HeaderError, Meaning, TAG_PREFIX, template};
pub use parser::RecordParser;
pub use writer::{CsvWriter, ResourceRow};
