//! Authenticator: checks of credentials, wherever they come in.

use super::caller::Caller;
use super::credentials::{Credentials, peer_of};
use super::error::AuthError;
use super::jwks::{Jwks, KeyLookup};
use super::jwt::{self, ClaimRequirements, JsonWebToken, VerificationKey};
use super::security_events::{InvalidCredentials, record_unauthenticated};
use crate::auth::{AccountScope, Actor, Role};
use crate::config::{AuthConfig, ConfigError};
use crate::domain::subject::is_personal;
use crate::domain::tokens::{self, TokenVerifier};
use crate::gateway::rate_limit::RateLimiter;
use crate::http::error::HttpError;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;

/// Source of the keys that verify tokens.
#[derive(Clone)]
enum KeySource {
    /// None: callers need no credentials.
    None,
    /// Secret that the service shares with the issuer of tokens.
    Secret(VerificationKey),
    /// Published set of keys.
    Published(Arc<Jwks>),
}

/// Authenticator of callers. Clones check the same.
#[derive(Clone)]
pub struct Authenticator {
    keys: KeySource,
    requirements: Arc<ClaimRequirements>,
    verifier: Option<TokenVerifier>,
    rate_limiter: Arc<RateLimiter>,
}

impl Authenticator {
    /// Builds an authenticator that checks tokens when there is a secret or a set of keys; otherwise every caller is the
    /// developer.
    pub fn new(config: &AuthConfig) -> Result<Self, ConfigError> {
        let keys = match (&config.jwt_secret, &config.jwks_url) {
            (Some(secret), _) => KeySource::Secret(VerificationKey {
                algorithm: Algorithm::HS256,
                key: DecodingKey::from_secret(secret.reveal().as_bytes()),
            }),
            (None, Some(url)) => KeySource::Published(Arc::new(Jwks::new(url.clone())?)),
            (None, None) => KeySource::None,
        };
        let requirements = Arc::new(ClaimRequirements {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            names: config.claims.clone(),
        });
        Ok(Self {
            keys,
            requirements,
            verifier: None,
            rate_limiter: Arc::new(RateLimiter::new(None)),
        })
    }

    /// Accepts API tokens, too, which are kept in the database.
    #[must_use]
    pub fn with_api_tokens(self, verifier: TokenVerifier) -> Self {
        Self {
            verifier: Some(verifier),
            ..self
        }
    }

    /// Takes the cost of invalid tokens from these buckets.
    #[must_use]
    pub fn with_rate_limiter(self, rate_limiter: Arc<RateLimiter>) -> Self {
        Self { rate_limiter, ..self }
    }

    /// Refreshes published keys until it is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        if let KeySource::Published(keys) = &self.keys {
            keys.run(stop).await;
        }
    }

    /// A token is required of callers.
    pub fn is_required(&self) -> bool {
        !matches!(self.keys, KeySource::None)
    }

    /// Checks credentials that come from an address. Invalid ones cost the address.
    pub async fn check(&self, shown: &Credentials, peer: Option<IpAddr>) -> Result<Caller, AuthError> {
        if !self.is_required() {
            let name = shown.developer.as_deref().unwrap_or("developer");
            return developer_named(name).ok_or_else(|| record_unauthenticated(InvalidCredentials::Name));
        }
        let token = shown.bearer_token();
        // Taken before the lookup, so that guesses in parallel cost as much as guesses in sequence.
        let is_looked_up = token.is_some_and(|token| self.needs_lookup(token));
        if is_looked_up {
            self.charge_invalid_token(peer)?;
        }
        let checked = match token {
            Some(token) => self.caller(token).await,
            None if shown.authorization.is_some() => {
                Err(record_unauthenticated(InvalidCredentials::Malformed))
            }
            None => Err(record_unauthenticated(InvalidCredentials::Missing)),
        };
        match &checked {
            Err(AuthError::Invalid) if !is_looked_up => self.charge_invalid_token(peer)?,
            Ok(_) | Err(AuthError::Unavailable) if is_looked_up => {
                self.rate_limiter.give_back_wrong_token(peer);
            }
            _ => {}
        }
        checked
    }

    fn charge_invalid_token(&self, peer: Option<IpAddr>) -> Result<(), AuthError> {
        self.rate_limiter
            .take_wrong_token(peer)
            .map_err(AuthError::Exhausted)
    }

    /// Only the database can tell whether the token is valid. One that was valid a moment ago is read again, but is no
    /// guess.
    fn needs_lookup(&self, token: &str) -> bool {
        let (Some(verifier), Some(secret)) = (&self.verifier, tokens::TokenSecret::parse(token)) else {
            return false;
        };
        !verifier.is_known(&secret)
    }

    async fn caller(&self, text: &str) -> Result<Caller, AuthError> {
        if tokens::TokenSecret::has_prefix(text) {
            return self.api_token_caller(text).await;
        }
        let token =
            JsonWebToken::parse(text).ok_or_else(|| record_unauthenticated(InvalidCredentials::Malformed))?;
        let key = self.key_of(&token).await?;
        let claims = token
            .verify(&key)
            .ok_or_else(|| record_unauthenticated(InvalidCredentials::Signature))?;
        let caller = jwt::caller(&claims, &self.requirements, SystemTime::now());
        caller.ok_or_else(|| record_unauthenticated(InvalidCredentials::Claims))
    }

    async fn api_token_caller(&self, text: &str) -> Result<Caller, AuthError> {
        let invalid = || record_unauthenticated(InvalidCredentials::ApiToken);
        let verifier = self.verifier.as_ref().ok_or_else(invalid)?;
        let secret = tokens::TokenSecret::parse(text).ok_or_else(invalid)?;
        match verifier.verify(&secret, Utc::now()).await {
            Ok(bearer) => bearer.map(Caller::from).ok_or_else(invalid),
            Err(error) => {
                error.log("looking up an API token");
                Err(AuthError::Unavailable)
            }
        }
    }

    /// Credentials that were accepted have neither ended nor been revoked. While the database is away they count as
    /// before.
    pub async fn still_accepts(&self, caller: &Caller) -> bool {
        if caller.remaining().is_some_and(|remaining| remaining.is_zero()) {
            return false;
        }
        let (Some(verifier), Some(id)) = (&self.verifier, &caller.api_token) else {
            return true;
        };
        verifier.is_still_valid(id, Utc::now()).await.unwrap_or(true)
    }

    /// Key that verifies a token. The token only names it: the algorithm is the key's.
    async fn key_of(&self, token: &JsonWebToken<'_>) -> Result<VerificationKey, AuthError> {
        match &self.keys {
            KeySource::None => Err(record_unauthenticated(InvalidCredentials::UnknownKey)),
            KeySource::Secret(key) => Ok(key.clone()),
            KeySource::Published(keys) => match keys.find(token.key_id.as_deref()).await {
                KeyLookup::Key(key) => Ok(key),
                KeyLookup::Unknown => Err(record_unauthenticated(InvalidCredentials::UnknownKey)),
                KeyLookup::NoKeys => Err(AuthError::Unavailable),
            },
        }
    }
}

/// Caller of a request, by its headers.
impl<S> FromRequestParts<S> for Caller
where
    Authenticator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let shown = Credentials::of(&parts.headers);
        let authenticator = Authenticator::from_ref(state);
        Ok(authenticator.check(&shown, peer_of(&parts.extensions)).await?)
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
    use crate::http::auth::issue_token;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::hmac;
    use std::time::Duration;

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

    fn sign(header: &str, algorithm: hmac::Algorithm, claims: &serde_json::Value) -> String {
        let encode = |text: &[u8]| URL_SAFE_NO_PAD.encode(text);
        let message = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let tag = hmac::sign(&hmac::Key::new(algorithm, SECRET.as_bytes()), message.as_bytes());
        format!("Bearer {message}.{}", encode(tag.as_ref()))
    }

    fn hs256(claims: &serde_json::Value) -> String {
        sign(r#"{"alg":"HS256","typ":"JWT"}"#, hmac::HMAC_SHA256, claims)
    }

    #[tokio::test]
    async fn an_issued_token_gives_its_actor_back() {
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
            sign(r#"{"alg":"HS512","typ":"JWT"}"#, hmac::HMAC_SHA512, &good()),
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
            with("accounts", 111.into()),
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
