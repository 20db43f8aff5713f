//! Who is refused, in the log and in metrics: 401 and 403. Without what was sent, which may be a secret, and a line now and
//! then only, for strangers can cause any number.

use super::AuthError;
use crate::graphql::state::RequestId;
use crate::telemetry::{Throttle, names};

/// Why credentials are refused. Callers are not told which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There are none.
    Missing,
    /// They are no bearer token, or none that can be read.
    Malformed,
    /// No key is known by which the token could have been signed.
    UnknownKey,
    /// The signature is wrong.
    Signature,
    /// What the token claims: it is over, for somebody else, or says too little.
    Claims,
    /// No API token like it holds.
    ApiToken,
    /// A name of choice that nobody may have.
    Name,
}

static FORBIDDEN: Throttle = Throttle::new();

impl Reason {
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

    /// One for each reason, so that a flood of one kind does not hide another.
    fn throttle(self) -> &'static Throttle {
        static THROTTLES: [Throttle; 7] = [const { Throttle::new() }; 7];
        &THROTTLES[self as usize]
    }
}

/// Counts and logs credentials that are refused; the line is in the span of its request.
pub fn unauthenticated(reason: Reason) -> AuthError {
    metrics::counter!(names::AUTHENTICATION_FAILURES, "reason" => reason.as_str()).increment(1);
    if let Some(left_out) = reason.throttle().admit() {
        tracing::warn!(reason = reason.as_str(), left_out, "credentials were refused");
    }
    AuthError::Invalid
}

/// Counts and logs what a known caller may not do.
pub fn forbidden(user: &str, what: &str, id: &RequestId) {
    metrics::counter!(names::AUTHORIZATION_FAILURES).increment(1);
    if let Some(left_out) = FORBIDDEN.admit() {
        tracing::warn!(user, what, request_id = id.0, left_out, "forbidden");
    }
}
