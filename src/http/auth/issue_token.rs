//! Tokens that the service issues itself, for development.

use super::signature;
use crate::auth::{AccountScope, Actor, Role};
use crate::config::AuthConfig;
use crate::domain::subject::is_personal;
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// Claims of a token that the service issues itself.
#[derive(Debug, Serialize)]
struct IssuedClaims {
    sub: String,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Vec<String>>,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
}

/// Issues a token for the service with this configuration. Refused when there is no secret, or when the subject is no
/// name that a person may have.
pub fn issue_token(
    config: &AuthConfig,
    actor: Actor,
    ttl: Duration,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let Some(secret) = &config.jwt_secret else {
        return Err("tokens are signed with JWT_SECRET, which is not set".into());
    };
    if !is_personal(&actor.subject) {
        return Err("the subject must have 1 to 200 bytes, none of them hidden and no blanks around, and not look like `system:` or `token:`".into());
    }
    let end = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)? + ttl;
    let claims = IssuedClaims {
        sub: actor.subject,
        role: actor.role,
        accounts: match actor.scope {
            AccountScope::All => None,
            AccountScope::Only(accounts) => Some(accounts),
        },
        exp: end.as_secs(),
        iss: config.issuer.clone(),
        aud: config.audience.clone(),
    };
    Ok(signature::sign(&claims, secret.reveal().as_bytes())?)
}
