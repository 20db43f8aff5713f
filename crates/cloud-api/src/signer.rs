//! Credentials on requests: a signature, or the token of a [`TokenSource`].

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use tokio::sync::Mutex;

/// Time before its end at which a token is renewed.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// Reason for which there are no credentials, in words without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CredentialError(pub String);

/// Writer of credentials into requests.
#[async_trait]
pub trait RequestSigner: Send + Sync {
    /// Signs a request whose method, address, headers and body are final.
    ///
    /// # Errors
    /// There are no credentials.
    async fn sign(&self, request: &mut Request) -> Result<(), CredentialError>;

    /// Forgets credentials that the cloud says have expired, so that the next request has new ones.
    async fn renew(&self);
}

/// Token that a request bears; no log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub secret: String,
    pub expires_at: SystemTime,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Source of tokens, asked for a new one each time.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Fetches a token.
    ///
    /// # Errors
    /// The source cannot be reached, or grants none.
    async fn fetch(&self) -> Result<AccessToken, CredentialError>;
}

/// Signer by a bearer token, which is kept until shortly before its end.
pub struct BearerSigner<S> {
    source: S,
    token: Mutex<Option<AccessToken>>,
}

impl<S: TokenSource> BearerSigner<S> {
    /// A signer without a token yet.
    pub fn new(source: S) -> Self {
        Self {
            source,
            token: Mutex::new(None),
        }
    }
}

#[async_trait]
impl<S: TokenSource> RequestSigner for BearerSigner<S> {
    async fn sign(&self, request: &mut Request) -> Result<(), CredentialError> {
        let mut kept = self.token.lock().await;
        let token = match kept.take().filter(is_fresh) {
            Some(token) => token,
            None => self.source.fetch().await?,
        };
        let header = HeaderValue::from_str(&format!("Bearer {}", token.secret));
        *kept = Some(token);
        let mut header = header.map_err(|_| CredentialError("the token is not a header's text".into()))?;
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    async fn renew(&self) {
        *self.token.lock().await = None;
    }
}

fn is_fresh(token: &AccessToken) -> bool {
    token.expires_at > SystemTime::now() + RENEW_BEFORE
}
