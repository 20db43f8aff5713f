//! Inventory reader: JSON Lines or CSV, plain or gzip, in bounded memory. Each entry becomes a resource or a rejection;
//! none is lost silently.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::detect_format::{DetectedFormat, detect_format};
use super::lines::{Line, LineReader, too_long, utf8};
use super::raw_resource::RawResource;
use super::read_error::{ReadError, io_error};
use super::records::{CsvRecord, next_record};
use super::tabular::raw_resource;
use super::unpack::{ReadOptions, unpack};
use super::{Rejection, ResourceReport, jsonl};
use crate::domain::csv::{InventoryHeader, RecordParser};

/// Entry of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InventoryEntry {
    /// Valid resource, and the line (from 1) where it starts.
    Resource(u64, ResourceReport),
    /// All faults of one entry (at least one), each with the line of the entry.
    Rejected(Vec<Rejection>),
}

enum InventoryFormat {
    JsonLines,
    Csv {
        header: InventoryHeader,
        parser: RecordParser,
    },
}

/// Line where an entry starts, and its fields; `None` for a blank one.
type NumberedResource = (u64, Result<Option<RawResource>, Rejection>);

/// Iterator over the entries of an inventory, which ends after an error.
pub struct InventoryReader {
    lines: LineReader,
    format: InventoryFormat,
    /// Line from which an id was accepted, by a hash of the id: ids are long, and there may be millions. `None` when
    /// duplicates are let through.
    seen: Option<HashMap<u128, u64>>,
    ended: bool,
}

impl InventoryReader {
    /// Opens a file; the ending of its name decides where the content leaves the format open.
    ///
    /// # Errors
    /// A file that cannot be opened, whose format is unknown, or that lacks required columns.
    pub fn open(path: impl AsRef<Path>, options: ReadOptions) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(ReadError::Open)?;
        Self::from_reader(file, path.file_name().and_then(|n| n.to_str()), options)
    }

    /// Reads from any source: gzip is detected by its magic bytes, JSON Lines by a `{` as the first character that is
    /// not blank (or by the ending of `file_name`), and everything else is CSV.
    ///
    /// # Errors
    /// Same errors as of [`open`](Self::open).
    pub fn from_reader(
        input: impl Read + Send + 'static,
        file_name: Option<&str>,
        options: ReadOptions,
    ) -> Result<Self, ReadError> {
        let mut lines = LineReader::new(unpack(input, options).map_err(ReadError::Open)?);
        let format = match detect_format(&mut lines, file_name, InventoryHeader::knows)? {
            DetectedFormat::JsonLines => InventoryFormat::JsonLines,
            DetectedFormat::Csv { cells, parser } => InventoryFormat::Csv {
                header: InventoryHeader::parse(&cells)?,
                parser,
            },
        };
        Ok(Self {
            lines,
            format,
            seen: Some(HashMap::new()),
            ended: false,
        })
    }

    /// Lets duplicates through: for callers that find them by other means, in constant memory.
    #[must_use]
    pub fn with_duplicates(self) -> Self {
        Self { seen: None, ..self }
    }

    /// Unknown columns of a CSV header, which are not read: worth a warning.
    pub fn ignored_columns(&self) -> &[String] {
        match &self.format {
            InventoryFormat::JsonLines => &[],
            InventoryFormat::Csv { header, .. } => header.ignored(),
        }
    }

    fn next_entry(&mut self) -> Result<Option<InventoryEntry>, ReadError> {
        loop {
            let Some((line, raw)) = self.next_raw().map_err(|e| io_error(&self.lines, e))? else {
                return Ok(None);
            };
            let at_line = |faults: Vec<Rejection>| faults.into_iter().map(|f| f.at(line)).collect();
            let finished = match raw {
                Ok(None) => continue,
                Ok(Some(raw)) => raw.finish(),
                Err(fault) => Err(vec![fault]),
            };
            return Ok(Some(
                match finished.and_then(|report| self.first_of_its_id(line, report)) {
                    Ok(report) => InventoryEntry::Resource(line, report),
                    Err(faults) => InventoryEntry::Rejected(at_line(faults)),
                },
            ));
        }
    }

    /// Next line or record with its number; `None` at the end.
    fn next_raw(&mut self) -> io::Result<Option<NumberedResource>> {
        let InventoryFormat::Csv { header, parser } = &mut self.format else {
            return Ok(self.lines.next_line()?.map(|line| match line {
                Line::Whole(number, bytes) if bytes.trim_ascii().is_empty() => (number, Ok(None)),
                Line::Whole(number, bytes) => (number, utf8(&bytes).and_then(jsonl::parse).map(Some)),
                Line::TooLong(number, head) => (number, Err(too_long(&head))),
            }));
        };
        let Some(record) = next_record(&mut self.lines, parser)? else {
            return Ok(None);
        };
        Ok(Some(match record {
            CsvRecord::Refused(fault) => (fault.line.unwrap_or_default(), Err(fault)),
            CsvRecord::Row { first, cells, .. } if cells.iter().all(|c| c.trim_ascii().is_empty()) => {
                (first, Ok(None))
            }
            CsvRecord::Row { first, last, cells } => {
                (first, raw_resource(header, cells, first, last).map(Some))
            }
        }))
    }

    fn first_of_its_id(
        &mut self,
        line: u64,
        report: ResourceReport,
    ) -> Result<ResourceReport, Vec<Rejection>> {
        let Some(seen) = &mut self.seen else {
            return Ok(report);
        };
        let digest = Sha256::digest(report.resource_id.as_bytes());
        let hash = digest
            .iter()
            .take(16)
            .fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
        let first = *seen.entry(hash).or_insert(line);
        if first == line {
            return Ok(report);
        }
        Err(vec![Rejection::of(
            "resource_id",
            &report.resource_id,
            format!("is a duplicate of line {first}"),
        )])
    }
}

impl Iterator for InventoryReader {
    type Item = Result<InventoryEntry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.next_entry().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

#[cfg(test)]
mod tests;
