//! An incremental parser of one record. The `csv` crate grows a record without bound where a quote is never
//! closed; here the caller holds the lines and decides when it is enough.

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    QuoteInQuoted,
}

/// Parses one record (RFC 4180), line by line.
pub struct RecordParser {
    delimiter: u8,
    state: State,
    cells: Vec<Vec<u8>>,
    cell: Vec<u8>,
}

impl RecordParser {
    /// A parser for a record whose cells `delimiter` parts.
    pub const fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::FieldStart,
            cells: Vec::new(),
            cell: Vec::new(),
        }
    }

    /// Takes a line with its line break; true when the record is complete, false while a quoted cell goes on.
    pub fn push(&mut self, line: &[u8]) -> bool {
        let body = line
            .strip_suffix(b"\n")
            .map_or(line, |l| l.strip_suffix(b"\r").unwrap_or(l));
        for &byte in body {
            self.step(byte);
        }
        if self.state == State::Quoted {
            self.cell.extend_from_slice(&line[body.len()..]);
            return false;
        }
        self.end_cell();
        true
    }

    /// The cells of the complete record, unquoted.
    pub fn into_cells(self) -> Vec<Vec<u8>> {
        self.cells
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::FieldStart, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::FieldStart | State::Unquoted | State::QuoteInQuoted, b) if b == self.delimiter => {
                self.end_cell();
                State::FieldStart
            }
            (State::QuoteInQuoted, b'"') | (State::Quoted, _) => {
                self.cell.push(byte);
                State::Quoted
            }
            (State::FieldStart | State::Unquoted | State::QuoteInQuoted, _) => {
                self.cell.push(byte);
                State::Unquoted
            }
        };
    }

    fn end_cell(&mut self) {
        self.cells.push(std::mem::take(&mut self.cell));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::RecordParser;

    fn parse(text: &[u8], delimiter: u8) -> Option<Vec<Vec<u8>>> {
        let mut parser = RecordParser::new(delimiter);
        let mut lines = text.split_inclusive(|b| *b == b'\n');
        lines.any(|line| parser.push(line)).then(|| parser.into_cells())
    }

    #[test]
    fn quotes_newlines_and_crlf() {
        let cells = parse(b"a,\"b \"\"x\"\"\r\nc\",,d\"e\r\n", b',').unwrap();
        assert_eq!(cells, [&b"a"[..], b"b \"x\"\r\nc", b"", b"d\"e"]);
        assert_eq!(parse(b"\"open\n", b','), None);
    }

    proptest! {
        #[test]
        fn agrees_with_the_csv_crate(
            cells in prop::collection::vec("[a;,\t\"\r\n' é]{0,8}", 1..6),
            delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            writer.write_record(&cells).unwrap();
            let parsed = parse(&writer.into_inner().unwrap(), delimiter).unwrap();
            prop_assert_eq!(parsed, cells.iter().map(|c| c.as_bytes().to_vec()).collect::<Vec<_>>());
        }

        #[test]
        fn reads_untidy_records_as_the_csv_crate_does(text in "[a,\"]{1,12}") {
            if let Some(cells) = parse(text.as_bytes(), b',') {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
                let expected = reader.byte_records().next().unwrap().unwrap();
                prop_assert_eq!(cells, expected.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
            }
        }
    }
}
