//! Buffer of rows of the staging tables.

use super::tag_reader::{RowStatus, TagRow};
use crate::db::CopyText;
use crate::domain::discovery::ResourceReport;
use chrono::SecondsFormat;
use sea_orm::ActiveEnum;

/// Rows on their way into a staging table.
#[derive(Debug, Default)]
pub(super) struct CopyBuffer {
    text: CopyText,
}

impl CopyBuffer {
    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Input of COPY.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// Appends a row of `import_rows`, for [`COPY_RESOURCES`].
    pub fn resource(&mut self, file_id: i64, line: u64, report: &ResourceReport) {
        self.first(file_id, line);
        self.text.cell(Some(&report.resource_id));
        self.text.cell(Some(&report.name));
        self.text.cell(Some(&report.cloud.to_value()));
        self.text.cell(Some(&report.account_id));
        self.text.cell(Some(&report.resource_type));
        self.text.cell(report.region.as_deref());
        let tags = serde_json::to_string(&report.native_tags).unwrap_or_default();
        self.text.cell(Some(&tags));
        let at = report.created_at;
        self.text.cell(
            at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
                .as_deref(),
        );
        let unstated = &report.unstated;
        for keeps in [unstated.name, unstated.region, unstated.native_tags] {
            self.text.cell(Some(if keeps { "t" } else { "f" }));
        }
        let cleared = serde_json::to_string(&unstated.cleared_tags).unwrap_or_default();
        self.text.cell(Some(&cleared));
        self.text.end();
    }

    /// Appends a row of `import_tags`, for [`COPY_TAGS`].
    pub fn tag(&mut self, file_id: i64, line: u64, tag: &TagRow) {
        self.first(file_id, line);
        self.text.cell(Some(&tag.resource_id));
        self.text.cell(Some(&tag.tag_key));
        self.text.cell(Some(&tag.tag_value));
        self.text.cell(tag.status.map(|status| match status {
            RowStatus::Pending => "PENDING",
            RowStatus::Approved => "APPROVED",
            RowStatus::Denied => "DENIED",
        }));
        self.text.cell(tag.reason.as_deref());
        self.text.end();
    }

    fn first(&mut self, file_id: i64, line: u64) {
        self.text.cell(Some(&file_id.to_string()));
        self.text.cell(Some(&line.to_string()));
    }
}

/// COPY statement for rows of [`CopyBuffer::resource`].
pub(super) const COPY_RESOURCES: &str = "COPY import_rows
    (file_id, line, resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at,
     keeps_name, keeps_region, keeps_tags, cleared_tags) FROM STDIN";

/// COPY statement for rows of [`CopyBuffer::tag`].
pub(super) const COPY_TAGS: &str =
    "COPY import_tags (file_id, line, resource_id, tag_key, tag_value, status, reason) FROM STDIN";
