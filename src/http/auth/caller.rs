//! Caller whose credentials were checked.

use crate::auth::Actor;
use crate::domain::tokens::TokenBearer;
use std::time::{Duration, SystemTime};

/// Caller whose credentials were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Actor in whose name everything is done.
    pub actor: Actor,
    /// End of the credentials; none without authentication.
    pub expires: Option<SystemTime>,
    /// Public id of the API token, if the credentials are one: it may be revoked before its end.
    pub api_token: Option<String>,
}

impl Caller {
    /// Time until the credentials end; none for credentials without an end.
    pub fn remaining(&self) -> Option<Duration> {
        let expires = self.expires?;
        Some(expires.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// Caller by the actor alone, whose credentials were checked before.
impl From<Actor> for Caller {
    fn from(actor: Actor) -> Self {
        Self {
            expires: actor.expires_at.map(Into::into),
            api_token: actor.api_token().map(str::to_owned),
            actor,
        }
    }
}

impl From<TokenBearer> for Caller {
    fn from(bearer: TokenBearer) -> Self {
        Self {
            actor: bearer.actor,
            expires: Some(bearer.expires_at.into()),
            api_token: Some(bearer.public_id),
        }
    }
}
