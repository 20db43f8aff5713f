//! Who is calling: bearer tokens (JWT), and the one developer of a service without authentication.

mod credentials;
pub mod denied;
mod issue_token;
mod jwks;
mod jwt;
mod strict_json;

pub use credentials::{Credentials, DEVELOPER_NAME_HEADER, peer_of};
pub use issue_token::issue_token;

use crate::auth::{AccountScope, Actor, Role};
use crate::config::{AuthConfig, ConfigError};
use crate::domain::subject::is_personal;
use crate::domain::tokens::{self, Bearer, Bearers};
use crate::gateway::rate_limit::RateLimiter;
use chrono::Utc;
use denied::{Reason, unauthenticated};
use jsonwebtoken::{Algorithm, DecodingKey};
use jwks::{Jwks, KeyLookup};
use jwt::{ClaimRequirements, Key, Token};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

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
pub enum AuthError {
    /// The credentials are missing, not valid, or no longer valid. Which of these is not told.
    Invalid,
    /// The same, and too many that were not valid came from there. Others are not looked up for so long.
    Exhausted(Duration),
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
    demands: Arc<ClaimRequirements>,
    bearers: Option<Bearers>,
    rate_limiter: Arc<RateLimiter>,
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
        let demands = Arc::new(ClaimRequirements {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
        });
        Ok(Self {
            keys,
            demands,
            bearers: None,
            rate_limiter: Arc::new(RateLimiter::new(None)),
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

    /// Counts wrong tokens here.
    #[must_use]
    pub fn with_rate_limiter(self, rate_limiter: Arc<RateLimiter>) -> Self {
        Self { rate_limiter, ..self }
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

    /// Checks credentials that come from an address. Wherever they come in, wrong ones are counted here.
    pub async fn check(&self, shown: &Credentials, peer: Option<IpAddr>) -> Result<Caller, AuthError> {
        if !self.is_required() {
            let name = shown.developer.as_deref().unwrap_or("developer");
            return developer_named(name).ok_or_else(|| unauthenticated(Reason::Name));
        }
        let token = shown.bearer_token();
        // Taken before the look-up, so that many guesses at once are no more than one after the other.
        let is_looked_up = token.is_some_and(|token| self.needs_lookup(token));
        if is_looked_up {
            self.count_wrong(peer)?;
        }
        let checked = match token {
            Some(token) => self.caller(token).await,
            None if shown.authorization.is_some() => Err(unauthenticated(Reason::Malformed)),
            None => Err(unauthenticated(Reason::Missing)),
        };
        match &checked {
            Err(AuthError::Invalid) if !is_looked_up => self.count_wrong(peer)?,
            Ok(_) | Err(AuthError::Unavailable) if is_looked_up => {
                self.rate_limiter.give_back_wrong_token(peer)
            }
            _ => {}
        }
        checked
    }

    fn count_wrong(&self, peer: Option<IpAddr>) -> Result<(), AuthError> {
        self.rate_limiter
            .take_wrong_token(peer)
            .map_err(AuthError::Exhausted)
    }

    /// Whether nothing but the database knows the token. One that was right a moment ago is read again, but is no guess.
    fn needs_lookup(&self, token: &str) -> bool {
        let (Some(bearers), Some(secret)) = (&self.bearers, tokens::Secret::parse(token)) else {
            return false;
        };
        !bearers.has_accepted(&secret)
    }

    async fn caller(&self, text: &str) -> Result<Caller, AuthError> {
        if tokens::Secret::is_meant(text) {
            return self.script(text).await;
        }
        let token = Token::parse(text).ok_or_else(|| unauthenticated(Reason::Malformed))?;
        let key = self.key_of(&token).await?;
        let claims = token
            .verified(&key)
            .ok_or_else(|| unauthenticated(Reason::Signature))?;
        let caller = jwt::caller(&claims, &self.demands, SystemTime::now());
        caller.ok_or_else(|| unauthenticated(Reason::Claims))
    }

    async fn script(&self, text: &str) -> Result<Caller, AuthError> {
        let invalid = || unauthenticated(Reason::ApiToken);
        let bearers = self.bearers.as_ref().ok_or_else(invalid)?;
        let secret = tokens::Secret::parse(text).ok_or_else(invalid)?;
        match bearers.bearer(&secret, Utc::now()).await {
            Ok(bearer) => bearer.map(Caller::from).ok_or_else(invalid),
            Err(error) => {
                error.log("looking up an API token");
                Err(AuthError::Unavailable)
            }
        }
    }

    /// Whether credentials that were accepted have neither ended nor been taken back. What cannot be read now counts as
    /// before.
    pub async fn still_accepts(&self, caller: &Caller) -> bool {
        if caller.remaining().is_some_and(|remaining| remaining.is_zero()) {
            return false;
        }
        let (Some(bearers), Some(id)) = (&self.bearers, &caller.api_token) else {
            return true;
        };
        bearers.still_holds(id, Utc::now()).await.unwrap_or(true)
    }

    /// The token says which of our keys it was signed with, and nothing else about it.
    async fn key_of(&self, token: &Token<'_>) -> Result<Key, AuthError> {
        match &self.keys {
            Keys::None => Err(unauthenticated(Reason::UnknownKey)),
            Keys::Secret(key) => Ok(key.clone()),
            Keys::Published(keys) => match keys.find(token.key_id.as_deref()).await {
                KeyLookup::Key(key) => Ok(key),
                KeyLookup::Unknown => Err(unauthenticated(Reason::UnknownKey)),
                KeyLookup::NoKeys => Err(AuthError::Unavailable),
            },
        }
    }
}

fn developer_named(name: &str) -> Option<Caller> {
    is_personal(name).then(|| Caller {
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

    fn shown(authorization: Option<&str>, developer: Option<&str>) -> Credentials {
        Credentials {
            authorization: authorization.map(str::to_owned),
            developer: developer.map(str::to_owned),
        }
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
        let token = issue_token(&config, actor(), Duration::from_mins(1)).unwrap();
        let caller = Authenticator::new(&config)
            .unwrap()
            .check(&shown(Some(&format!("bearer {token}")), Some("eve")), None)
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
        let valid = shown(Some(&hs256(&good())), None);
        assert!(authenticator.check(&valid, None).await.is_ok());
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
            with("sub", "ｓｙｓｔｅｍ：maintain".into()),
            with("sub", "to\u{200b}ken:0123456789abcdef:nightly".into()),
            with("sub", " system:maintain".into()),
            with("accounts", "111".into()),
            format!("Bearer {}", "a".repeat(1 << 20)),
        ] {
            assert_eq!(
                authenticator
                    .check(&shown(Some(&authorization), Some("ada")), None)
                    .await,
                Err(AuthError::Invalid),
                "{authorization}"
            );
        }
        assert_eq!(
            authenticator.check(&shown(None, Some("ada")), None).await,
            Err(AuthError::Invalid)
        );
    }

    #[tokio::test]
    async fn without_a_secret_everybody_is_the_developer_under_a_name_of_choice() {
        let authenticator = Authenticator::new(&config(&[])).unwrap();
        assert!(!authenticator.is_required());
        let developer = authenticator.check(&shown(None, None), None).await.unwrap();
        assert_eq!(
            (developer.actor.subject.as_str(), developer.actor.role),
            ("developer", Role::Admin)
        );
        assert_eq!(
            authenticator
                .check(&shown(None, Some("grace")), None)
                .await
                .unwrap()
                .actor
                .subject,
            "grace"
        );
        for name in ["system:maintain", "ｓystem:maintain", "\u{fffd}", ""] {
            let refused = authenticator.check(&shown(None, Some(name)), None).await;
            assert_eq!(refused, Err(AuthError::Invalid), "{name}");
        }
        assert!(issue_token(&config(&[]), actor(), Duration::from_mins(1)).is_err());
    }
}
