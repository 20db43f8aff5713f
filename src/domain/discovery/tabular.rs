//! CSV records of an inventory: kept together over lines, and read by the header.

use std::io::{self, Read};

use super::lines::{Line, LineReader, MAX_LINE, too_long, utf8};
use super::metered::{Reading, unpack};
use super::raw_resource::RawResource;
use super::reader::{Sniffed, io_error, sniff};
use super::{ReadError, Rejection};
use crate::domain::csv::{Column, Header, Meaning, RecordParser, unguard};

pub(super) enum Record {
    Row {
        first: u64,
        last: u64,
        cells: Vec<Vec<u8>>,
    },
    Refused(Rejection),
}

/// The next CSV record. Where a quote is never closed, only the line that opens it is refused and reading goes on
/// with the next one. (That is linear: a line that a reading inside quotes passed over is complete by itself.)
pub(super) fn next_record(lines: &mut LineReader, delimiter: u8) -> io::Result<Option<Record>> {
    let (first, mut raw) = match lines.next_line()? {
        None => return Ok(None),
        Some(Line::TooLong(number, head)) => return Ok(Some(Record::Refused(too_long(&head).at(number)))),
        Some(Line::Whole(number, bytes)) => (number, bytes),
    };
    let mut parser = RecordParser::new(delimiter);
    let mut complete = parser.push(&raw);
    let first_length = raw.len();
    while !complete {
        let next = lines.next_line()?;
        if let Some(Line::Whole(_, more)) = &next {
            raw.extend_from_slice(more);
            complete = parser.push(more);
        }
        if raw.len() > MAX_LINE || !matches!(next, Some(Line::Whole(..))) {
            let tail = raw.split_off(first_length);
            lines.put_back(
                tail,
                if let Some(Line::TooLong(_, head)) = next {
                    Some(head)
                } else {
                    None
                },
            );
            let fault = Rejection::new("opens a quote that is not closed within 1 MiB");
            return Ok(Some(Record::Refused(
                fault.found(&String::from_utf8_lossy(&raw)).at(first),
            )));
        }
    }
    Ok(Some(Record::Row {
        first,
        last: lines.number(),
        cells: parser.into_cells(),
    }))
}

pub(super) fn draft_of(
    header: &Header,
    cells: Vec<Vec<u8>>,
    first: u64,
    last: u64,
) -> Result<RawResource, Rejection> {
    let meanings = header.meanings();
    check_width(&cells, meanings.len(), first, last)?;
    let mut draft = RawResource::default();
    for (meaning, cell) in meanings.iter().zip(cells) {
        let column = match meaning {
            Meaning::Ignored => continue,
            Meaning::Field(column) => column.name(),
            Meaning::Tag(key) => key,
        };
        match utf8(&cell) {
            Ok(text) => set(&mut draft, meaning, unguard(text)),
            Err(fault) => draft.faults.push(Rejection {
                column: Some(column.to_owned()),
                ..fault
            }),
        }
    }
    Ok(draft)
}

/// A record has as many cells as the header; more only when they are blank.
fn check_width(cells: &[Vec<u8>], wanted: usize, first: u64, last: u64) -> Result<(), Rejection> {
    let extra = cells
        .iter()
        .skip(wanted)
        .any(|cell| !cell.trim_ascii().is_empty());
    if cells.len() >= wanted && !extra {
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

/// A CSV file of any columns: gives its records as texts, unguarded, each with its first line.
pub struct CsvRecords {
    lines: LineReader,
    delimiter: u8,
    header: Vec<String>,
}

impl CsvRecords {
    /// Reads the header, plain or gzip; `known` tells which columns are expected.
    pub fn open(
        input: impl Read + Send + 'static,
        known: fn(&str) -> bool,
        reading: Reading,
    ) -> Result<Self, ReadError> {
        let mut lines = LineReader::new(unpack(input, reading).map_err(ReadError::Open)?);
        match sniff(&mut lines, None, known)? {
            Sniffed::JsonLines => Err(ReadError::Format("is no CSV file with a header")),
            Sniffed::Csv { delimiter, cells } => Ok(Self {
                lines,
                delimiter,
                header: cells,
            }),
        }
    }

    /// The cells of the header.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The next record that is not blank, as many cells as the header has, or why it is refused; none at the end.
    pub fn next_record(&mut self) -> Result<Option<NumberedCells>, ReadError> {
        loop {
            let record =
                next_record(&mut self.lines, self.delimiter).map_err(|error| io_error(&self.lines, error))?;
            let (first, last, cells) = match record {
                None => return Ok(None),
                Some(Record::Refused(fault)) => {
                    return Ok(Some((fault.line.unwrap_or_default(), Err(fault))));
                }
                Some(Record::Row { first, last, cells }) => (first, last, cells),
            };
            if cells.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                let texts = check_width(&cells, self.header.len(), first, last).and_then(|()| {
                    let texts = cells.iter().take(self.header.len());
                    texts.map(|cell| Ok(unguard(utf8(cell)?).to_owned())).collect()
                });
                return Ok(Some((first, texts)));
            }
        }
    }
}

/// The first line of a record, and its cells, or why it is refused.
pub type NumberedCells = (u64, Result<Vec<String>, Rejection>);

fn set(draft: &mut RawResource, meaning: &Meaning, text: &str) {
    let field = match meaning {
        Meaning::Ignored => return,
        Meaning::Tag(_) if text.is_empty() => return,
        Meaning::Tag(key) => return draft.add_tag(key.clone(), text.to_owned()),
        Meaning::Field(Column::NativeTags) if text.trim().is_empty() => return,
        Meaning::Field(Column::NativeTags) => match serde_json::from_str(text) {
            Ok(tags) => return draft.add_tags(tags),
            Err(_) => {
                return draft
                    .faults
                    .push(Rejection::of("native_tags", text, "is not a JSON object"));
            }
        },
        Meaning::Field(Column::Cloud) => &mut draft.cloud,
        Meaning::Field(Column::AccountId) => &mut draft.account_id,
        Meaning::Field(Column::ResourceType) => &mut draft.resource_type,
        Meaning::Field(Column::ResourceId) => &mut draft.resource_id,
        Meaning::Field(Column::Name) => &mut draft.name,
        Meaning::Field(Column::Region) => &mut draft.region,
        Meaning::Field(Column::CreatedAt) => &mut draft.created_at,
    };
    *field = Some(text.to_owned());
}
