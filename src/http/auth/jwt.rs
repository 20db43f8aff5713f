//! JSON Web Tokens. A token is not believed about itself: the algorithm is the key's, the key is a known one, and each
//! claim must have exactly its type. Serde refuses a claim or a header that comes twice, for two readers could believe
//! two different things.

use super::caller::Caller;
use super::claims::TokenClaims;
use super::signature;
use crate::auth::{AccountScope, Actor, Role};
use crate::config::ClaimNames;
use crate::domain::subject::is_personal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// Bytes of the longest token that is parsed.
const TOKEN_MAX_BYTES: usize = 8 << 10;

/// Time by which the issuer's clock may be ahead.
const SKEW: Duration = Duration::from_secs(30);

/// Values of `typ`, if it is there: other types of tokens are made for other ends (RFC 8725, 3.11).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// Key, and the one algorithm that it is used with.
#[derive(Clone)]
pub struct VerificationKey {
    /// Algorithm of the signature.
    pub algorithm: Algorithm,
    /// Secret or public key.
    pub key: DecodingKey,
}

/// Requirements of the configuration for a token's claims.
#[derive(Clone, Debug, Default)]
pub struct ClaimRequirements {
    /// Value of `iss`; any without one.
    pub issuer: Option<String>,
    /// Value that `aud` must contain; any without one.
    pub audience: Option<String>,
    /// Claims that name the caller and its rights.
    pub names: ClaimNames,
}

/// Header of a token. `jku`, `jwk`, `x5u` and their like are ignored: they only offer keys, which are not taken.
#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    b64: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    enc: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    zip: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    cty: Option<IgnoredAny>,
}

impl TokenHeader {
    /// Has a header that changes the meaning of the rest. None of them is understood here, and RFC 7515 (4.1.11) wants
    /// tokens refused with critical headers that are not understood.
    fn is_unsupported(&self) -> bool {
        [&self.crit, &self.b64, &self.enc, &self.zip, &self.cty]
            .into_iter()
            .any(Option::is_some)
    }
}

/// Reads a member that may be missing, but not null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Token whose signature is not verified yet.
pub struct JsonWebToken<'a> {
    message: &'a str,
    claims: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    /// Id of the key that the token names.
    pub key_id: Option<String>,
}

impl<'a> JsonWebToken<'a> {
    /// Parses a token; nothing when it is none, or one of an unsupported kind.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: TokenHeader = decode(header)?;
        if header.is_unsupported() {
            return None;
        }
        if let Some(typ) = &header.typ {
            TYPES.iter().find(|known| known.eq_ignore_ascii_case(typ))?;
        }
        Some(Self {
            message,
            claims,
            signature,
            algorithm: Algorithm::from_str(&header.alg).ok()?,
            key_id: header.kid,
        })
    }

    /// Claims of the token, if the key signed them.
    pub fn verify(&self, key: &VerificationKey) -> Option<TokenClaims> {
        if self.algorithm != key.algorithm {
            return None;
        }
        let message = self.message.as_bytes();
        if signature::is_valid(self.signature, message, &key.key, key.algorithm) {
            decode(self.claims)
        } else {
            None
        }
    }
}

/// Decodes a part of a token: a JSON object. Serde would take a list of its members, too.
pub(super) fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    json.trim_start().starts_with('{').then_some(())?;
    serde_json::from_str(&json).ok()
}

/// Caller that verified claims name, if they hold now and meet the requirements.
pub fn caller(claims: &TokenClaims, requirements: &ClaimRequirements, now: SystemTime) -> Option<Caller> {
    let expires = claims.time("exp").ok()??;
    if expires <= now {
        return None;
    }
    for begin in [claims.time("nbf").ok()?, claims.time("iat").ok()?]
        .into_iter()
        .flatten()
    {
        (begin <= now + SKEW).then_some(())?;
    }
    let issuer = claims.text("iss").ok()?;
    let audiences = claims.texts("aud").ok()?;
    if let Some(wanted) = &requirements.issuer {
        (issuer == Some(wanted.as_str())).then_some(())?;
    }
    if let Some(wanted) = &requirements.audience {
        audiences?.contains(&wanted.as_str()).then_some(())?;
    }
    let names = &requirements.names;
    let subject = claims.text(&names.subject).ok()??;
    is_personal(subject).then_some(())?;
    let role = claims
        .texts(&names.role)
        .ok()??
        .into_iter()
        .filter_map(|value| Role::parse(names.role_of(value)?))
        .max()?;
    let accounts = claims.texts(&names.accounts).ok()?;
    Some(Caller {
        actor: Actor {
            subject: subject.to_owned(),
            role,
            scope: match accounts {
                None => AccountScope::All,
                Some(accounts) => AccountScope::Only(storable(accounts)?),
            },
            // An end that no date can show is as good as none.
            expires_at: shown(expires),
        },
        expires: Some(expires),
        api_token: None,
    })
}

/// Time as a date, if one can show it.
fn shown(time: SystemTime) -> Option<DateTime<Utc>> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    DateTime::from_timestamp(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())
}

/// Account ids, if the database can hold all of them.
fn storable(ids: Vec<&str>) -> Option<Vec<String>> {
    let storable = ids.iter().all(|id| !id.contains('\0'));
    storable.then(|| ids.into_iter().map(str::to_owned).collect())
}
