//! Reader of numbered lines of bounded length, which can be put back.

use std::io::{self, BufRead, Read};

use super::Rejection;

/// Maximum bytes of a line and of a CSV record: 1 MiB.
pub(super) const MAX_LINE: usize = 1 << 20;
const KEPT_HEAD: usize = 1000;

/// A line of a file.
pub(super) enum Line {
    /// Number from 1, and bytes with the line break.
    Whole(u64, Vec<u8>),
    /// Number and first bytes of a line longer than [`MAX_LINE`]; the rest was skipped.
    TooLong(u64, Vec<u8>),
}

pub(super) struct LineReader {
    input: Box<dyn BufRead + Send>,
    /// Number of the line that was read last.
    number: u64,
    replay: Vec<u8>,
    replayed: usize,
    too_long_after_replay: Option<Vec<u8>>,
}

impl LineReader {
    pub fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self {
            input,
            number: 0,
            replay: Vec::new(),
            replayed: 0,
            too_long_after_replay: None,
        }
    }

    /// Number of the line that was read last; 0 before the first.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next line; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        let rest = &self.replay[self.replayed..];
        if !rest.is_empty() {
            let end = rest
                .iter()
                .position(|b| *b == b'\n')
                .map_or(rest.len(), |i| i + 1);
            let line = rest[..end].to_vec();
            self.replayed += end;
            self.number += 1;
            return Ok(Some(Line::Whole(self.number, line)));
        }
        if let Some(head) = self.too_long_after_replay.take() {
            self.number += 1;
            return Ok(Some(Line::TooLong(self.number, head)));
        }
        self.read_line()
    }

    /// Puts whole lines back, to be read again, and behind them the start of one that was too long.
    pub fn put_back(&mut self, mut lines: Vec<u8>, too_long: Option<Vec<u8>>) {
        let count = lines.split_inclusive(|b| *b == b'\n').count() as u64 + u64::from(too_long.is_some());
        self.number -= count;
        lines.extend_from_slice(&self.replay[self.replayed..]);
        self.replay = lines;
        self.replayed = 0;
        self.too_long_after_replay = too_long.or_else(|| self.too_long_after_replay.take());
    }

    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        (&mut self.input)
            .take(MAX_LINE as u64 + 1)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if line.len() <= MAX_LINE || line.ends_with(b"\n") {
            return Ok(Some(Line::Whole(self.number, line)));
        }
        line.truncate(KEPT_HEAD);
        self.input.skip_until(b'\n')?;
        Ok(Some(Line::TooLong(self.number, line)))
    }
}

/// Decodes bytes as text.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(bytes).map_err(|e| {
        let fault = Rejection::new(format!("is not UTF-8 at byte {}", e.valid_up_to() + 1));
        fault.found(String::from_utf8_lossy(bytes).trim_end())
    })
}

/// Rejection of a line that starts with `head`.
pub(super) fn too_long(head: &[u8]) -> Rejection {
    Rejection::new("is longer than 1 MiB").found(&String::from_utf8_lossy(head))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{Line, LineReader};

    #[test]
    fn lines_put_back_come_again_in_order_and_with_their_numbers() {
        let mut lines = LineReader::new(Box::new(Cursor::new("a\nb\nc\nd")));
        let next = |lines: &mut LineReader| match lines.next_line().unwrap() {
            Some(Line::Whole(number, text)) => format!("{number}{}", String::from_utf8(text).unwrap().trim()),
            Some(Line::TooLong(number, head)) => format!("{number}:{}", head.len()),
            None => String::new(),
        };
        for expected in ["1a", "2b", "3c"] {
            assert_eq!(next(&mut lines), expected);
        }
        lines.put_back(b"b\nc\n".to_vec(), None);
        assert_eq!(next(&mut lines), "2b");
        lines.put_back(b"b\n".to_vec(), None);
        for expected in ["2b", "3c", "4d"] {
            assert_eq!(next(&mut lines), expected);
        }
        lines.put_back(b"c\n".to_vec(), Some(vec![b'd'; 7]));
        for expected in ["3c", "4:7", ""] {
            assert_eq!(next(&mut lines), expected);
        }
    }
}
