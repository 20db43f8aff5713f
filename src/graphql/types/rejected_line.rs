//! Lines of a file that a run rejected.

use crate::domain::inventory::rejections::RejectedLine as RejectedRow;
use async_graphql::Object;
use std::sync::Arc;

/// A refused line.
pub struct RejectedLine(Arc<RejectedRow>);

impl From<Arc<RejectedRow>> for RejectedLine {
    fn from(row: Arc<RejectedRow>) -> Self {
        Self(row)
    }
}

impl AsRef<RejectedRow> for RejectedLine {
    fn as_ref(&self) -> &RejectedRow {
        &self.0
    }
}

/// A line or a field that a run refused.
#[Object]
impl RejectedLine {
    /// The line, from 1; null for what did not come from a file.
    async fn line(&self) -> Option<i64> {
        self.0.line
    }

    /// The column; null when the whole line is to blame.
    async fn column(&self) -> Option<&str> {
        self.0.column_name.as_deref()
    }

    /// What was found there, cut when it is long.
    async fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }

    /// Why it was refused.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}
