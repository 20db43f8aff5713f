//! Detection of the format of a file: JSON Lines, or CSV with its delimiter and header.

use super::lines::{Line, LineReader};
use super::read_error::{ReadError, io_error};
use super::records::{CsvRecord, next_record};
use crate::domain::csv::{RecordParser, sniff_delimiter};

/// Lines in which a header is looked for behind the first.
const MAX_PREAMBLE: usize = 20;

/// Format of a file, detected at its start.
pub(super) enum DetectedFormat {
    JsonLines,
    /// The cells of the header, and the parser of the records that follow.
    Csv {
        cells: Vec<String>,
        parser: RecordParser,
    },
}

/// Detects the format by the first line that is not blank, and leaves the reader at the first entry. `known` is true for
/// the columns that are expected in a CSV file; its header is looked for behind up to [`MAX_PREAMBLE`] lines of title, since
/// reports and spreadsheets have such.
pub(super) fn detect_format(
    lines: &mut LineReader,
    file_name: Option<&str>,
    known: fn(&str) -> bool,
) -> Result<DetectedFormat, ReadError> {
    let named_json = file_name.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        [".jsonl", ".ndjson", ".json"]
            .iter()
            .any(|ending| name.ends_with(ending))
    });
    loop {
        let (line, too_long) = match lines.next_line().map_err(|e| io_error(lines, e))? {
            None => return Ok(DetectedFormat::JsonLines),
            Some(Line::Whole(_, line)) => (line, false),
            Some(Line::TooLong(_, head)) => (head, true),
        };
        let json = match line.trim_ascii().first() {
            None => continue,
            Some(b'{') => true,
            Some(b'[') => {
                return Err(ReadError::Format(
                    "is a JSON array; JSON Lines has one object per line",
                ));
            }
            Some(b'<') => return Err(ReadError::Format("is HTML or XML, not CSV or JSON Lines")),
            Some(_) => named_json,
        };
        if too_long && !json {
            return Err(ReadError::Format("has a header of more than 1 MiB"));
        }
        if !json {
            return csv_header(lines, line, known);
        }
        if too_long {
            lines.put_back(Vec::new(), Some(line));
        } else {
            lines.put_back(line, None);
        }
        return Ok(DetectedFormat::JsonLines);
    }
}

/// Reads the header of a CSV file, which is `first` or a line behind it.
fn csv_header(
    lines: &mut LineReader,
    first: Vec<u8>,
    known: fn(&str) -> bool,
) -> Result<DetectedFormat, ReadError> {
    let named = named_delimiter(&first);
    let (delimiter, line) = find_header(lines, first, known)?;
    lines.put_back(line, None);
    header_cells(lines, named.unwrap_or(delimiter))
}

/// Delimiter that a first line `sep=;` names, as spreadsheets write and read it.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let rest = line.trim_ascii_start();
    match rest.split_at_checked(4)? {
        (name, [delimiter]) if name.eq_ignore_ascii_case(b"sep=") => Some(*delimiter),
        // The delimiter was a tab, which looks like a blank.
        (name, []) if name.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

/// Lines of the header and before it: the first that has two columns that are known is the header; if none has, `first`.
fn find_header(
    lines: &mut LineReader,
    first: Vec<u8>,
    known: fn(&str) -> bool,
) -> Result<(u8, Vec<u8>), ReadError> {
    let sniff = |line: &[u8]| sniff_delimiter(&String::from_utf8_lossy(line), known);
    let (delimiter, columns) = sniff(&first);
    if columns > 1 {
        return Ok((delimiter, first));
    }
    let mut passed = first;
    for _ in 0..MAX_PREAMBLE {
        match lines.next_line().map_err(|e| io_error(lines, e))? {
            Some(Line::Whole(_, line)) => {
                let (delimiter, columns) = sniff(&line);
                if columns > 1 {
                    return Ok((delimiter, line));
                }
                passed.extend_from_slice(&line);
            }
            Some(Line::TooLong(_, head)) => {
                lines.put_back(Vec::new(), Some(head));
                break;
            }
            None => break,
        }
    }
    Ok((delimiter, passed))
}

fn header_cells(lines: &mut LineReader, delimiter: u8) -> Result<DetectedFormat, ReadError> {
    let mut parser = RecordParser::new(delimiter);
    let record = next_record(lines, &mut parser).map_err(|e| io_error(lines, e))?;
    let Some(CsvRecord::Row { cells, .. }) = record else {
        return Err(ReadError::Format("has a header in which a quote is never closed"));
    };
    let cells: Result<Vec<_>, _> = cells.into_iter().map(String::from_utf8).collect();
    let cells = cells.map_err(|_| ReadError::Format("has a header that is not UTF-8"))?;
    Ok(DetectedFormat::Csv { cells, parser })
}
