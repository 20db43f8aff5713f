//! CSV records over one or more lines, with their line numbers and within a limit of bytes.

use std::io;

use super::Rejection;
use super::lines::{Line, LineReader, MAX_LINE, too_long};
use crate::domain::csv::RecordParser;

/// A CSV record.
pub(super) enum CsvRecord {
    /// Fields of a record that starts in line `first` and ends in line `last`.
    Row {
        first: u64,
        last: u64,
        cells: Vec<Vec<u8>>,
    },
    Refused(Rejection),
}

/// Reads the next CSV record. Where a quote is never closed, only the line that opens it is refused, and reading continues
/// with the next line. (That is linear: a line that was read inside the quotes is complete by itself.)
pub(super) fn next_record(
    lines: &mut LineReader,
    parser: &mut RecordParser,
) -> io::Result<Option<CsvRecord>> {
    let (first, mut raw) = match lines.next_line()? {
        None => return Ok(None),
        Some(Line::TooLong(number, head)) => {
            return Ok(Some(CsvRecord::Refused(too_long(&head).at(number))));
        }
        Some(Line::Whole(number, bytes)) => (number, bytes),
    };
    let mut complete = parser.push(&raw);
    let first_length = raw.len();
    loop {
        if let Some(cells) = complete.take() {
            let last = lines.number();
            return Ok(Some(CsvRecord::Row { first, last, cells }));
        }
        let next = lines.next_line()?;
        if let Some(Line::Whole(_, more)) = &next {
            raw.extend_from_slice(more);
            complete = parser.push(more);
        }
        if raw.len() > MAX_LINE || !matches!(next, Some(Line::Whole(..))) {
            parser.reset();
            let tail = raw.split_off(first_length);
            let head = match next {
                Some(Line::TooLong(_, head)) => Some(head),
                _ => None,
            };
            lines.put_back(tail, head);
            let fault = Rejection::new("opens a quote that is not closed within 1 MiB");
            return Ok(Some(CsvRecord::Refused(
                fault.found(&String::from_utf8_lossy(&raw)).at(first),
            )));
        }
    }
}
