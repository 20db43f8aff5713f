//! Buffer of rows in the text format of PostgreSQL's COPY.

use super::spec::TagStatus;
use super::tag_reader::TagRow;
use crate::domain::discovery::ResourceReport;
use chrono::SecondsFormat;
use sea_orm::ActiveEnum;

/// Rows on their way into a staging table.
#[derive(Debug, Default)]
pub(super) struct CopyBuffer {
    text: Vec<u8>,
}

impl CopyBuffer {
    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Input of COPY.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    /// Appends a row of `import_rows`, for [`COPY_RESOURCES`].
    pub fn resource(&mut self, file_id: i64, line: u64, report: &ResourceReport) {
        self.first(file_id, line);
        self.cell(Some(&report.resource_id));
        self.cell(Some(&report.name));
        self.cell(Some(&report.cloud.to_value()));
        self.cell(Some(&report.account_id));
        self.cell(Some(&report.resource_type));
        self.cell(report.region.as_deref());
        let tags = serde_json::to_string(&report.native_tags).unwrap_or_default();
        self.cell(Some(&tags));
        let at = report.created_at;
        self.cell(
            at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
                .as_deref(),
        );
        self.end();
    }

    /// Appends a row of `import_tags`, for [`COPY_TAGS`].
    pub fn tag(&mut self, file_id: i64, line: u64, tag: &TagRow) {
        self.first(file_id, line);
        self.cell(Some(&tag.resource_id));
        self.cell(Some(&tag.tag_key));
        self.cell(Some(&tag.tag_value));
        self.cell(tag.status.map(|status| match status {
            TagStatus::Pending => "PENDING",
            TagStatus::Approved => "APPROVED",
        }));
        self.cell(tag.reason.as_deref());
        self.end();
    }

    fn first(&mut self, file_id: i64, line: u64) {
        self.text.extend_from_slice(file_id.to_string().as_bytes());
        self.cell(Some(&line.to_string()));
    }

    fn cell(&mut self, cell: Option<&str>) {
        self.text.push(b'\t');
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

    fn end(&mut self) {
        self.text.push(b'\n');
    }
}

/// COPY statement for rows of [`CopyBuffer::resource`].
pub(super) const COPY_RESOURCES: &str = "COPY import_rows
    (file_id, line, resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at) FROM STDIN";

/// COPY statement for rows of [`CopyBuffer::tag`].
pub(super) const COPY_TAGS: &str =
    "COPY import_tags (file_id, line, resource_id, tag_key, tag_value, status, reason) FROM STDIN";

#[cfg(test)]
mod tests {
    use super::CopyBuffer;

    #[test]
    fn cells_are_escaped() {
        let mut copy = CopyBuffer::default();
        copy.first(1, 2);
        copy.cell(Some("a\tb\nc\rd\\N"));
        copy.cell(None);
        copy.cell(Some(""));
        copy.cell(Some("\\N"));
        copy.end();
        let text = String::from_utf8(copy.into_bytes()).unwrap();
        assert_eq!(text, "1\t2\ta\\tb\\nc\\rd\\\\N\t\\N\t\t\\\\N\n");
    }
}
