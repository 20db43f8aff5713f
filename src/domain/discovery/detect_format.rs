//! Detection of the format of a file: JSON Lines, or CSV with its delimiter and header.

use super::lines::{Line, LineReader};
use super::read_error::{ReadError, io_error};
use super::records::{CsvRecord, next_record};
use crate::domain::csv::{RecordParser, sniff_delimiter};

const BOM: &[u8] = b"\xef\xbb\xbf";

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
/// the columns that are expected in a CSV file.
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
        let (mut line, too_long) = match lines.next_line().map_err(|e| io_error(lines, e))? {
            None => return Ok(DetectedFormat::JsonLines),
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
            Ok(DetectedFormat::JsonLines)
        } else {
            csv_header(lines, delimiter)
        };
    }
}

fn csv_header(lines: &mut LineReader, delimiter: u8) -> Result<DetectedFormat, ReadError> {
    let mut parser = RecordParser::new(delimiter);
    let record = next_record(lines, &mut parser).map_err(|e| io_error(lines, e))?;
    let Some(CsvRecord::Row { cells, .. }) = record else {
        return Err(ReadError::Format("has a header in which a quote is never closed"));
    };
    let cells: Result<Vec<_>, _> = cells.into_iter().map(String::from_utf8).collect();
    let cells = cells.map_err(|_| ReadError::Format("has a header that is not UTF-8"))?;
    Ok(DetectedFormat::Csv { cells, parser })
}
