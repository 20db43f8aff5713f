//! Errors of calls, in words that name the API, the account and the region, and no secret.

use reqwest::StatusCode;

use crate::ApiTarget;

/// Characters of a cloud's own message that are kept.
const MAX_MESSAGE: usize = 300;

/// Kind of an error, which decides what a caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// The cloud refused the request, and would again: rights, a wrong argument, something that is not there.
    Refused,
    /// There are no credentials, or the cloud refuses them after they were renewed.
    Credentials,
    /// The cloud granted no more requests until the time limit.
    Throttled,
    /// The API could not be reached, broke off, or reported a fault of its own, until the time limit.
    Unavailable,
    /// The answer is not what the API promises: not JSON, too large, or a page token that was there before.
    Protocol,
}

/// Error of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{target}: {reason}")]
pub struct ApiError {
    pub kind: ApiErrorKind,
    /// API, account and region.
    pub target: String,
    /// Code of the cloud, such as `AccessDeniedException`.
    pub code: Option<String>,
    /// HTTP status, if there was an answer.
    pub status: Option<StatusCode>,
    /// Reason in words, with the code and the cloud's own message.
    pub reason: String,
}

impl ApiError {
    /// An error without an answer of the cloud.
    pub fn new(target: &ApiTarget, kind: ApiErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            target: target.to_string(),
            code: None,
            status: None,
            reason: reason.into(),
        }
    }

    /// True if the cloud answered with this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// First line of a cloud's message, cut: what follows can repeat the request, a session token included, as
/// `SignatureDoesNotMatch` of AWS does.
pub(crate) fn short_message(message: &str) -> String {
    let line = message.trim().lines().next().unwrap_or_default();
    let line: String = line.chars().filter(|each| !each.is_control()).collect();
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::short_message;

    #[test]
    fn messages_are_cut_before_they_repeat_the_request() {
        let message = "The signature does not match.\n\nThe Canonical String is 'x-amz-security-token:FQoG'";
        assert_eq!(short_message(message), "The signature does not match.");
        assert_eq!(short_message(&"é".repeat(400)).chars().count(), 301);
    }
}
