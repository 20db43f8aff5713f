//! Reader of JSON documents: entries one at a time, and the gaps at the end.

use super::cloud_format::{CloudFormat, RawEntry};
use super::detect::{DocumentKind, HEAD_BYTES, detect_document};
use super::file_format::FileFormat;
use super::json_walker::{JsonPiece, JsonWalker, PathRole, WalkError};
use crate::domain::discovery::Rejection;
use crate::domain::discovery::read_error::{ReadError, source_error};
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use std::io::BufRead;

/// Contents of a document.
enum DocumentContent {
    Document(Box<dyn CloudFormat>),
    Recording(Recording),
}

/// Recording of answers: each is read as a document of its own.
struct Recording {
    is_cassette: bool,
    account: Option<String>,
    formats: Vec<FileFormat>,
    gaps: BTreeSet<String>,
}

/// Reader of one document, or several of the same format that follow each other.
pub(in crate::domain::discovery) struct DocumentReader {
    walker: JsonWalker<Box<dyn BufRead + Send>>,
    content: DocumentContent,
    ready: VecDeque<RawEntry>,
    /// Number of the entry that was read last.
    number: u64,
}

impl DocumentReader {
    /// Reader of a document of this kind; the input again for a kind that is no document, and the reason for one that is
    /// refused.
    pub fn new(
        kind: DocumentKind,
        input: Box<dyn BufRead + Send>,
        account: Option<String>,
    ) -> Result<Result<Self, Box<dyn BufRead + Send>>, &'static str> {
        let recording = |is_cassette| {
            DocumentContent::Recording(Recording {
                is_cassette,
                account,
                formats: Vec::new(),
                gaps: BTreeSet::new(),
            })
        };
        let content = match kind {
            DocumentKind::Document(format) => DocumentContent::Document(format),
            DocumentKind::RecordedAnswer => recording(false),
            DocumentKind::Cassette => recording(true),
            DocumentKind::Refused(reason) => return Err(reason),
            DocumentKind::AssetLines | DocumentKind::Other => return Ok(Err(input)),
        };
        Ok(Ok(Self {
            walker: JsonWalker::new(input),
            content,
            ready: VecDeque::new(),
            number: 0,
        }))
    }

    /// Format of the document; of a recording that of its answers, if they have one in common.
    pub fn format(&self) -> FileFormat {
        match &self.content {
            DocumentContent::Document(format) => format.format(),
            DocumentContent::Recording(Recording { formats, .. }) => match formats.as_slice() {
                [one] => *one,
                _ => FileFormat::HttpRecording,
            },
        }
    }

    /// Reasons for which the document may lack resources.
    pub fn gaps(&self) -> Vec<String> {
        match &self.content {
            DocumentContent::Document(format) => format.gaps(),
            DocumentContent::Recording(recording) => recording.gaps.iter().cloned().collect(),
        }
    }

    /// Reads the next entry with its number (from 1); `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u64, RawEntry)>, ReadError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                self.number += 1;
                return Ok(Some((self.number, entry)));
            }
            let content = &self.content;
            let piece = self.walker.next(|path| content.role(path));
            match piece.map_err(|error| self.error(error))? {
                None => return Ok(None),
                Some(JsonPiece::TooLargeEntry) => {
                    self.ready.push_back(Err(Rejection::new("is larger than 16 MiB")));
                }
                Some(JsonPiece::Entry(json)) => {
                    let mut entries = Vec::new();
                    self.content.entry(&json, &mut entries);
                    self.ready.extend(entries);
                }
                Some(JsonPiece::Value(path, json)) => {
                    if let DocumentContent::Document(format) = &mut self.content
                        && let Ok(value) = serde_json::from_slice(&json)
                    {
                        format.value(&path, &value);
                    }
                }
            }
        }
    }

    fn error(&self, error: WalkError) -> ReadError {
        match error {
            WalkError::Source(source) => source_error(self.number, source),
            WalkError::Syntax(reason) => ReadError::Document {
                entry: self.number,
                reason,
            },
        }
    }
}

impl DocumentContent {
    fn role(&self, path: &str) -> PathRole {
        match self {
            Self::Document(format) => format.role(path),
            Self::Recording(recording) => match (path, recording.is_cassette) {
                ("", false) | ("interactions", true) => PathRole::Entries,
                ("", true) => PathRole::Inside,
                _ => PathRole::Skipped,
            },
        }
    }

    fn entry(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) {
        match self {
            Self::Document(format) => format.entry(json, entries),
            Self::Recording(recording) => {
                if let Err(reason) = recording.answer(json, entries) {
                    entries.push(Err(Rejection::new(reason)));
                }
            }
        }
    }
}

impl Recording {
    /// Reads the resources of one recorded answer.
    fn answer(&mut self, json: &[u8], entries: &mut Vec<RawEntry>) -> Result<(), String> {
        let mut recorded: Value = serde_json::from_slice(json).map_err(|_| "is no recorded answer")?;
        let pointers = ["/response/body/data", "/response/body", "/data", "/body"];
        let body = pointers
            .iter()
            .find(|pointer| recorded.pointer(pointer).is_some());
        let body = body.and_then(|pointer| recorded.pointer_mut(pointer).map(Value::take));
        let answer = match body {
            Some(Value::String(text)) => text.into_bytes(),
            Some(value) => value.to_string().into_bytes(),
            None => return Err("has no body".to_owned()),
        };
        let head = &answer[..answer.len().min(HEAD_BYTES)];
        let kind = detect_document(head, self.account.clone());
        if matches!(kind, DocumentKind::RecordedAnswer | DocumentKind::Cassette) {
            return Err("is a recording within a recording".to_owned());
        }
        let input: Box<dyn BufRead + Send> = Box::new(std::io::Cursor::new(answer));
        let reader = DocumentReader::new(kind, input, self.account.clone())?;
        let Ok(mut reader) = reader else {
            return Err("is an answer that lists no resources".to_owned());
        };
        loop {
            match reader.next() {
                Ok(Some((_, entry))) => entries.push(entry),
                Ok(None) => break,
                Err(error) => return Err(error.to_string()),
            }
        }
        if !self.formats.contains(&reader.format()) {
            self.formats.push(reader.format());
        }
        self.gaps.extend(reader.gaps());
        self.gaps
            .insert("a recording has only the answers that were recorded".to_owned());
        Ok(())
    }
}
