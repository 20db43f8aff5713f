//! Authentication of callers.

use super::error::ConfigError;
use super::reader::{Reader, must_be};
use super::secret::Secret;
use super::settings;
use reqwest::Url;

/// Authentication of callers.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// `JWT_SECRET` of tokens signed with HS256.
    pub jwt_secret: Option<Secret>,
    /// `JWT_JWKS_URL`: where the keys of tokens signed with RSA, ECDSA or Ed25519 are published.
    pub jwks_url: Option<Url>,
    /// `JWT_ISSUER` that a token must name, if set.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE` that a token must name, if set.
    pub audience: Option<String>,
    /// Claims that name a caller and its rights.
    pub claims: ClaimNames,
    /// `OIDC_CLIENT_ID` of the web client at the issuer; unset, it asks for a token.
    pub oidc_client_id: Option<String>,
}

/// Names of the claims of a token that name the caller and its rights: identity providers have names of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// `JWT_SUBJECT_CLAIM`.
    pub subject: String,
    /// `JWT_ROLE_CLAIM`.
    pub role: String,
    /// `JWT_ACCOUNTS_CLAIM`.
    pub accounts: String,
    /// `JWT_ROLES`: values of the role's claim, and the roles that they mean; empty where roles go by their own names.
    pub roles: Vec<(String, String)>,
}

/// Names of the roles.
const ROLES: [&str; 3] = ["viewer", "approver", "admin"];

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            subject: settings::JWT_SUBJECT_CLAIM.kind.default.into(),
            role: settings::JWT_ROLE_CLAIM.kind.default.into(),
            accounts: settings::JWT_ACCOUNTS_CLAIM.kind.default.into(),
            roles: Vec::new(),
        }
    }
}

impl ClaimNames {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, ConfigError> {
        let text = |setting| read.text(setting).to_owned();
        let roles = read.list(&settings::JWT_ROLES);
        let pair = |pair: &String| {
            let (value, role) = pair.rsplit_once('=')?;
            let role = ROLES.into_iter().find(|known| *known == role.trim())?;
            Some((value.trim().to_owned(), role.to_owned()))
        };
        let refused = |pair: &String| must_be(&settings::JWT_ROLES, pair);
        Ok(Self {
            subject: text(&settings::JWT_SUBJECT_CLAIM),
            role: text(&settings::JWT_ROLE_CLAIM),
            accounts: text(&settings::JWT_ACCOUNTS_CLAIM),
            roles: roles
                .iter()
                .map(|given| pair(given).ok_or_else(|| refused(given)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Name of the role that a value of the role's claim means.
    pub fn role_of<'a>(&'a self, value: &'a str) -> Option<&'a str> {
        if self.roles.is_empty() {
            return Some(value);
        }
        let mut roles = self.roles.iter();
        roles
            .find(|(known, _)| known == value)
            .map(|(_, role)| role.as_str())
    }
}

impl AuthConfig {
    /// Tells whether callers need a token.
    pub fn is_required(&self) -> bool {
        self.jwt_secret.is_some() || self.jwks_url.is_some()
    }

    fn issuer_is_address(&self) -> bool {
        let issuer = self.issuer.as_deref().map(Url::parse);
        issuer.is_some_and(|url| url.is_ok_and(|url| matches!(url.scheme(), "http" | "https")))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.oidc_client_id.is_some() && (self.jwks_url.is_none() || !self.issuer_is_address()) {
            let conflict =
                "OIDC_CLIENT_ID needs JWT_JWKS_URL, and in JWT_ISSUER the address of the OpenID provider";
            return Err(ConfigError::Conflict(conflict.into()));
        }
        if self.jwks_url.is_none() {
            return Ok(());
        }
        let conflict = if self.jwt_secret.is_some() {
            "JWT_SECRET and JWT_JWKS_URL are both set: tokens are signed with one secret, or with published keys"
        } else if self.issuer.is_none() || self.audience.is_none() {
            "JWT_JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE: its keys may sign tokens for others, too"
        } else {
            return Ok(());
        };
        Err(ConfigError::Conflict(conflict.into()))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError};

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_variables(&variables.collect())
    }

    #[test]
    fn published_keys_need_issuer_and_audience_and_no_secret_beside_them() {
        let url = ("JWT_JWKS_URL", "https://login.example.com/keys");
        let (issuer, audience) = (
            ("JWT_ISSUER", "https://login.example.com/"),
            ("JWT_AUDIENCE", "tags"),
        );
        assert!(read(&[url]).is_err());
        assert!(read(&[url, issuer]).is_err());
        assert!(read(&[url, audience]).is_err());
        let secret = ("JWT_SECRET", "0123456789abcdef0123456789abcdef");
        assert!(read(&[url, issuer, audience, secret]).is_err());
        let client_id = ("OIDC_CLIENT_ID", "tags-web");
        assert!(read(&[client_id]).is_err());
        assert!(read(&[client_id, secret, issuer]).is_err());
        assert!(read(&[client_id, url, ("JWT_ISSUER", "login"), audience]).is_err());
        assert!(read(&[client_id, url, issuer, audience]).is_ok());
        let config = read(&[url, issuer, audience, ("ENVIRONMENT", "production")]).unwrap();
        assert!(config.auth.is_required());
        for good in [
            "http://127.0.0.1:8080/keys",
            "http://[::1]/keys",
            "http://localhost/keys",
        ] {
            assert!(
                read(&[("JWT_JWKS_URL", good), issuer, audience]).is_ok(),
                "{good}"
            );
        }
        for wrong in [
            "keys",
            "http://login.example.com/keys",
            "http://localhost.example.com/",
            "file:///keys",
            "https://user:secret@login.example.com/keys",
        ] {
            let message = read(&[("JWT_JWKS_URL", wrong), issuer, audience])
                .unwrap_err()
                .to_string();
            assert!(
                message.contains("JWT_JWKS_URL") && !message.contains("secret@"),
                "{message}"
            );
        }
    }
}
