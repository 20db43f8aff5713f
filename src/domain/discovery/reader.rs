//! Inventory reader: JSON Lines, CSV, or one of the formats of clouds and tools, plain or gzip, in bounded memory. Each
//! entry becomes a resource or a rejection; none is lost silently.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::detect_format::{DetectedFormat, detect_format};
use super::file_summary::AccountCounts;
use super::formats::{
    AssetExport, CloudFormat as _, DocumentKind, DocumentReader, HEAD_BYTES, TAG_EDITOR_GAP,
    TagEditorColumns, detect_document, refuse_bill,
};
use super::lines::{Line, LineReader, too_long, utf8};
use super::plain_text::plain_text;
use super::raw_resource::RawResource;
use super::read_error::{ReadError, io_error};
use super::records::{CsvRecord, next_record};
use super::tabular::{check_width, raw_resource};
use super::unpack::{ReadOptions, unpack};
use super::{FileFormat, FileSummary, Rejection, ResourceReport, identity, jsonl};
use crate::domain::csv::{InventoryColumn, InventoryHeader, RecordParser};

/// Entry of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InventoryEntry {
    /// Valid resource, and the line (from 1) where it starts; in a JSON document the number of the entry.
    Resource(u64, ResourceReport),
    /// All faults of one entry (at least one), each with the line of the entry.
    Rejected(Vec<Rejection>),
}

/// Content of a file: lines and records, or a JSON document.
enum InventoryContent {
    Lines(LineReader, LineFormat),
    Document(Box<DocumentReader>),
}

/// Format of lines and records.
enum LineFormat {
    JsonLines,
    AssetLines(AssetExport),
    Csv {
        header: InventoryHeader,
        parser: RecordParser,
    },
    TagEditor {
        columns: TagEditorColumns,
        parser: RecordParser,
    },
}

/// Line where an entry starts, and its fields; `None` for a blank one.
type NumberedResource = (u64, Result<Option<RawResource>, Rejection>);

/// Iterator over the entries of an inventory, which ends after an error.
pub struct InventoryReader {
    content: InventoryContent,
    /// Line from which an id was accepted and a hash of all that it said, by a hash of the id: ids are long, and there may be
    /// millions. `None` when duplicates are let through.
    seen: Option<HashMap<u128, (u64, u64)>>,
    accounts: AccountCounts,
    rejected: u64,
    ended: bool,
}

impl InventoryReader {
    /// Opens a file; the ending of its name decides where the content leaves the format open.
    ///
    /// # Errors
    /// A file that cannot be opened, whose format is unknown, or that lacks required columns.
    pub fn open(path: impl AsRef<Path>, options: ReadOptions) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(ReadError::Open)?;
        Self::from_reader(file, path.file_name().and_then(|n| n.to_str()), options)
    }

    /// Reads from any source. Gzip is detected by its magic bytes, a JSON document of a cloud or a tool by its keys, JSON
    /// Lines by a `{` as the first character that is not blank (or by the ending of `file_name`), and everything else is
    /// CSV.
    ///
    /// # Errors
    /// Same errors as of [`open`](Self::open).
    pub fn from_reader(
        input: impl Read + Send + 'static,
        file_name: Option<&str>,
        mut options: ReadOptions,
    ) -> Result<Self, ReadError> {
        let account = options.account_id.take();
        let mut input = plain_text(unpack(input, options).map_err(ReadError::Open)?)?;
        let mut head = Vec::new();
        let read = input.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head);
        // An error comes behind the entries that were read before it.
        let rest = RestReader {
            error: read.err(),
            input,
        };
        let kind = detect_document(&head, account.clone());
        let is_asset_lines = matches!(kind, DocumentKind::AssetLines);
        let input: Box<dyn BufRead + Send> = Box::new(Cursor::new(head).chain(rest));
        let content = match DocumentReader::new(kind, input, account.clone()).map_err(ReadError::Format)? {
            Ok(document) => InventoryContent::Document(Box::new(document)),
            Err(input) => {
                let mut lines = LineReader::new(input);
                let format = line_format(&mut lines, file_name, is_asset_lines, account)?;
                InventoryContent::Lines(lines, format)
            }
        };
        Ok(Self {
            content,
            seen: Some(HashMap::new()),
            accounts: AccountCounts::default(),
            rejected: 0,
            ended: false,
        })
    }

    /// Lets duplicates through: for callers that find them by other means, in constant memory.
    #[must_use]
    pub fn with_duplicates(self) -> Self {
        Self { seen: None, ..self }
    }

    /// Unknown columns of a CSV header, which are not read: worth a warning.
    pub fn ignored_columns(&self) -> &[String] {
        match &self.content {
            InventoryContent::Lines(_, LineFormat::Csv { header, .. }) => header.ignored(),
            InventoryContent::Lines(..) | InventoryContent::Document(_) => &[],
        }
    }

    /// Summary of the file, to be called at its end.
    pub fn summary(&self) -> FileSummary {
        let (format, mut gaps) = match &self.content {
            InventoryContent::Lines(_, LineFormat::JsonLines) => (FileFormat::JsonLines, Vec::new()),
            InventoryContent::Lines(_, LineFormat::AssetLines(assets)) => (assets.format(), assets.gaps()),
            InventoryContent::Lines(_, LineFormat::Csv { .. }) => (FileFormat::Csv, Vec::new()),
            InventoryContent::Lines(_, LineFormat::TagEditor { .. }) => {
                (FileFormat::AwsTagEditor, vec![TAG_EDITOR_GAP.to_owned()])
            }
            InventoryContent::Document(document) => (document.format(), document.gaps()),
        };
        let (accounts, uncounted) = self.accounts.get();
        gaps.extend(uncounted);
        FileSummary {
            format,
            mapping: self.mapping(format),
            gaps,
            rejected: self.rejected,
            accounts,
        }
    }

    fn mapping(&self, format: FileFormat) -> Vec<(String, String)> {
        let own = |(field, source): (&str, &str)| (field.to_owned(), source.to_owned());
        match &self.content {
            InventoryContent::Lines(_, LineFormat::Csv { header, .. }) => header.mapping(),
            InventoryContent::Lines(_, LineFormat::JsonLines) => InventoryColumn::ALL
                .map(|column| own((column.name(), column.name())))
                .into(),
            InventoryContent::Lines(..) | InventoryContent::Document(_) => {
                format.mapping().iter().copied().map(own).collect()
            }
        }
    }

    fn next_entry(&mut self) -> Result<Option<InventoryEntry>, ReadError> {
        loop {
            let Some((line, raw)) = self.next_raw()? else {
                return Ok(None);
            };
            let (id, finished) = match raw {
                Ok(None) => continue,
                Ok(Some(raw)) => (raw.resource_id.clone(), raw.finish()),
                Err(fault) => (None, Err(vec![fault])),
            };
            let placed = |fault: Rejection| Rejection {
                resource_id: id.clone(),
                ..fault.at(line)
            };
            let at_line = |faults: Vec<Rejection>| faults.into_iter().map(placed).collect();
            return Ok(Some(
                match finished.and_then(|report| self.first_of_its_id(line, report)) {
                    Ok(report) => {
                        self.accounts.add(&report.account_id);
                        InventoryEntry::Resource(line, report)
                    }
                    Err(faults) => {
                        self.rejected += 1;
                        InventoryEntry::Rejected(at_line(faults))
                    }
                },
            ));
        }
    }

    /// Next line, record or entry with its number; `None` at the end.
    fn next_raw(&mut self) -> Result<Option<NumberedResource>, ReadError> {
        let (lines, format) = match &mut self.content {
            InventoryContent::Lines(lines, format) => (lines, format),
            InventoryContent::Document(document) => {
                let entry = document.next()?;
                return Ok(entry.map(|(number, entry)| (number, entry.map(Some))));
            }
        };
        if let LineFormat::Csv { parser, .. } | LineFormat::TagEditor { parser, .. } = format {
            let record = next_record(lines, parser).map_err(|e| io_error(lines, e))?;
            return Ok(record.map(|record| format.resource(record)));
        }
        let parse = |line: &str| match format {
            LineFormat::AssetLines(assets) => assets.asset(line.as_bytes()),
            _ => jsonl::parse(line),
        };
        let line = lines.next_line().map_err(|e| io_error(lines, e))?;
        Ok(line.map(|line| match line {
            Line::Whole(number, bytes) if bytes.trim_ascii().is_empty() => (number, Ok(None)),
            Line::Whole(number, bytes) => (number, utf8(&bytes).and_then(parse).map(Some)),
            Line::TooLong(number, head) => (number, Err(too_long(&head))),
        }))
    }

    fn first_of_its_id(
        &mut self,
        line: u64,
        report: ResourceReport,
    ) -> Result<ResourceReport, Vec<Rejection>> {
        let Some(seen) = &mut self.seen else {
            return Ok(report);
        };
        let id = identity::resource_key(&report.resource_id);
        let digest = Sha256::digest(id.as_bytes());
        let hash = digest
            .iter()
            .take(16)
            .fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
        let content = content_hash(&report);
        let (first, same) = *seen.entry(hash).or_insert((line, content));
        // Inventories of several regions list global resources once for each.
        if first == line || same == content {
            return Ok(report);
        }
        Err(vec![Rejection::of(
            "resource_id",
            &report.resource_id,
            format!("is a duplicate of line {first}, with other values"),
        )])
    }
}

/// Rest of a file behind its head, with the error at which the head ended.
struct RestReader {
    error: Option<io::Error>,
    input: Box<dyn BufRead + Send>,
}

impl Read for RestReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.input.read(target),
        }
    }
}

impl BufRead for RestReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.input.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
    }
}

impl LineFormat {
    /// Reads a record of CSV.
    fn resource(&self, record: CsvRecord) -> NumberedResource {
        let (first, last, cells) = match record {
            CsvRecord::Refused(fault) => return (fault.line.unwrap_or_default(), Err(fault)),
            CsvRecord::Row { first, last, cells } => (first, last, cells),
        };
        if cells.iter().all(|cell| cell.trim_ascii().is_empty()) {
            return (first, Ok(None));
        }
        let resource = match self {
            Self::Csv { header, .. } => raw_resource(header, cells, first, last),
            Self::TagEditor { columns, .. } => {
                check_width(&cells, columns.width(), first, last).and_then(|()| columns.resource(&cells))
            }
            Self::JsonLines | Self::AssetLines(_) => return (first, Ok(None)),
        };
        (first, resource.map(Some))
    }
}

/// Detects the format of lines or records, and leaves the reader at the first entry.
fn line_format(
    lines: &mut LineReader,
    file_name: Option<&str>,
    is_asset_lines: bool,
    account: Option<String>,
) -> Result<LineFormat, ReadError> {
    if is_asset_lines {
        return Ok(LineFormat::AssetLines(AssetExport::default()));
    }
    let (cells, parser) = match detect_format(lines, file_name, InventoryHeader::knows)? {
        DetectedFormat::JsonLines => return Ok(LineFormat::JsonLines),
        DetectedFormat::Csv { cells, parser } => (cells, parser),
    };
    if let Some(columns) = TagEditorColumns::of(&cells, account) {
        return Ok(LineFormat::TagEditor { columns, parser });
    }
    refuse_bill(&cells)?;
    let header = InventoryHeader::parse(&cells)?;
    Ok(LineFormat::Csv { header, parser })
}

/// Hash of all that an entry says of its resource: the fields that are compared in an import, too.
fn content_hash(report: &ResourceReport) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&report.name, report.cloud, &report.account_id).hash(&mut hasher);
    (&report.resource_type, &report.region).hash(&mut hasher);
    (&report.native_tags, report.created_at).hash(&mut hasher);
    hasher.finish()
}

impl Iterator for InventoryReader {
    type Item = Result<InventoryEntry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.next_entry().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

#[cfg(test)]
mod tests;
