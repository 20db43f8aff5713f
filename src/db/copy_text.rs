//! Rows in the text format of PostgreSQL's COPY.

/// Rows on their way into a table, cell by cell.
#[derive(Debug, Default)]
pub struct CopyText {
    text: Vec<u8>,
    /// A row was begun and has cells.
    in_row: bool,
}

impl CopyText {
    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// True before the first cell.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Input of COPY.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    /// Appends a cell; `None` is NULL.
    pub fn cell(&mut self, cell: Option<&str>) {
        if std::mem::replace(&mut self.in_row, true) {
            self.text.push(b'\t');
        }
        let Some(cell) = cell else {
            return self.text.extend_from_slice(b"\\N");
        };
        let mut rest = cell.as_bytes();
        while let Some(at) = rest
            .iter()
            .position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r'))
        {
            self.text.extend_from_slice(&rest[..at]);
            self.text.extend_from_slice(match rest[at] {
                b'\\' => b"\\\\",
                b'\t' => b"\\t",
                b'\n' => b"\\n",
                _ => b"\\r",
            });
            rest = &rest[at + 1..];
        }
        self.text.extend_from_slice(rest);
    }

    /// Ends the row.
    pub fn end(&mut self) {
        self.text.push(b'\n');
        self.in_row = false;
    }
}

#[cfg(test)]
mod tests {
    use super::CopyText;

    #[test]
    fn cells_are_escaped() {
        let mut copy = CopyText::default();
        copy.cell(Some("1"));
        copy.cell(Some("a\tb\nc\rd\\N"));
        copy.cell(None);
        copy.cell(Some(""));
        copy.cell(Some("\\N"));
        copy.end();
        copy.cell(None);
        copy.end();
        let text = String::from_utf8(copy.into_bytes()).unwrap();
        assert_eq!(text, "1\ta\\tb\\nc\\rd\\\\N\t\\N\t\t\\\\N\n\\N\n");
    }
}
