//! CSV records by their header: as fields of a resource, or as texts.

use std::io::Read;

use super::Rejection;
use super::detect_format::{DetectedFormat, detect_format};
use super::lines::{LineReader, utf8};
use super::plain_text::plain_text;
use super::raw_resource::RawResource;
use super::read_error::{ReadError, io_error};
use super::records::{CsvRecord, next_record};
use super::unpack::{ReadOptions, unpack};
use crate::domain::csv::{ColumnRole, InventoryColumn, InventoryHeader, RecordParser, cell_text};

/// Reads the cells of a record into the fields of a resource.
pub(super) fn raw_resource(
    header: &InventoryHeader,
    cells: Vec<Vec<u8>>,
    first: u64,
    last: u64,
) -> Result<RawResource, Rejection> {
    let roles = header.roles();
    check_width(&cells, roles.len(), first, last)?;
    let mut raw = RawResource::default();
    for (role, cell) in roles.iter().zip(cells) {
        let column = match role {
            ColumnRole::Ignored => continue,
            ColumnRole::Field(column) => column.name(),
            ColumnRole::Tag(key) => key,
        };
        match utf8(&cell) {
            Ok(text) => set_field(&mut raw, role, &cell_text(text)),
            Err(fault) => raw.faults.push(Rejection {
                column: Some(column.to_owned()),
                ..fault
            }),
        }
    }
    Ok(raw)
}

/// Refuses a record that has more cells than the header which are not blank, or that goes on over lines and has fewer, as a
/// quote out of balance makes it. Spreadsheets leave blank cells at the end of a line out.
pub(super) fn check_width(cells: &[Vec<u8>], wanted: usize, first: u64, last: u64) -> Result<(), Rejection> {
    let extra = cells
        .iter()
        .skip(wanted)
        .any(|cell| !cell.trim_ascii().is_empty());
    if !extra && (cells.len() >= wanted || last == first) {
        return Ok(());
    }
    let goes_on = if last > first {
        format!("; the record goes on to line {last}, a quote may be out of balance")
    } else {
        String::new()
    };
    let found = cells.len();
    let reason = format!("has {found} cells where the header has {wanted}{goes_on}");
    Err(Rejection::new(reason))
}

/// Reader of a CSV file of any columns. Its records are texts with formulas unescaped, each with its first line.
pub struct CsvRecords {
    lines: LineReader,
    parser: RecordParser,
    header: Vec<String>,
}

impl CsvRecords {
    /// Reads the header, plain or gzip; `known` is true for the columns that are expected.
    pub fn open(
        input: impl Read + Send + 'static,
        known: fn(&str) -> bool,
        options: ReadOptions,
    ) -> Result<Self, ReadError> {
        let mut lines = LineReader::new(plain_text(unpack(input, options).map_err(ReadError::Open)?)?);
        match detect_format(&mut lines, None, known)? {
            DetectedFormat::JsonLines => Err(ReadError::Format("is no CSV file with a header")),
            DetectedFormat::Csv { cells, parser } => Ok(Self {
                lines,
                parser,
                header: cells,
            }),
        }
    }

    /// Fields of the header.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Next record that is not blank, with as many cells as the header, or its rejection; `None` at the end.
    pub fn next_record(&mut self) -> Result<Option<NumberedCells>, ReadError> {
        loop {
            let record = next_record(&mut self.lines, &mut self.parser)
                .map_err(|error| io_error(&self.lines, error))?;
            let (first, last, cells) = match record {
                None => return Ok(None),
                Some(CsvRecord::Refused(fault)) => {
                    return Ok(Some((fault.line.unwrap_or_default(), Err(fault))));
                }
                Some(CsvRecord::Row { first, last, cells }) => (first, last, cells),
            };
            if cells.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                let texts = check_width(&cells, self.header.len(), first, last).and_then(|()| {
                    let missing = self.header.len().saturating_sub(cells.len());
                    let texts = cells.iter().take(self.header.len());
                    texts
                        .map(|cell| Ok(cell_text(utf8(cell)?).into_owned()))
                        .chain(std::iter::repeat_n(Ok(String::new()), missing))
                        .collect()
                });
                return Ok(Some((first, texts)));
            }
        }
    }
}

/// First line of a record, and its cells, or its rejection.
pub type NumberedCells = (u64, Result<Vec<String>, Rejection>);

fn set_field(raw: &mut RawResource, role: &ColumnRole, text: &str) {
    let field = match role {
        ColumnRole::Ignored => return,
        ColumnRole::Tag(key) if text.trim().is_empty() => return raw.cleared_tags.push(key.clone()),
        ColumnRole::Tag(key) => return raw.edit_tag(key.clone(), text.to_owned()),
        ColumnRole::Field(InventoryColumn::NativeTags) => return raw.add_tags(text),
        ColumnRole::Field(InventoryColumn::Cloud) => &mut raw.cloud,
        ColumnRole::Field(InventoryColumn::AccountId) => &mut raw.account_id,
        ColumnRole::Field(InventoryColumn::ResourceType) => &mut raw.resource_type,
        ColumnRole::Field(InventoryColumn::ResourceId) => &mut raw.resource_id,
        ColumnRole::Field(InventoryColumn::Name) => &mut raw.name,
        ColumnRole::Field(InventoryColumn::Region) => &mut raw.region,
        ColumnRole::Field(InventoryColumn::CreatedAt) => &mut raw.created_at,
    };
    *field = Some(text.to_owned());
}
