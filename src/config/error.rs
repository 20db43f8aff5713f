//! Errors of settings.

/// Reason for which the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that is not allowed.
    #[error("{variable}={value}: {allowed}")]
    Invalid {
        variable: &'static str,
        value: String,
        allowed: String,
    },
    /// A file that should hold a value.
    #[error("{variable}={path}: {reason}")]
    File {
        variable: String,
        path: String,
        reason: String,
    },
    /// Values that do not go together.
    #[error("{0}")]
    Conflict(String),
}
