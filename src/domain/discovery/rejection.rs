//! Rejections: entries of an inventory that are not taken, each with its reason.

use serde::{Deserialize, Serialize};

const MAX_REJECTED_VALUE: usize = 200;

/// Reason why an entry, or one of its fields, is rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Line, from 1, where the entry starts; `None` for a report that did not come from a file.
    pub line: Option<u64>,
    /// Id of the resource of the entry, if it could be read.
    #[serde(skip)]
    pub resource_id: Option<String>,
    /// Field that is at fault; `None` for the whole entry.
    pub column: Option<String>,
    /// Value that was found, cut to 200 characters.
    pub value: Option<String>,
    pub reason: String,
}

impl Rejection {
    /// Rejection of the whole entry.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..Self::default()
        }
    }

    /// Rejection of one field.
    pub fn of(column: impl Into<String>, value: &str, reason: impl Into<String>) -> Self {
        Self {
            column: Some(column.into()),
            ..Self::new(reason).found(value)
        }
    }

    /// Adds the value that was found, cut to 200 characters.
    #[must_use]
    pub fn found(self, value: &str) -> Self {
        // A rejection is itself stored as JSON, which in PostgreSQL cannot hold NUL.
        let cut = value
            .chars()
            .take(MAX_REJECTED_VALUE)
            .map(|c| if c == '\0' { '\u{fffd}' } else { c });
        Self {
            value: Some(cut.collect()),
            ..self
        }
    }

    /// Adds the line (from 1).
    #[must_use]
    pub fn at(self, line: u64) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rejection;

    #[test]
    fn rejected_values_are_cut_and_storable() {
        let value = Rejection::of("name", &format!("\0{}", "é".repeat(300)), "x")
            .value
            .unwrap();
        assert_eq!(value.chars().count(), 200);
        assert!(!value.contains('\0'));
    }
}
