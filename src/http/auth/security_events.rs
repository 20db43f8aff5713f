//! Security events in the log and in metrics: 401 and 403. Lines leave out what was sent, which may be a secret, and are
//! throttled, for strangers can cause any number.

use super::error::AuthError;
use crate::graphql::state::RequestId;
use crate::telemetry::{Throttle, names};

/// Reason why credentials are invalid. No response has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidCredentials {
    /// No credentials.
    Missing,
    /// No bearer token, or none that can be read.
    Malformed,
    /// A token signed with a key that is not known.
    UnknownKey,
    /// A wrong signature.
    Signature,
    /// Claims of a token that has expired, is for another audience, or lacks something.
    Claims,
    /// An API token that does not exist, has expired or was revoked.
    ApiToken,
    /// A developer's name that nobody may have.
    Name,
}

static FORBIDDEN: Throttle = Throttle::new();

impl InvalidCredentials {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::ApiToken => "api_token",
            Self::Name => "name",
        }
    }

    /// Throttle of this reason: a flood of one kind does not hide another.
    fn throttle(self) -> &'static Throttle {
        static THROTTLES: [Throttle; 7] = [const { Throttle::new() }; 7];
        &THROTTLES[self as usize]
    }
}

/// Counts and logs invalid credentials; the line is in the span of its request.
pub fn record_unauthenticated(reason: InvalidCredentials) -> AuthError {
    metrics::counter!(names::AUTHENTICATION_FAILURES, "reason" => reason.as_str()).increment(1);
    if let Some(left_out) = reason.throttle().admit() {
        tracing::warn!(reason = reason.as_str(), left_out, "credentials were refused");
    }
    AuthError::Invalid
}

/// Counts and logs what a known caller may not do.
pub fn record_forbidden(user: &str, what: &str, id: &RequestId) {
    metrics::counter!(names::AUTHORIZATION_FAILURES).increment(1);
    if let Some(left_out) = FORBIDDEN.admit() {
        tracing::warn!(user, what, request_id = id.0, left_out, "forbidden");
    }
}
