//! Reader of virtual tags in a CSV file, which reads the columns of an export of tags that define a tag.

use super::spec::TagStatus;
use crate::domain::approvals;
use crate::domain::csv::normalized_name;
use crate::domain::discovery::{CsvRecords, ReadError, ReadOptions, Rejection};
use std::io::Read;
use std::sync::Arc;
use tagging::Vocabulary;

/// Characters of a reason.
const MAX_REASON: usize = approvals::MAX_REASON;

/// Tag in a file, in the words of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TagRow {
    /// Cloud's own id of the resource.
    pub resource_id: String,
    pub tag_key: String,
    pub tag_value: String,
    /// Status to set; `None` for a tag that is to be left as it is.
    pub status: Option<RowStatus>,
    pub reason: Option<String>,
}

/// Status that a row sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowStatus {
    Pending,
    Approved,
    Denied,
}

impl From<TagStatus> for RowStatus {
    fn from(status: TagStatus) -> Self {
        match status {
            TagStatus::Pending => Self::Pending,
            TagStatus::Approved => Self::Approved,
        }
    }
}

/// Iterator over the tags of a file.
pub(super) struct TagReader {
    records: CsvRecords,
    columns: TagColumns,
    /// Status of tags whose row has none.
    status: TagStatus,
    vocabulary: Arc<Vocabulary>,
}

/// Positions of the columns in a record.
struct TagColumns {
    resource_id: usize,
    tag_key: usize,
    tag_value: usize,
    status: Option<usize>,
    reason: Option<usize>,
}

const RESOURCE_ID: &str = "resource_id";
const TAG_KEY: &str = "tag_key";
const TAG_VALUE: &str = "tag_value";
const STATUS: &str = "approval_status";
const REASON: &str = "decision_reason";

fn is_known(column: &str) -> bool {
    [RESOURCE_ID, TAG_KEY, TAG_VALUE, STATUS, REASON].contains(&normalized_name(column).as_str())
}

impl TagReader {
    /// Reads the header. Tags have `status` unless their row has one.
    pub fn open(
        input: impl Read + Send + 'static,
        status: TagStatus,
        vocabulary: Arc<Vocabulary>,
        reading: ReadOptions,
    ) -> Result<Self, ReadError> {
        let records = CsvRecords::open(input, is_known, reading)?;
        let find = |name: &str| {
            records
                .header()
                .iter()
                .position(|cell| normalized_name(cell) == name)
        };
        let (Some(resource_id), Some(tag_key), Some(tag_value)) =
            (find(RESOURCE_ID), find(TAG_KEY), find(TAG_VALUE))
        else {
            return Err(ReadError::Format(
                "has a header without one of the columns resource_id, tag_key and tag_value",
            ));
        };
        let columns = TagColumns {
            resource_id,
            tag_key,
            tag_value,
            status: find(STATUS),
            reason: find(REASON).or_else(|| find("reason")),
        };
        Ok(Self {
            records,
            columns,
            status,
            vocabulary,
        })
    }

    fn row(&self, cells: &[String]) -> Result<TagRow, Vec<Rejection>> {
        let columns = &self.columns;
        let mut faults = Vec::new();
        let resource_id = cells[columns.resource_id].trim();
        if resource_id.is_empty() || resource_id.len() > 2048 || resource_id.contains(char::is_control) {
            let reason = "must have 1 to 2048 bytes and no control characters";
            faults.push(Rejection::of(RESOURCE_ID, resource_id, reason));
        }
        let (key, value) = (&cells[columns.tag_key], &cells[columns.tag_value]);
        let tag_key = approvals::checked_key(key);
        let tag = self
            .vocabulary
            .canonical(tag_key.as_deref().unwrap_or_default(), value);
        let tag_value = approvals::checked_value(value).and_then(|_| approvals::checked_value(&tag.value));
        for (name, cell, checked) in [(TAG_KEY, key, &tag_key), (TAG_VALUE, value, &tag_value)] {
            if let Err(why) = checked {
                faults.push(Rejection::of(name, cell, why));
            }
        }
        let status = columns.status.map_or("", |at| cells[at].trim());
        let status = match status.to_ascii_uppercase().as_str() {
            "" => Some(self.status.into()),
            "APPROVED" => Some(RowStatus::Approved),
            "PENDING" => Some(RowStatus::Pending),
            "DENIED" => Some(RowStatus::Denied),
            "SUPERSEDED" => None,
            _ => {
                let reason = "is none of APPROVED, PENDING, DENIED, SUPERSEDED";
                faults.push(Rejection::of(STATUS, status, reason));
                None
            }
        };
        let reason = columns.reason.map_or("", |at| cells[at].trim());
        if reason.chars().count() > MAX_REASON || reason.contains('\0') {
            let why = format!("must have at most {MAX_REASON} characters, and no NUL");
            faults.push(Rejection::of(REASON, reason, why));
        }
        let (Ok(_), Ok(tag_value), []) = (tag_key, tag_value, faults.as_slice()) else {
            return Err(faults);
        };
        Ok(TagRow {
            resource_id: resource_id.to_owned(),
            tag_value: tag_value.to_owned(),
            tag_key: tag.key,
            status,
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
        })
    }
}

impl Iterator for TagReader {
    /// Line, and the tag or its faults.
    type Item = Result<(u64, Result<TagRow, Vec<Rejection>>), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, cells) = match self.records.next_record() {
            Ok(record) => record?,
            Err(error) => return Some(Err(error)),
        };
        let row = cells
            .map_err(|fault| vec![fault])
            .and_then(|cells| self.row(&cells));
        let row = row.map_err(|faults| faults.into_iter().map(|fault| fault.at(line)).collect());
        Some(Ok((line, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::{ReadOptions, RowStatus, TagReader, TagStatus};
    use std::io::Cursor;
    use std::sync::Arc;

    #[test]
    fn a_row_says_what_it_is_or_takes_what_the_caller_says() {
        let file = "\u{feff}Tag Key;RESOURCE_ID;tag_value;approval_status;x;reason\r\n\
            owner;i-1;'=cmd;;;\r\nowner;i-2;b;pending;;\"two\r\nlines\"\r\n\r\nowner;i-3;c;DENIED;;\r\n\
            ;i-4;\u{1};maybe;;\r\nowner;i-5\r\nEnv;i-6;PRD;;;\r\n";
        let reader = TagReader::open(
            Cursor::new(file),
            TagStatus::Approved,
            Arc::default(),
            ReadOptions::default(),
        )
        .unwrap();
        let rows: Vec<_> = reader.map(Result::unwrap).collect();
        let good: Vec<_> = rows
            .iter()
            .filter_map(|(line, row)| Some((*line, row.as_ref().ok()?)))
            .collect();
        let shown: Vec<_> = good
            .iter()
            .map(|(line, row)| (*line, row.tag_value.as_str(), row.status, row.reason.as_deref()))
            .collect();
        let expected = [
            (2, "=cmd", Some(RowStatus::Approved), None),
            (3, "b", Some(RowStatus::Pending), Some("two\r\nlines")),
            (6, "c", Some(RowStatus::Denied), None),
            (9, "production", Some(RowStatus::Approved), None),
        ];
        assert_eq!(shown, expected);
        assert_eq!(good[3].1.tag_key, "environment");
        let faults: Vec<_> = rows
            .iter()
            .filter_map(|(_, row)| row.as_ref().err())
            .flatten()
            .collect();
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| (fault.line, fault.column.as_deref()))
            .collect();
        let expected = [
            (Some(7), Some("tag_key")),
            (Some(7), Some("tag_value")),
            (Some(7), Some("approval_status")),
            (Some(8), Some("tag_value")),
        ];
        assert_eq!(faults, expected);
    }
}
