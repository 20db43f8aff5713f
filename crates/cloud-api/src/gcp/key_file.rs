//! Files of credentials, as Google's tools write them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use crate::CredentialError;

/// Right that tokens are asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Endpoint of tokens where the file names none.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// Seconds for which an assertion holds.
const ASSERTION_SECONDS: u64 = 3600;

/// Content of a file of credentials.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum KeyFileContent {
    ServiceAccount {
        client_email: String,
        private_key_id: String,
        private_key: String,
        token_uri: Option<String>,
    },
    AuthorizedUser {
        client_id: String,
        client_secret: String,
        refresh_token: String,
        token_uri: Option<String>,
        quota_project_id: Option<String>,
    },
    #[serde(other)]
    Other,
}

/// Credentials of a file.
pub(super) enum KeyFile {
    ServiceAccount(Box<ServiceAccountKey>),
    AuthorizedUser(Box<AuthorizedUser>),
}

/// Person who has logged in.
pub(super) struct AuthorizedUser {
    pub token_uri: Url,
    /// Form that the endpoint exchanges for a token.
    pub form: [(&'static str, String); 4],
    pub quota_project: Option<String>,
}

/// Key of a service account.
pub(super) struct ServiceAccountKey {
    pub token_uri: Url,
    client_email: String,
    private_key_id: String,
    key: RsaKeyPair,
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountKey")
            .field("client_email", &self.client_email)
            .finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Reads the text of a file. An error never has a part of it.
    pub fn read(text: &str) -> Result<Self, CredentialError> {
        let content: KeyFileContent = serde_json::from_str(text).map_err(|_| {
            CredentialError("the file of credentials is not the JSON that Google's tools write".into())
        })?;
        let address = |uri: Option<String>| {
            Url::parse(uri.as_deref().unwrap_or(TOKEN_URI))
                .map_err(|error| CredentialError(format!("token_uri of the file of credentials: {error}")))
        };
        match content {
            KeyFileContent::ServiceAccount {
                client_email,
                private_key_id,
                private_key,
                token_uri,
            } => Ok(Self::ServiceAccount(Box::new(ServiceAccountKey {
                token_uri: address(token_uri)?,
                client_email,
                private_key_id,
                key: rsa_key(&private_key)?,
            }))),
            KeyFileContent::AuthorizedUser {
                client_id,
                client_secret,
                refresh_token,
                token_uri,
                quota_project_id,
            } => Ok(Self::AuthorizedUser(Box::new(AuthorizedUser {
                token_uri: address(token_uri)?,
                form: [
                    ("grant_type", "refresh_token".into()),
                    ("client_id", client_id),
                    ("client_secret", client_secret),
                    ("refresh_token", refresh_token),
                ],
                quota_project: quota_project_id,
            }))),
            KeyFileContent::Other => Err(CredentialError(
                "the file of credentials has another type than service_account and authorized_user".into(),
            )),
        }
    }
}

fn rsa_key(pem: &str) -> Result<RsaKeyPair, CredentialError> {
    let wrong = |_| CredentialError("private_key of the file of credentials is no PKCS #8 key of RSA".into());
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| CredentialError("private_key of the file of credentials is no PEM".into()))?;
    RsaKeyPair::from_pkcs8(key.secret_der()).map_err(wrong)
}

impl ServiceAccountKey {
    /// Assertion that the endpoint exchanges for a token: a JWT that the account signs.
    pub fn assertion(&self, now: SystemTime) -> Result<String, CredentialError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.private_key_id });
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri.as_str(),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| CredentialError("the key of the service account signs nothing".into()))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
