//! Errors of authentication.

use crate::http::error::HttpError;
use std::time::Duration;

/// Reason why a caller is not authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// The credentials are missing, not valid, or no longer valid. The response does not say which.
    Invalid,
    /// The same, and too many invalid ones came from this address. Others are not looked up for so long.
    Exhausted(Duration),
    /// The credentials cannot be checked now; another try is worth it.
    Unavailable,
}

impl From<AuthError> for HttpError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid => Self::unauthenticated(),
            AuthError::Exhausted(wait) => Self::rate_limited(wait),
            AuthError::Unavailable => {
                Self::unavailable("the credentials cannot be checked at the moment; try again")
            }
        }
    }
}
