//! JSON Web Tokens, read without believing what they say of themselves: the algorithm is the key's, the key is one of
//! ours, and what a claim must be, it must be exactly.

use super::Caller;
use super::strict_json;
use crate::auth::{AccountScope, Actor, Role};
use crate::domain::subject::is_personal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A token longer than this is not looked at.
const TOKEN_MAX_BYTES: usize = 8 << 10;

/// The clock of who makes tokens may be ahead of ours by so much.
const SKEW: Duration = Duration::from_secs(30);

/// Headers that change what the rest means. None of them is understood here, and RFC 7515 (4.1.11) wants what is not
/// understood and critical refused. `jku`, `jwk`, `x5u` and their like only offer keys, which nobody here takes.
const REFUSED_HEADERS: [&str; 5] = ["crit", "b64", "enc", "zip", "cty"];

/// What `typ` may be, if it is there: other types of tokens are made for other ends (RFC 8725, 3.11).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// A key, and the one algorithm that it is used with.
#[derive(Clone)]
pub struct Key {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key itself.
    pub key: DecodingKey,
}

/// What a token must say besides.
#[derive(Clone, Debug, Default)]
pub struct ClaimRequirements {
    /// `iss`, if it matters.
    pub issuer: Option<String>,
    /// What `aud` must name, if it matters.
    pub audience: Option<String>,
}

/// A token whose signature is not verified yet.
pub struct Token<'a> {
    message: &'a str,
    claims: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    /// Which key the token says it was signed with.
    pub key_id: Option<String>,
}

impl<'a> Token<'a> {
    /// Takes a token apart; nothing when it is none, or one of a kind that is not understood here.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = decoded(header)?;
        if REFUSED_HEADERS.iter().any(|name| header.contains_key(*name)) {
            return None;
        }
        if let Some(kind) = header.get("typ") {
            let kind = kind.as_str()?;
            TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind))?;
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        Some(Self {
            message,
            claims,
            signature,
            algorithm: Algorithm::from_str(header.get("alg")?.as_str()?).ok()?,
            key_id,
        })
    }

    /// The claims, when the key signed them.
    pub fn verified(&self, key: &Key) -> Option<Map<String, Value>> {
        if self.algorithm != key.algorithm {
            return None;
        }
        let message = self.message.as_bytes();
        let is_signed = crypto::verify(self.signature, message, &key.key, key.algorithm);
        if is_signed.ok()? {
            decoded(self.claims)
        } else {
            None
        }
    }
}

fn decoded(part: &str) -> Option<Map<String, Value>> {
    strict_json::object(&URL_SAFE_NO_PAD.decode(part).ok()?)
}

/// The caller that verified claims speak of, when they hold now and meet the demands.
pub fn caller(
    claims: &Map<String, Value>,
    requirements: &ClaimRequirements,
    now: SystemTime,
) -> Option<Caller> {
    let expires = moment(claims.get("exp")?)?;
    if expires <= now {
        return None;
    }
    for name in ["nbf", "iat"] {
        if let Some(begin) = claims.get(name) {
            (moment(begin)? <= now + SKEW).then_some(())?;
        }
    }
    if let Some(issuer) = &requirements.issuer {
        (claims.get("iss")?.as_str()? == issuer).then_some(())?;
    }
    if let Some(audience) = &requirements.audience {
        names_audience(claims.get("aud")?, audience).then_some(())?;
    }
    let subject = claims.get("sub")?.as_str().filter(|name| is_personal(name))?;
    Some(Caller {
        actor: Actor {
            subject: subject.to_owned(),
            // A name, not the object that serde would take for an enum as well.
            role: Role::deserialize(claims.get("role").filter(|role| role.is_string())?).ok()?,
            scope: match claims.get("accounts") {
                None => AccountScope::All,
                Some(accounts) => AccountScope::Only(account_ids(accounts)?),
            },
            // Later than a date can be is never.
            expires_at: claims
                .get("exp")
                .and_then(Value::as_i64)
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        },
        expires: Some(expires),
        api_token: None,
    })
}

/// Names that a database can hold.
fn account_ids(claim: &Value) -> Option<Vec<String>> {
    let ids: Vec<String> = Vec::deserialize(claim).ok()?;
    ids.iter().all(|id| !id.contains('\0')).then_some(ids)
}

/// Whole seconds since 1970, and none that the clock cannot show.
fn moment(claim: &Value) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(claim.as_u64()?))
}

/// One audience, or a list of them.
fn names_audience(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::String(audience) => audience == wanted,
        Value::Array(audiences) => {
            audiences.iter().all(Value::is_string)
                && audiences.iter().any(|audience| audience.as_str() == Some(wanted))
        }
        _ => false,
    }
}
