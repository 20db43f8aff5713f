//! Walker over JSON documents, which gives the elements of some lists and some other values one at a time, and skips the
//! rest without keeping it: memory is bounded by the largest element.

use std::io::{self, BufRead};

/// Maximum bytes of one element.
const MAX_ELEMENT: usize = 16 << 20;
/// Maximum bytes of a key.
const MAX_KEY: usize = 64 << 10;
/// Maximum depth of containers that are walked into; those that are skipped may be deeper.
const MAX_DEPTH: usize = 128;

/// Role of a value, by its path: the keys that lead to it, with dots between them. Arrays add nothing to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::discovery) enum PathRole {
    /// List of entries, or one entry by itself.
    Entries,
    /// Value beside the entries.
    Value,
    /// Container of values that have a role.
    Inside,
    Skipped,
}

/// Piece of a document.
pub(super) enum JsonPiece {
    Entry(Vec<u8>),
    /// Entry of more than 16 MiB, which was skipped.
    TooLargeEntry,
    /// Path and text of a value.
    Value(String, Vec<u8>),
}

/// Error that ends a walk.
pub(super) enum WalkError {
    Source(io::Error),
    Syntax(&'static str),
}

impl From<io::Error> for WalkError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

/// Container that the walker is inside of.
struct OpenContainer {
    is_array: bool,
    /// True if the elements are entries.
    has_entries: bool,
    /// Bytes of the container's own path.
    path_length: usize,
}

/// Walker over one document, or several that follow each other.
pub(super) struct JsonWalker<R> {
    input: R,
    open: Vec<OpenContainer>,
    path: String,
}

impl<R: BufRead> JsonWalker<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            open: Vec::new(),
            path: String::new(),
        }
    }

    /// Reads up to the next piece; `None` at the end.
    pub fn next(&mut self, mut role: impl FnMut(&str) -> PathRole) -> Result<Option<JsonPiece>, WalkError> {
        while let Some(byte) = self.peek_visible()? {
            let piece = match self.open.last() {
                None => {
                    self.path.clear();
                    if !matches!(byte, b'{' | b'[') {
                        return Err(WalkError::Syntax("has text beside its objects"));
                    }
                    self.value(byte, false, &mut role)?
                }
                Some(_) if byte == b',' => {
                    self.input.consume(1);
                    None
                }
                Some(open) if byte == if open.is_array { b']' } else { b'}' } => {
                    self.input.consume(1);
                    self.open.pop();
                    None
                }
                Some(open) => {
                    self.path.truncate(open.path_length);
                    let is_entry = open.has_entries;
                    if open.is_array {
                        self.value(byte, is_entry, &mut role)?
                    } else {
                        let first = self.key(byte)?;
                        self.value(first, false, &mut role)?
                    }
                }
            };
            if piece.is_some() {
                return Ok(piece);
            }
        }
        if self.open.is_empty() {
            Ok(None)
        } else {
            Err(WalkError::Syntax("ends within an object or a list"))
        }
    }

    /// Reads a key and its colon, adds it to the path, and returns the first byte of the value.
    fn key(&mut self, byte: u8) -> Result<u8, WalkError> {
        if byte != b'"' {
            return Err(WalkError::Syntax("has a key that is no text in quotes"));
        }
        let key = self.take(MAX_KEY)?;
        let key = key.and_then(|key| serde_json::from_slice::<String>(&key).ok());
        let key = key.ok_or(WalkError::Syntax("has a faulty key"))?;
        if self.peek_visible()? != Some(b':') {
            return Err(WalkError::Syntax("has a key without a value"));
        }
        self.input.consume(1);
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(&key);
        self.peek_visible()?.ok_or(WalkError::Syntax("ends behind a key"))
    }

    fn value(
        &mut self,
        first: u8,
        is_entry: bool,
        role: &mut impl FnMut(&str) -> PathRole,
    ) -> Result<Option<JsonPiece>, WalkError> {
        let (is_array, is_container) = (first == b'[', matches!(first, b'[' | b'{'));
        let role = if is_entry {
            return Ok(Some(self.entry()?));
        } else {
            role(&self.path)
        };
        match role {
            PathRole::Entries if first == b'{' => Ok(Some(self.entry()?)),
            PathRole::Value => Ok(self
                .take(MAX_ELEMENT)?
                .map(|json| JsonPiece::Value(self.path.clone(), json))),
            PathRole::Entries | PathRole::Inside if is_container => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(WalkError::Syntax("is nested too deeply"));
                }
                self.input.consume(1);
                self.open.push(OpenContainer {
                    is_array,
                    has_entries: role == PathRole::Entries,
                    path_length: self.path.len(),
                });
                Ok(None)
            }
            PathRole::Entries | PathRole::Inside | PathRole::Skipped => {
                self.take(0)?;
                Ok(None)
            }
        }
    }

    fn entry(&mut self) -> Result<JsonPiece, WalkError> {
        Ok(self
            .take(MAX_ELEMENT)?
            .map_or(JsonPiece::TooLargeEntry, JsonPiece::Entry))
    }

    /// Reads a whole value, and returns its text unless it is longer than `max`.
    fn take(&mut self, max: usize) -> Result<Option<Vec<u8>>, WalkError> {
        let mut text = Vec::new();
        let mut scan = ValueScan::default();
        let mut length = 0;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Err(WalkError::Syntax("ends within a value"));
            }
            let (count, ended) = scan.scan(chunk);
            length += count;
            if length <= max {
                text.extend_from_slice(&chunk[..count]);
            }
            self.input.consume(count);
            if ended && length == 0 {
                return Err(WalkError::Syntax("lacks a value"));
            }
            if ended {
                return Ok((length <= max).then_some(text));
            }
        }
    }

    /// Skips blanks, and returns the next byte without reading it.
    fn peek_visible(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = self.input.fill_buf()?;
            let (length, blank) = (
                chunk.len(),
                chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count(),
            );
            let next = chunk.get(blank).copied();
            self.input.consume(blank);
            if next.is_some() || length == 0 {
                return Ok(next);
            }
        }
    }
}

/// State of the search for the end of a value.
#[derive(Default)]
struct ValueScan {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    is_scalar: bool,
}

impl ValueScan {
    /// Number of bytes of the chunk that belong to the value, and true if it ends there.
    fn scan(&mut self, chunk: &[u8]) -> (usize, bool) {
        for (at, byte) in chunk.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => {
                        self.in_text = false;
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b',' | b']' | b'}' | b':' if self.depth == 0 => return (at, true),
                byte if self.is_scalar && byte.is_ascii_whitespace() => return (at, true),
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ => self.is_scalar = self.depth == 0,
            }
        }
        (chunk.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonPiece, JsonWalker, PathRole, WalkError};
    use std::io::BufReader;

    /// Pieces as text, read through a buffer of so many bytes.
    fn pieces(json: &str, buffer: usize) -> Result<Vec<String>, &'static str> {
        let mut walker = JsonWalker::new(BufReader::with_capacity(buffer, json.as_bytes()));
        let role = |path: &str| match path {
            "list" | "in.list" => PathRole::Entries,
            "next" => PathRole::Value,
            "" | "in" => PathRole::Inside,
            _ => PathRole::Skipped,
        };
        let mut pieces = Vec::new();
        loop {
            match walker.next(role) {
                Ok(Some(JsonPiece::Entry(json))) => pieces.push(String::from_utf8(json).unwrap()),
                Ok(Some(JsonPiece::Value(path, json))) => {
                    pieces.push(format!("{path}={}", String::from_utf8(json).unwrap()));
                }
                Ok(Some(JsonPiece::TooLargeEntry)) => pieces.push("too large".to_owned()),
                Ok(None) => return Ok(pieces),
                Err(WalkError::Syntax(reason)) => return Err(reason),
                Err(WalkError::Source(_)) => return Err("source"),
            }
        }
    }

    #[test]
    fn elements_come_whole_whatever_the_buffer() {
        let json = r#" {"x": {"list": [9]}, "list" : [ {"a":"]\"}\\"}, "t,x" ,[1,[2]], 3 ], "next":"n",
            "in": [{"list": {"only": 1}}, {"list": null}], "y": "}"}
            {"list":[],"next":null}"#;
        let expected = [
            r#"{"a":"]\"}\\"}"#,
            r#""t,x""#,
            "[1,[2]]",
            "3",
            r#"next="n""#,
            r#"{"only": 1}"#,
            "next=null",
        ];
        for buffer in [1, 2, 7, 4096] {
            assert_eq!(pieces(json, buffer).unwrap(), expected, "{buffer}");
        }
    }

    #[test]
    fn what_is_no_document_ends_with_a_reason() {
        for (json, reason) in [
            (r#"{"list": [1"#, "ends within a value"),
            (r#"{"list": [{}"#, "ends within an object or a list"),
            (r#"{"list": "#, "ends behind a key"),
            (r"{list: 1}", "has a key that is no text in quotes"),
            (r#"{"list" 1}"#, "has a key without a value"),
            (r#"{"list": }"#, "lacks a value"),
            ("{} and more", "has text beside its objects"),
        ] {
            assert_eq!(pieces(json, 16).unwrap_err(), reason, "{json}");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(100_000));
        assert_eq!(pieces(&deep, 4096).unwrap_err(), "ends within a value");
        let large = format!("{{\"list\":[\"{}\"]}}", "x".repeat(17 << 20));
        assert_eq!(pieces(&large, 1 << 20).unwrap(), ["too large"]);
    }
}
