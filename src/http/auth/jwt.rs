//! JSON Web Tokens. A token is not believed about itself: the algorithm is the key's, the key is a known one, and each
//! claim must have exactly its type. Serde refuses a claim or a header that comes twice, for two readers could believe
//! two different things.

use super::caller::Caller;
use super::signature;
use crate::auth::{AccountScope, Actor, Role};
use crate::domain::subject::is_personal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::{DeserializeOwned, IgnoredAny, IntoDeserializer};
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

/// Claims of a token. Others are ignored.
#[derive(Deserialize)]
pub struct TokenClaims {
    sub: String,
    #[serde(deserialize_with = "role_name")]
    role: Role,
    #[serde(default, deserialize_with = "present")]
    accounts: Option<Vec<String>>,
    /// Seconds since 1970, as in `nbf` and `iat`.
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Audience>,
}

/// One audience, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(audience) => audience == wanted,
            Self::Many(audiences) => audiences.iter().any(|audience| audience == wanted),
        }
    }
}

/// Reads a member that may be missing, but not null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads the name of a role, and not the object that serde takes for an enum as well.
fn role_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = String::deserialize(deserializer)?;
    Role::deserialize(IntoDeserializer::<D::Error>::into_deserializer(name))
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
fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    json.trim_start().starts_with('{').then_some(())?;
    serde_json::from_str(&json).ok()
}

/// Caller that verified claims name, if they hold now and meet the requirements.
pub fn caller(claims: TokenClaims, requirements: &ClaimRequirements, now: SystemTime) -> Option<Caller> {
    let expires = time_of(claims.exp)?;
    if expires <= now {
        return None;
    }
    for begin in [claims.nbf, claims.iat].into_iter().flatten() {
        (time_of(begin)? <= now + SKEW).then_some(())?;
    }
    if let Some(issuer) = &requirements.issuer {
        (claims.iss.as_ref() == Some(issuer)).then_some(())?;
    }
    if let Some(audience) = &requirements.audience {
        claims.aud?.contains(audience).then_some(())?;
    }
    is_personal(&claims.sub).then_some(())?;
    Some(Caller {
        actor: Actor {
            subject: claims.sub,
            role: claims.role,
            scope: match claims.accounts {
                None => AccountScope::All,
                Some(accounts) => AccountScope::Only(storable(accounts)?),
            },
            // An end that no date can show is as good as none.
            expires_at: i64::try_from(claims.exp)
                .ok()
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        },
        expires: Some(expires),
        api_token: None,
    })
}

/// Account ids, if the database can hold all of them.
fn storable(ids: Vec<String>) -> Option<Vec<String>> {
    ids.iter().all(|id| !id.contains('\0')).then_some(ids)
}

/// Time of a claim in seconds since 1970; nothing that the clock cannot show.
fn time_of(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Option<TokenClaims> {
        decode(&URL_SAFE_NO_PAD.encode(json))
    }

    #[test]
    fn claims_are_read_and_others_ignored() {
        let text =
            r#"{"sub": "\u0061da", "role": "viewer", "exp": 1, "aud": ["x"], "groups": [1, {"b": [{}]}]}"#;
        let read = claims(text).unwrap();
        assert_eq!((read.sub.as_str(), read.role, read.exp), ("ada", Role::Viewer, 1));
        assert!(read.aud.is_some_and(|audience| audience.contains("x")));
        assert!(read.accounts.is_none() && read.nbf.is_none());
    }

    #[test]
    fn no_object_a_claim_twice_and_a_null_are_refused() {
        let good = r#"{"sub": "ada", "role": "viewer", "exp": 1}"#;
        assert!(claims(good).is_some());
        for text in [
            "",
            "[]",
            "1",
            r#"["ada", "viewer", null, 1, null, null, null, null]"#,
            &format!("{good} {{}}"),
            r#"{"sub": "ada", "role": "viewer", "exp": 1,}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1, "sub": "ada"}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1, "\u0073ub": "eve"}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1, "nbf": null}"#,
            r#"{"sub": "ada", "role": "viewer", "exp": 1, "aud": null}"#,
            r#"{"sub": "ada", "role": {"viewer": null}, "exp": 1}"#,
        ] {
            assert!(claims(text).is_none(), "{text}");
        }
        let not_utf8 = [&good.as_bytes()[..good.len() - 1], b", \"x\": \"\xff\"}"].concat();
        assert!(decode::<TokenClaims>(&URL_SAFE_NO_PAD.encode(not_utf8)).is_none());
    }
}
