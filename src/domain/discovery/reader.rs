//! Reads inventories: JSON Lines or CSV, plain or gzip, in bounded memory. Each entry becomes a resource or a
//! rejection; none is lost silently.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::lines::{Line, LineReader, too_long, utf8};
use super::metered::{Reading, unpack};
use super::raw_resource::RawResource;
use super::tabular::{Record, draft_of, next_record};
use super::{Rejection, ResourceReport, jsonl};
use crate::domain::csv::{Header, HeaderError, sniff_delimiter};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What an inventory says at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A valid resource, and the line (from 1) where it starts.
    Resource(u64, ResourceReport),
    /// All that is wrong with one entry (at least one fault), each with the entry's line.
    Rejected(Vec<Rejection>),
}

/// Why an inventory cannot be read at all, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// The source broke after `line`: a truncated or damaged gzip file, a disk or network error.
    #[error("broke off after line {line}: {source}")]
    Io { line: u64, source: io::Error },
    /// A packed file holds more than it may, beyond `line`.
    #[error("{source} (line {line})")]
    TooLarge { line: u64, source: io::Error },
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("{0}")]
    Format(&'static str),
}

enum Format {
    JsonLines,
    Csv { delimiter: u8, header: Header },
}

/// Where an entry starts, and what it holds: none where it is blank.
type NumberedDraft = (u64, Result<Option<RawResource>, Rejection>);

/// An iterator over the entries of an inventory. After an error it ends.
pub struct InventoryReader {
    lines: LineReader,
    format: Format,
    /// Which line an id was accepted from, by a hash of the id: ids are long, and there may be millions. None when
    /// duplicates are let through.
    seen: Option<HashMap<u128, u64>>,
    ended: bool,
}

impl InventoryReader {
    /// Opens a file; its name's ending helps where the content leaves the format open.
    ///
    /// # Errors
    /// It cannot be opened, or its start is of no known format or lacks required columns.
    pub fn open(path: impl AsRef<Path>, reading: Reading) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(ReadError::Open)?;
        Self::from_reader(file, path.file_name().and_then(|n| n.to_str()), reading)
    }

    /// Reads from anything: gzip is known by its magic bytes, JSON Lines by a `{` as the first character that is
    /// not blank (or by a `file_name` that ends so), and all else is CSV.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_reader(
        input: impl Read + Send + 'static,
        file_name: Option<&str>,
        reading: Reading,
    ) -> Result<Self, ReadError> {
        let mut lines = LineReader::new(unpack(input, reading).map_err(ReadError::Open)?);
        let format = match sniff(&mut lines, file_name, Header::knows)? {
            Sniffed::JsonLines => Format::JsonLines,
            Sniffed::Csv { delimiter, cells } => Format::Csv {
                delimiter,
                header: Header::parse(&cells)?,
            },
        };
        Ok(Self {
            lines,
            format,
            seen: Some(HashMap::new()),
            ended: false,
        })
    }

    /// Lets duplicates through: for whoever finds them by other means, in constant memory.
    #[must_use]
    pub fn with_duplicates(self) -> Self {
        Self { seen: None, ..self }
    }

    /// The columns of a CSV header that are not known and are not read; worth a warning.
    pub fn ignored_columns(&self) -> &[String] {
        match &self.format {
            Format::JsonLines => &[],
            Format::Csv { header, .. } => header.ignored(),
        }
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let Some((line, draft)) = self.next_draft().map_err(|e| io_error(&self.lines, e))? else {
                return Ok(None);
            };
            let at_line = |faults: Vec<Rejection>| faults.into_iter().map(|f| f.at(line)).collect();
            let finished = match draft {
                Ok(None) => continue,
                Ok(Some(draft)) => draft.finish(),
                Err(fault) => Err(vec![fault]),
            };
            return Ok(Some(
                match finished.and_then(|report| self.first_of_its_id(line, report)) {
                    Ok(report) => Entry::Resource(line, report),
                    Err(faults) => Entry::Rejected(at_line(faults)),
                },
            ));
        }
    }

    /// The next line or record and its number, with no draft where it is blank; none at the end.
    fn next_draft(&mut self) -> io::Result<Option<NumberedDraft>> {
        let Format::Csv { delimiter, header } = &self.format else {
            return Ok(self.lines.next_line()?.map(|line| match line {
                Line::Whole(number, bytes) if bytes.trim_ascii().is_empty() => (number, Ok(None)),
                Line::Whole(number, bytes) => (number, utf8(&bytes).and_then(jsonl::parse).map(Some)),
                Line::TooLong(number, head) => (number, Err(too_long(&head))),
            }));
        };
        let Some(record) = next_record(&mut self.lines, *delimiter)? else {
            return Ok(None);
        };
        Ok(Some(match record {
            Record::Refused(fault) => (fault.line.unwrap_or_default(), Err(fault)),
            Record::Row { first, cells, .. } if cells.iter().all(|c| c.trim_ascii().is_empty()) => {
                (first, Ok(None))
            }
            Record::Row { first, last, cells } => (first, draft_of(header, cells, first, last).map(Some)),
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
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.next_entry().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

/// What the start of a file shows.
pub(super) enum Sniffed {
    JsonLines,
    /// The cells of the header.
    Csv {
        delimiter: u8,
        cells: Vec<String>,
    },
}

/// Looks at the first line that is not blank and leaves the reader at the first entry. Of a CSV file, `known` tells which
/// columns are expected.
pub(super) fn sniff(
    lines: &mut LineReader,
    file_name: Option<&str>,
    known: fn(&str) -> bool,
) -> Result<Sniffed, ReadError> {
    let named_json = file_name.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        [".jsonl", ".ndjson", ".json"]
            .iter()
            .any(|ending| name.ends_with(ending))
    });
    loop {
        let (mut line, too_long) = match lines.next_line().map_err(|e| io_error(lines, e))? {
            None => return Ok(Sniffed::JsonLines),
            Some(Line::Whole(_, line)) => (line, false),
            Some(Line::TooLong(_, head)) => (head, true),
        };
        if lines.number() == 1 {
            if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
                return Err(ReadError::Format("is UTF-16 text; save it as UTF-8"));
            }
            if line.starts_with(BOM) {
                line.drain(..BOM.len());
            }
        }
        let json = match line.trim_ascii().first() {
            None => continue,
            Some(b'{') => true,
            Some(b'[') => {
                return Err(ReadError::Format(
                    "is a JSON array; JSON Lines has one object per line",
                ));
            }
            Some(_) => named_json,
        };
        if too_long && !json {
            return Err(ReadError::Format("has a header of more than 1 MiB"));
        }
        let delimiter = sniff_delimiter(&String::from_utf8_lossy(&line), known);
        if too_long {
            lines.put_back(Vec::new(), Some(line));
        } else {
            lines.put_back(line, None);
        }
        return if json {
            Ok(Sniffed::JsonLines)
        } else {
            csv_header(lines, delimiter)
        };
    }
}

fn csv_header(lines: &mut LineReader, delimiter: u8) -> Result<Sniffed, ReadError> {
    let Some(Record::Row { cells, .. }) = next_record(lines, delimiter).map_err(|e| io_error(lines, e))?
    else {
        return Err(ReadError::Format("has a header in which a quote is never closed"));
    };
    let cells: Result<Vec<_>, _> = cells.into_iter().map(String::from_utf8).collect();
    let cells = cells.map_err(|_| ReadError::Format("has a header that is not UTF-8"))?;
    Ok(Sniffed::Csv { delimiter, cells })
}

pub(super) fn io_error(lines: &LineReader, source: io::Error) -> ReadError {
    let line = lines.number();
    match source.kind() {
        io::ErrorKind::FileTooLarge => ReadError::TooLarge { line, source },
        _ => ReadError::Io { line, source },
    }
}

#[cfg(test)]
mod tests;
