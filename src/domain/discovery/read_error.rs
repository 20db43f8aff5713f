//! Errors of reading an inventory.

use std::io;

use super::lines::LineReader;
use crate::domain::csv::HeaderError;

/// Error that keeps an inventory from being read at all, or to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// The source broke after `line`: a truncated or damaged gzip file, a disk or network error.
    #[error("broke off after line {line}: {source}")]
    Io { line: u64, source: io::Error },
    /// A compressed file holds more than it may, beyond `line`.
    #[error("{source} (line {line})")]
    TooLarge { line: u64, source: io::Error },
    /// A JSON document is faulty or broke off after an entry.
    #[error("{reason}, after entry {entry}")]
    Document { entry: u64, reason: &'static str },
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("{0}")]
    Format(&'static str),
}

/// Error of a source, with the line up to which it was read.
pub(super) fn io_error(lines: &LineReader, source: io::Error) -> ReadError {
    source_error(lines.number(), source)
}

/// Error of a source that was read up to a line, or up to an entry of a document.
pub(super) fn source_error(line: u64, source: io::Error) -> ReadError {
    match source.kind() {
        io::ErrorKind::FileTooLarge => ReadError::TooLarge { line, source },
        _ => ReadError::Io { line, source },
    }
}
