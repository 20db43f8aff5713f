//! Incremental parser of CSV records on `csv-core`. The crate `csv` would let a record grow without bound where a quote
//! is never closed, and would not report where it was opened; here the caller holds the lines, so it can bound a record in
//! bytes, number its lines, and read on behind the line that opened the quote.

use std::borrow::Cow;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};

/// Parser of the records of one file (RFC 4180), which takes line by line.
pub struct RecordParser {
    padding: QuotePadding,
    /// Boxed: its tables take more than half a kilobyte, and readers are held in futures and in enums.
    reader: Box<Reader>,
    cells: Vec<Vec<u8>>,
    cell: Vec<u8>,
}

impl RecordParser {
    /// Parser for records whose cells are separated by `delimiter`.
    pub fn new(delimiter: u8) -> Self {
        // A carriage return alone is part of a cell, not the end of a record as it is by default.
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .build();
        let mut parser = Self {
            padding: QuotePadding::new(delimiter),
            reader: Box::new(reader),
            cells: Vec::new(),
            cell: Vec::new(),
        };
        parser.reset();
        parser
    }

    /// Drops a record that was begun.
    pub fn reset(&mut self) {
        self.cells.clear();
        self.cell.clear();
        self.reader.reset();
        self.padding.place = QuotePlace::CellStart;
        // The first read would strip a byte order mark; only the one at the start of a file is one, which is gone by now.
        self.feed(b"\n");
    }

    /// Parses a line with its line break (the last one of a file may have none). Returns the cells, unquoted, if the record
    /// is complete; `None` while a quoted cell continues.
    pub fn push(&mut self, line: &[u8]) -> Option<Vec<Vec<u8>>> {
        let is_first = self.cells.is_empty() && self.cell.is_empty();
        if is_first && matches!(line, b"\n" | b"") {
            // `csv-core` skips empty lines.
            return Some(vec![Vec::new()]);
        }
        let tidy = self.padding.without(line);
        let is_complete = self.feed(&tidy) || (!line.ends_with(b"\n") && self.feed(b"\n"));
        if !is_complete {
            return None;
        }
        let mut cells = std::mem::take(&mut self.cells);
        if line.ends_with(b"\r\n")
            && let Some(last) = cells.last_mut()
        {
            last.pop();
        }
        Some(cells)
    }

    /// True if the input ended a record. Never passes an empty input on, which `csv-core` takes for the end of the file.
    fn feed(&mut self, mut input: &[u8]) -> bool {
        let mut output = [0; 1024];
        while !input.is_empty() {
            let (result, read, written) = self.reader.read_field(input, &mut output);
            input = &input[read..];
            self.cell.extend_from_slice(&output[..written]);
            if let ReadFieldResult::Field { record_end } = result {
                self.cells.push(std::mem::take(&mut self.cell));
                if record_end {
                    return true;
                }
            }
        }
        false
    }
}

/// Filter of blanks around quoted cells: `a, "b, c" ,d` has three cells.
struct QuotePadding {
    delimiter: u8,
    place: QuotePlace,
}

/// Position in a record, as far as quotes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum QuotePlace {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote in a quoted cell, which ends the cell unless another follows.
    Closing,
}

impl QuotePadding {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            place: QuotePlace::CellStart,
        }
    }

    /// The line without blanks between a quote and its delimiter.
    fn without<'a>(&mut self, line: &'a [u8]) -> Cow<'a, [u8]> {
        if !line.contains(&b'"') && self.place != QuotePlace::Quoted {
            self.place = QuotePlace::CellStart;
            return Cow::Borrowed(line);
        }
        let mut kept = Vec::with_capacity(line.len());
        let mut blanks = 0;
        for byte in line {
            let is_end = *byte == self.delimiter || matches!(byte, b'\n' | b'\r');
            match (self.place, byte) {
                (QuotePlace::CellStart | QuotePlace::Closing, b' ') => {
                    blanks += 1;
                    continue;
                }
                (QuotePlace::CellStart, b'"') => self.place = QuotePlace::Quoted,
                (QuotePlace::Closing, b'"') if blanks == 0 => self.place = QuotePlace::Quoted,
                (QuotePlace::Quoted, b'"') => self.place = QuotePlace::Closing,
                (QuotePlace::Quoted, _) => {}
                (QuotePlace::Closing, _) if is_end => self.place = QuotePlace::CellStart,
                (place, _) => {
                    kept.extend(std::iter::repeat_n(b' ', blanks));
                    self.place = match place {
                        QuotePlace::CellStart | QuotePlace::Bare if is_end => QuotePlace::CellStart,
                        _ => QuotePlace::Bare,
                    };
                }
            }
            blanks = 0;
            kept.push(*byte);
        }
        kept.extend(std::iter::repeat_n(b' ', blanks));
        Cow::Owned(kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::RecordParser;

    fn parse(text: &[u8], delimiter: u8) -> Option<Vec<Vec<u8>>> {
        let mut parser = RecordParser::new(delimiter);
        let mut lines = text.split_inclusive(|b| *b == b'\n');
        lines.find_map(|line| parser.push(line))
    }

    #[test]
    fn quotes_newlines_and_crlf() {
        let cells = parse(b"a,\"b \"\"x\"\"\r\nc\",,d\"e\r\n", b',').unwrap();
        assert_eq!(cells, [&b"a"[..], b"b \"x\"\r\nc", b"", b"d\"e"]);
        assert_eq!(parse(b"\"open\n", b','), None);
    }

    #[test]
    fn blanks_around_quotes_are_no_part_of_cells() {
        for (line, cells) in [
            (&b"a, \"b, c\" ,d\n"[..], [&b"a"[..], b"b, c", b"d"]),
            (b" \"a\" ,  \"b \"\"x\"\"\",\"c\"  \r\n", [b"a", b"b \"x\"", b"c"]),
            (b"a b , c\" d, \n", [b"a b ", b" c\" d", b" "]),
        ] {
            assert_eq!(parse(line, b',').unwrap(), cells);
        }
        assert_eq!(
            parse(b"a, \"b\n, c\" ,d\n", b',').unwrap(),
            [&b"a"[..], b"b\n, c", b"d"]
        );
    }

    #[test]
    fn carriage_returns_long_cells_and_marks_are_part_of_cells() {
        let long = "x".repeat(5000);
        for cells in [
            ["\u{feff}a", "b"],
            ["a\rb", "\rc"],
            [long.as_str(), long.as_str()],
        ] {
            for end in ["\n", "\r\n", ""] {
                let line = format!("{}{end}", cells.join(","));
                assert_eq!(parse(line.as_bytes(), b',').unwrap(), cells.map(str::as_bytes));
            }
        }
        assert_eq!(parse(b"\"a\r\"\r\n", b',').unwrap(), [b"a\r"]);
        for blank in [&b"\n"[..], b"\r\n"] {
            assert_eq!(parse(blank, b',').unwrap(), [b""]);
        }
    }

    #[test]
    fn a_record_that_was_dropped_leaves_nothing() {
        let mut parser = RecordParser::new(b',');
        assert_eq!(parser.push(b"a,\"b\n"), None);
        parser.reset();
        assert_eq!(parser.push(b"c\n").unwrap(), [b"c"]);
        assert_eq!(parser.push(b"d").unwrap(), [b"d"]);
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
