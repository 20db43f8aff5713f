//! Errors of conditions.

/// Reason for which a condition is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", position.map(|at| format!(" (at byte {at})")).unwrap_or_default())]
pub struct ConditionError {
    /// Byte offset into the condition's text, where one is known.
    pub position: Option<usize>,
    /// Bytes that it is about; 0 where only the beginning is known.
    pub length: usize,
    /// One sentence for the rule's author.
    pub reason: String,
}

impl ConditionError {
    pub(crate) fn new(position: usize, reason: impl Into<String>) -> Self {
        Self {
            position: Some(position),
            length: 0,
            reason: reason.into(),
        }
    }
}
