//! Specification of an import.

use serde::{Deserialize, Serialize};

/// File to import, and the manner of the import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSpec {
    /// Key of the row in `import_files`.
    pub file_id: i64,
    /// Report changes without making them.
    #[serde(default)]
    pub dry_run: bool,
    /// Effect of a rejected entry on the others.
    #[serde(default)]
    pub mode: ImportMode,
    /// Status of tags whose row has none; `None` for a file of resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagStatus>,
    /// Account to take where an entry names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

impl ImportSpec {
    /// Import of all valid rows of a file of resources.
    pub fn new(file_id: i64) -> Self {
        Self {
            file_id,
            dry_run: false,
            mode: ImportMode::default(),
            tags: None,
            account_id: None,
        }
    }
}

/// Effect of a rejected entry on the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// The other entries are imported.
    #[default]
    GoodRows,
    /// No entry is imported when one is rejected.
    AllOrNothing,
}

/// Status of an imported tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TagStatus {
    /// Waits for a decision.
    Pending,
    /// Holds at once.
    Approved,
}
