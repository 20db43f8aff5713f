//! Comma-separated inventories: the columns, the cells, and both directions. What is exported, the
//! inventory reader (`discovery::reader`) imports as the same resources.

mod cell;
mod export;
mod header;
mod parser;
mod rows;

pub use cell::{guard, unguard};
pub use export::{Export, ExportFilter, ExportKind};
pub use header::{Column, Header, HeaderError, Meaning, TAG_PREFIX, normal_name, sniff_delimiter, template};
pub use parser::RecordParser;
