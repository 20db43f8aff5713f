//! CSV of inventories and tags: header, cells, parser and exports. An export is imported by the inventory reader
//! (`discovery::reader`) as the same resources.

mod export;
mod formula;
mod header;
mod layout;
mod record_parser;

pub use export::{Export, ExportRows};
pub use formula::{cell_text, escape_formula, unescape_formula};
pub use header::{
    ColumnRole, HeaderError, InventoryColumn, InventoryHeader, normalized_name, sniff_delimiter, template,
};
pub use record_parser::RecordParser;
