//! Who is calling: bearer tokens (JWT), and the one developer of a service without authentication.

mod jwks;
mod jwt;
mod mint;
mod strict;

pub use mint::mint;

use crate::config::{AuthConfig, ConfigError};
use crate::domain::auth::{AccountScope, Actor, Role};
use crate::domain::tokens::{self, Bearer, Bearers};
use axum::http::{HeaderMap, header};
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey};
use jwks::{Found, Jwks};
use jwt::{Demands, Key, Token};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// Development without authentication: names the caller, so that one person can act as two.
pub const DEVELOPER_NAME_HEADER: &str = "x-actor";

/// A name that decisions and audit rows carry has this many bytes at most.
const SUBJECT_MAX_BYTES: usize = 200;

/// A caller whose credentials were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub actor: Actor,
    /// When the credentials end; none without authentication.
    pub expires: Option<SystemTime>,
    /// The public id of the API token, if it was one: it may be taken back before its end.
    pub api_token: Option<String>,
}

impl Caller {
    /// How long the credentials still hold; nothing for credentials without an end.
    pub fn remaining(&self) -> Option<Duration> {
        let expires = self.expires?;
        Some(expires.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

impl From<Bearer> for Caller {
    fn from(bearer: Bearer) -> Self {
        Self {
            actor: bearer.actor,
            expires: Some(bearer.expires_at.into()),
            api_token: Some(bearer.public_id),
        }
    }
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The credentials are missing, not valid, or no longer valid. Which of these is not told.
    Invalid,
    /// They cannot be checked now; another try is worth it.
    Unavailable,
}

/// Where the keys come from.
#[derive(Clone)]
enum Keys {
    /// Nobody needs any.
    None,
    /// One secret, which the service and who makes tokens share.
    Secret(Key),
    /// A published set.
    Published(Arc<Jwks>),
}

/// Checks credentials. Clones check the same.
#[derive(Clone)]
pub struct Authenticator {
    keys: Keys,
    demands: Arc<Demands>,
    bearers: Option<Bearers>,
}

impl Authenticator {
    /// Checks tokens when there is a secret or a set of keys; otherwise everybody is the developer.
    pub fn new(config: &AuthConfig) -> Result<Self, ConfigError> {
        let keys = match (&config.jwt_secret, &config.jwks_url) {
            (Some(secret), _) => Keys::Secret(Key {
                algorithm: Algorithm::HS256,
                key: DecodingKey::from_secret(secret.reveal().as_bytes()),
            }),
            (None, Some(url)) => Keys::Published(Arc::new(Jwks::new(url.clone())?)),
            (None, None) => Keys::None,
        };
        let demands = Arc::new(Demands {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
        });
        Ok(Self {
            keys,
            demands,
            bearers: None,
        })
    }

    /// Lets scripts in, too, by tokens that are kept in the database.
    #[must_use]
    pub fn with_api_tokens(self, bearers: Bearers) -> Self {
        Self {
            bearers: Some(bearers),
            ..self
        }
    }

    /// Keeps published keys fresh until it is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        if let Keys::Published(keys) = &self.keys {
            keys.run(stop).await;
        }
    }

    /// Whether callers need a token.
    pub fn is_required(&self) -> bool {
        !matches!(self.keys, Keys::None)
    }

    /// Checks the credentials of a request.
    pub async fn request(&self, headers: &HeaderMap) -> Result<Caller, Refused> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        self.check(text(header::AUTHORIZATION.as_str()), text(DEVELOPER_NAME_HEADER))
            .await
    }

    /// Checks the value of an `Authorization` header or its like. `developer` counts without authentication only.
    pub async fn check(
        &self,
        authorization: Option<&str>,
        developer: Option<&str>,
    ) -> Result<Caller, Refused> {
        if !self.is_required() {
            return developer_named(developer.unwrap_or("developer"));
        }
        let text = authorization.and_then(bearer).ok_or(Refused::Invalid)?;
        if tokens::Secret::is_meant(text) {
            return self.script(text).await;
        }
        let token = Token::parse(text).ok_or(Refused::Invalid)?;
        let key = self.key_of(&token).await?;
        let claims = token.verified(&key).ok_or(Refused::Invalid)?;
        jwt::caller(&claims, &self.demands, SystemTime::now()).ok_or(Refused::Invalid)
    }

    async fn script(&self, text: &str) -> Result<Caller, Refused> {
        let bearers = self.bearers.as_ref().ok_or(Refused::Invalid)?;
        let secret = tokens::Secret::parse(text).ok_or(Refused::Invalid)?;
        match bearers.bearer(&secret, Utc::now()).await {
            Ok(bearer) => bearer.map(Caller::from).ok_or(Refused::Invalid),
            Err(error) => {
                error.log("looking up an API token");
                Err(Refused::Unavailable)
            }
        }
    }

    /// Whether credentials that were accepted have not been taken back. What cannot be read now counts as before.
    pub async fn still_accepts(&self, caller: &Caller) -> bool {
        let (Some(bearers), Some(id)) = (&self.bearers, &caller.api_token) else {
            return true;
        };
        bearers.still_holds(id, Utc::now()).await.unwrap_or(true)
    }

    /// The token says which of our keys it was signed with, and nothing else about it.
    async fn key_of(&self, token: &Token<'_>) -> Result<Key, Refused> {
        match &self.keys {
            Keys::None => Err(Refused::Invalid),
            Keys::Secret(key) => Ok(key.clone()),
            Keys::Published(keys) => match keys.find(token.key_id.as_deref()).await {
                Found::Key(key) => Ok(key),
                Found::Unknown => Err(Refused::Invalid),
                Found::NoKeys => Err(Refused::Unavailable),
            },
        }
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn developer_named(name: &str) -> Result<Caller, Refused> {
    if !is_name(name) {
        return Err(Refused::Invalid);
    }
    Ok(Caller {
        actor: Actor {
            subject: name.to_owned(),
            role: Role::Admin,
            scope: AccountScope::All,
            expires_at: None,
        },
        expires: None,
        api_token: None,
    })
}

/// `system:` is how the service itself signs, `token:` how scripts do.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= SUBJECT_MAX_BYTES
        && !text.starts_with(Actor::SYSTEM)
        && !text.starts_with(Actor::TOKEN)
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use jsonwebtoken::{EncodingKey, Header};

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
            expires_at: None,
        }
    }

    fn sign(header: &Header, claims: &serde_json::Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        format!("Bearer {}", jsonwebtoken::encode(header, claims, &key).unwrap())
    }

    fn hs256(claims: &serde_json::Value) -> String {
        sign(&Header::new(Algorithm::HS256), claims)
    }

    #[tokio::test]
    async fn a_minted_token_gives_its_actor_back() {
        let config = config(&[
            ("JWT_SECRET", SECRET),
            ("JWT_ISSUER", "us"),
            ("JWT_AUDIENCE", "tags"),
        ]);
        let token = mint(&config, actor(), Duration::from_mins(1)).unwrap();
        let caller = Authenticator::new(&config)
            .unwrap()
            .check(Some(&format!("bearer {token}")), Some("eve"))
            .await
            .unwrap();
        let expires_at = caller.actor.expires_at;
        assert_eq!(expires_at.map(SystemTime::from), caller.expires);
        assert_eq!(
            caller.actor,
            Actor {
                expires_at,
                ..actor()
            }
        );
        let remaining = caller.remaining().unwrap();
        assert!(
            remaining > Duration::from_secs(50) && remaining <= Duration::from_mins(1),
            "{remaining:?}"
        );
    }

    #[tokio::test]
    async fn what_is_not_a_valid_token_is_refused() {
        let authenticator = Authenticator::new(&config(&[
            ("JWT_SECRET", SECRET),
            ("JWT_ISSUER", "us"),
            ("JWT_AUDIENCE", "tags"),
        ]))
        .unwrap();
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
        assert!(authenticator.check(Some(&hs256(&good())), None).await.is_ok());
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
                authenticator.check(Some(&authorization), Some("ada")).await,
                Err(Refused::Invalid),
                "{authorization}"
            );
        }
        assert_eq!(
            authenticator.check(None, Some("ada")).await,
            Err(Refused::Invalid)
        );
    }

    #[tokio::test]
    async fn without_a_secret_everybody_is_the_developer_under_a_name_of_choice() {
        let authenticator = Authenticator::new(&config(&[])).unwrap();
        assert!(!authenticator.is_required());
        let developer = authenticator.check(None, None).await.unwrap();
        assert_eq!(
            (developer.actor.subject.as_str(), developer.actor.role),
            ("developer", Role::Admin)
        );
        assert_eq!(
            authenticator
                .check(None, Some("grace"))
                .await
                .unwrap()
                .actor
                .subject,
            "grace"
        );
        assert!(authenticator.check(None, Some("system:maintain")).await.is_err());
        assert!(mint(&config(&[]), actor(), Duration::from_mins(1)).is_err());
    }
}
