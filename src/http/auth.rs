//! Who is calling: bearer tokens (JWT, HS256), and the one developer of a service without authentication.

use crate::config::{AuthConfig, Secret};
use crate::domain::auth::{AccountScope, Actor, Role};
use axum::http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// Development without authentication: names the caller, so that one person can act as two.
pub const DEVELOPER_NAME_HEADER: &str = "x-actor";

/// A name that decisions and audit rows carry has this many bytes at most.
const SUBJECT_MAX_BYTES: usize = 200;

/// A token longer than this is not looked at.
const TOKEN_MAX_BYTES: usize = 8 << 10;

/// The claims of a token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The caller's name.
    pub sub: String,
    /// What the caller may do.
    pub role: Role,
    /// The accounts that exist for the caller; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// When the token ends, in seconds since 1970.
    pub exp: u64,
    /// Who made the token; [`Validation`] checks it when configured.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Whom the token is for, one or a list; [`Validation`] checks it when configured.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
}

/// A caller whose credentials were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub actor: Actor,
    /// When the credentials end; none without authentication.
    pub expires: Option<SystemTime>,
}

impl Caller {
    /// How long the credentials still hold; nothing for credentials without an end.
    pub fn remaining(&self) -> Option<Duration> {
        let expires = self.expires?;
        Some(expires.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// The credentials are missing, not valid, or no longer valid. Which of these is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Checks credentials.
pub struct Authenticator {
    tokens: Option<(DecodingKey, Validation)>,
}

impl Authenticator {
    /// Checks tokens when there is a secret; otherwise everybody is the developer.
    pub fn new(config: &AuthConfig) -> Self {
        let tokens = config.jwt_secret.as_ref().map(|secret| {
            let key = DecodingKey::from_secret(secret.reveal().as_bytes());
            (key, validation(config))
        });
        Self { tokens }
    }

    /// Whether callers need a token.
    pub fn is_required(&self) -> bool {
        self.tokens.is_some()
    }

    /// Checks the credentials of a request.
    pub fn request(&self, headers: &HeaderMap) -> Result<Caller, Refused> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        self.check(text(header::AUTHORIZATION.as_str()), text(DEVELOPER_NAME_HEADER))
    }

    /// Checks the value of an `Authorization` header or its like. `developer` counts without authentication only.
    pub fn check(&self, authorization: Option<&str>, developer: Option<&str>) -> Result<Caller, Refused> {
        let Some((key, validation)) = &self.tokens else {
            return developer_named(developer.unwrap_or("developer"));
        };
        let token = authorization.and_then(bearer).ok_or(Refused)?;
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Refused);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, key, validation)
            .map_err(|_| Refused)?
            .claims;
        if !is_name(&claims.sub) {
            return Err(Refused);
        }
        Ok(Caller {
            actor: Actor {
                subject: claims.sub,
                role: claims.role,
                scope: claims.accounts.map_or(AccountScope::All, AccountScope::Only),
            },
            expires: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp)),
        })
    }
}

/// Signs a token for the service with this configuration.
///
/// Refused when there is no secret, or when the name is empty, longer than 200 bytes or not printable.
pub fn mint(
    config: &AuthConfig,
    actor: Actor,
    ttl: Duration,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let Some(secret) = &config.jwt_secret else {
        return Err("tokens are signed with JWT_SECRET, which is not set".into());
    };
    if !is_name(&actor.subject) {
        return Err("the subject must have 1 to 200 printable characters".into());
    }
    let end = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)? + ttl;
    let claims = Claims {
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
    Ok(jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &signing_key(secret),
    )?)
}

fn signing_key(secret: &Secret) -> EncodingKey {
    EncodingKey::from_secret(secret.reveal().as_bytes())
}

/// The algorithm is ours to say, never the token's.
fn validation(config: &AuthConfig) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    let mut required = vec!["exp", "sub"];
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.validate_aud = config.audience.is_some();
    if let Some(issuer) = &config.issuer {
        validation.set_issuer(&[issuer]);
        required.push("iss");
    }
    if let Some(audience) = &config.audience {
        validation.set_audience(&[audience]);
        required.push("aud");
    }
    validation.set_required_spec_claims(&required);
    validation
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn developer_named(name: &str) -> Result<Caller, Refused> {
    if !is_name(name) {
        return Err(Refused);
    }
    Ok(Caller {
        actor: Actor {
            subject: name.to_owned(),
            role: Role::Admin,
            scope: AccountScope::All,
        },
        expires: None,
    })
}

/// `system:` is how the service itself signs.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= SUBJECT_MAX_BYTES
        && !text.starts_with("system:")
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn config(variables: &[(&str, &str)]) -> AuthConfig {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_variables(&variables.collect()).unwrap().auth
    }

    fn actor() -> Actor {
        Actor {
            subject: "ada".into(),
            role: Role::Approver,
            scope: AccountScope::Only(vec!["111".into()]),
        }
    }

    fn sign(header: &Header, claims: &serde_json::Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        format!("Bearer {}", jsonwebtoken::encode(header, claims, &key).unwrap())
    }

    fn hs256(claims: &serde_json::Value) -> String {
        sign(&Header::new(Algorithm::HS256), claims)
    }

    #[test]
    fn a_minted_token_gives_its_actor_back() {
        let config = config(&[
            ("JWT_SECRET", SECRET),
            ("JWT_ISSUER", "us"),
            ("JWT_AUDIENCE", "tags"),
        ]);
        let token = mint(&config, actor(), Duration::from_mins(1)).unwrap();
        let caller = Authenticator::new(&config)
            .check(Some(&format!("bearer {token}")), Some("eve"))
            .unwrap();
        assert_eq!(caller.actor, actor());
        let remaining = caller.remaining().unwrap();
        assert!(
            remaining > Duration::from_secs(50) && remaining <= Duration::from_mins(1),
            "{remaining:?}"
        );
    }

    #[test]
    fn what_is_not_a_valid_token_is_refused() {
        let authenticator = Authenticator::new(&config(&[
            ("JWT_SECRET", SECRET),
            ("JWT_ISSUER", "us"),
            ("JWT_AUDIENCE", "tags"),
        ]));
        let good = || serde_json::json!({"sub": "ada", "role": "admin", "exp": 9_999_999_999_u64, "iss": "us", "aud": ["tags"]});
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = good();
            claims[name] = value;
            hs256(&claims)
        };
        let without = |name: &str| {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            hs256(&claims)
        };
        assert!(authenticator.check(Some(&hs256(&good())), None).is_ok());
        let unsigned = hs256(&good()).rsplit_once('.').unwrap().0.to_owned() + ".";
        let none = format!(
            "Bearer eyJhbGciOiJub25lIn0.{}.",
            unsigned.split('.').nth(1).unwrap()
        );
        for authorization in [
            String::new(),
            "Bearer".into(),
            "Basic YTpi".into(),
            unsigned,
            none,
            sign(&Header::new(Algorithm::HS512), &good()),
            without("exp"),
            without("sub"),
            without("role"),
            without("iss"),
            without("aud"),
            with("exp", 1.into()),
            with("exp", "9999999999".into()),
            with("nbf", 9_999_999_998_u64.into()),
            with("iss", "them".into()),
            with("aud", "other".into()),
            with("role", "root".into()),
            with("sub", " ".into()),
            with("sub", "system:maintain".into()),
            with("accounts", "111".into()),
            format!("Bearer {}", "a".repeat(1 << 20)),
        ] {
            assert_eq!(
                authenticator.check(Some(&authorization), Some("ada")),
                Err(Refused),
                "{authorization}"
            );
        }
        assert_eq!(authenticator.check(None, Some("ada")), Err(Refused));
    }

    #[test]
    fn without_a_secret_everybody_is_the_developer_under_a_name_of_choice() {
        let authenticator = Authenticator::new(&config(&[]));
        assert!(!authenticator.is_required());
        let developer = authenticator.check(None, None).unwrap();
        assert_eq!(
            (developer.actor.subject.as_str(), developer.actor.role),
            ("developer", Role::Admin)
        );
        assert_eq!(
            authenticator.check(None, Some("grace")).unwrap().actor.subject,
            "grace"
        );
        assert!(authenticator.check(None, Some("system:maintain")).is_err());
        assert!(mint(&config(&[]), actor(), Duration::from_mins(1)).is_err());
    }
}
