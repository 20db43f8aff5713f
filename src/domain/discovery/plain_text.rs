//! Text of a file as UTF-8 with line feeds, whatever the program wrote that saved it: byte order marks, UTF-16, and lines
//! that end with carriage returns alone.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::read_error::ReadError;

const BUFFER: usize = 64 * 1024;
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// First bytes of files that are no text, and what they are.
const NOT_TEXT: [(&[u8], &str); 8] = [
    (
        b"PK\x03\x04",
        "is a ZIP archive, as .xlsx and .ods files are: save the sheet as CSV (UTF-8), or unpack the archive",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "is an Excel workbook (.xls): save the sheet as CSV (UTF-8)",
    ),
    (b"%PDF", "is a PDF document, not CSV or JSON Lines"),
    (b"PAR1", "is a Parquet file; an inventory is CSV or JSON Lines"),
    (b"BZh", "is compressed with bzip2; gzip is read"),
    (b"\xfd7zXZ", "is compressed with xz; gzip is read"),
    (b"\x28\xb5\x2f\xfd", "is compressed with Zstandard; gzip is read"),
    (b"7z\xbc\xaf", "is a 7-Zip archive; gzip is read"),
];

/// Text of `input`, of which nothing was read.
pub(super) fn plain_text(mut input: Box<dyn BufRead + Send>) -> Result<Box<dyn BufRead + Send>, ReadError> {
    let mut head = Vec::new();
    if let Err(error) = (&mut input).take(BUFFER as u64).read_to_end(&mut head) {
        // Returned when it is reached, with the line before it.
        input = Box::new(BufReader::new(FailedReader(Some(error))));
    }
    if let Some((_, what)) = NOT_TEXT.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(ReadError::Format(what));
    }
    let (order, mark) = utf_16(&head);
    let mark = match order {
        None if head.starts_with(UTF_8_MARK) => UTF_8_MARK.len(),
        _ => mark,
    };
    head.drain(..mark);
    let Some(order) = order else {
        let ends_with_returns = ends_lines_with_returns(&head);
        let input: Box<dyn BufRead + Send> = Box::new(Cursor::new(head).chain(input));
        return Ok(if ends_with_returns {
            with_line_feeds(input)
        } else {
            input
        });
    };
    let decoded = Utf16Reader::new(Box::new(Cursor::new(head).chain(input)), order);
    let mut input = BufReader::with_capacity(BUFFER, decoded);
    let decoded = input.fill_buf().unwrap_or_default();
    let ends_with_returns = ends_lines_with_returns(decoded);
    Ok(if ends_with_returns {
        with_line_feeds(Box::new(input))
    } else {
        Box::new(input)
    })
}

fn with_line_feeds(input: Box<dyn BufRead + Send>) -> Box<dyn BufRead + Send> {
    let lines = ReturnReader {
        input,
        follows: false,
    };
    Box::new(BufReader::with_capacity(BUFFER, lines))
}

/// Reader of a source that broke.
struct FailedReader(Option<io::Error>);

impl Read for FailedReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self
            .0
            .take()
            .unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()))
    }
}

/// Order of the bytes of a UTF-16 character.
#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

/// Order of bytes if the text is UTF-16, and the length of its mark. Without a mark, the zeros of Latin letters tell.
fn utf_16(head: &[u8]) -> (Option<ByteOrder>, usize) {
    match head {
        [0xff, 0xfe, ..] => (Some(ByteOrder::Little), 2),
        [0xfe, 0xff, ..] => (Some(ByteOrder::Big), 2),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (Some(ByteOrder::Little), 0),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => (Some(ByteOrder::Big), 0),
        _ => (None, 0),
    }
}

/// True if the first line break outside of quotes is a carriage return without a line feed.
fn ends_lines_with_returns(head: &[u8]) -> bool {
    let mut quoted = false;
    for (at, byte) in head.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return false,
            b'\r' if !quoted => return head.get(at + 1).is_none_or(|next| *next != b'\n'),
            _ => {}
        }
    }
    false
}

/// Reader that makes line feeds of carriage returns, and one of a pair of both.
struct ReturnReader {
    input: Box<dyn BufRead + Send>,
    /// The byte before was a carriage return.
    follows: bool,
}

impl Read for ReturnReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            let source = self.input.fill_buf()?;
            if source.is_empty() {
                return Ok(0);
            }
            let taken = source.len().min(target.len());
            let mut count = 0;
            for byte in &source[..taken] {
                let is_pair = *byte == b'\n' && self.follows;
                self.follows = *byte == b'\r';
                if !is_pair {
                    target[count] = if self.follows { b'\n' } else { *byte };
                    count += 1;
                }
            }
            self.input.consume(taken);
            if count > 0 || target.is_empty() {
                return Ok(count);
            }
        }
    }
}

/// Reader of UTF-16 as UTF-8. What is no character becomes U+FFFD.
struct Utf16Reader {
    input: Box<dyn BufRead + Send>,
    order: ByteOrder,
    /// First half of a surrogate pair.
    high: Option<u16>,
    decoded: Vec<u8>,
    read: usize,
}

impl Utf16Reader {
    fn new(input: Box<dyn BufRead + Send>, order: ByteOrder) -> Self {
        Self {
            input,
            order,
            high: None,
            decoded: Vec::new(),
            read: 0,
        }
    }

    /// Decodes the next units; none at the end of the text.
    fn decode(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.read = 0;
        let mut bytes = Vec::with_capacity(BUFFER);
        (&mut self.input).take(BUFFER as u64).read_to_end(&mut bytes)?;
        let is_end = bytes.len() < BUFFER;
        let units = bytes.chunks(2).map(|pair| match (pair, self.order) {
            ([a, b], ByteOrder::Little) => u16::from_le_bytes([*a, *b]),
            ([a, b], ByteOrder::Big) => u16::from_be_bytes([*a, *b]),
            _ => 0xdc00,
        });
        let mut units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
        if !is_end && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = units.pop();
        }
        for unit in char::decode_utf16(units) {
            let c = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.decoded
                .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

impl Read for Utf16Reader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.read == self.decoded.len() {
            self.decode()?;
        }
        let count = target.len().min(self.decoded.len() - self.read);
        target[..count].copy_from_slice(&self.decoded[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read as _};

    use proptest::prelude::*;

    use super::plain_text;

    fn text(content: Vec<u8>) -> Result<String, String> {
        // As the reader of packed files gives its first bytes.
        let (first, rest) = content.split_at(content.len().min(2));
        let input = Cursor::new(first.to_vec()).chain(Cursor::new(rest.to_vec()));
        let input = BufReader::with_capacity(16, input);
        let mut text = String::new();
        plain_text(Box::new(input))
            .map_err(|error| error.to_string())?
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        Ok(text)
    }

    #[test]
    fn archives_and_workbooks_are_told_to_be_such() {
        for (magic, word) in [
            (&b"PK\x03\x04rest"[..], ".xlsx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
            (b"PAR1", "Parquet"),
            (b"\x28\xb5\x2f\xfd", "Zstandard"),
        ] {
            let refused = text(magic.to_vec()).unwrap_err();
            assert!(refused.contains(word), "{refused}");
        }
    }

    #[test]
    fn line_feeds_come_of_carriage_returns_where_these_end_lines() {
        for (content, expected) in [
            ("a,b\rc,d\r", "a,b\nc,d\n"),
            ("a,\"x\ny\"\rc,d\r", "a,\"x\ny\"\nc,d\n"),
            ("a,b\rc\r\nd", "a,b\nc\nd"),
            ("a,b\r\nc\rd\r\n", "a,b\r\nc\rd\r\n"),
            ("a\nc\rd\n", "a\nc\rd\n"),
            ("\u{feff}a\rb", "a\nb"),
            ("", ""),
        ] {
            assert_eq!(text(content.into()).unwrap(), expected, "{content:?}");
        }
    }

    proptest! {
        #[test]
        fn utf_16_reads_as_utf_8_does(words in "[a-z]{2}[^\r\0]{0,60}", big in any::<bool>(), marked in any::<bool>()) {
            let mark = if marked { "\u{feff}" } else { "" };
            let units: Vec<u16> = mark.encode_utf16().chain(words.encode_utf16()).collect();
            let bytes = units.iter().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            prop_assert_eq!(text(bytes.collect()).unwrap(), words);
        }
    }
}
