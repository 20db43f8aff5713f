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
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("{0}")]
    Format(&'static str),
}

/// Error of a source, with the line up to which it was read.
pub(super) fn io_error(lines: &LineReader, source: io::Error) -> ReadError {
    let line = lines.number();
    match source.kind() {
        io::ErrorKind::FileTooLarge => ReadError::TooLarge { line, source },
        _ => ReadError::Io { line, source },
    }
}
