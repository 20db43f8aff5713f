//! The type `RejectedLine`.

use crate::domain::inventory::rejections::RejectedLine as RejectionRow;
use crate::graphql::types::row::row_object;

row_object! {
    /// Line of a file, or field of a reported resource, that a run rejected.
    pub struct RejectedLine("RejectedLine") of RejectionRow {
        /// Line number, from 1; null if the entry is not from a file.
        line: Option<i64>,
        /// Rejected value, truncated if long.
        value: Option<&str>,
        /// Reason for the rejection.
        reason: &str,
    }

    /// Column; null if the whole line is rejected.
    async fn column(&self) -> Option<&str> {
        self.0.column_name.as_deref()
    }
}
