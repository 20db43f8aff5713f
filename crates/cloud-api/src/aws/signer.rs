//! Signature Version 4.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::Mutex;

use crate::error::short_message;
use crate::{CredentialError, RequestSigner};

/// Time before their end at which credentials are renewed.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// Credentials of one account, renewed before they expire.
#[derive(Debug)]
pub(super) struct KeptCredentials {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<Credentials>>,
}

impl KeptCredentials {
    pub fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            kept: Mutex::new(None),
        }
    }

    async fn get(&self) -> Result<Credentials, CredentialError> {
        let mut kept = self.kept.lock().await;
        let fresh_until = SystemTime::now() + RENEW_BEFORE;
        let is_fresh = |each: &Credentials| each.expiry().is_none_or(|expiry| expiry > fresh_until);
        if let Some(credentials) = kept.as_ref().filter(|each| is_fresh(each)) {
            return Ok(credentials.clone());
        }
        let credentials = self.provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| credential_error(&error))?;
        *kept = Some(credentials.clone());
        Ok(credentials)
    }

    async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

/// Signer of requests to one service in one region.
#[derive(Clone, Debug)]
pub struct AwsSigner {
    credentials: Arc<KeptCredentials>,
    service: &'static str,
    region: String,
}

impl AwsSigner {
    pub(super) fn new(credentials: Arc<KeptCredentials>, service: &'static str, region: &str) -> Self {
        Self {
            credentials,
            service,
            region: region.to_owned(),
        }
    }
}

#[async_trait]
impl RequestSigner for AwsSigner {
    async fn sign(&self, request: &mut Request) -> Result<(), CredentialError> {
        let identity = self.credentials.get().await?.into();
        let unsigned =
            |error: &dyn std::fmt::Display| CredentialError(format!("the request cannot be signed: {error}"));
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let body = request
            .body()
            .and_then(|body| body.as_bytes())
            .unwrap_or_default();
        let headers = request.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.url().as_str(),
            headers,
            SignableBody::Bytes(body),
        );
        let signable = signable.map_err(|error| unsigned(&error))?;
        let (instructions, _signature) = sign(signable, &params)
            .map_err(|error| unsigned(&error))?
            .into_parts();
        let (signed, _parameters) = instructions.into_parts();
        for header in signed {
            let value: Cow<'_, str> = header.value().into();
            let mut value = HeaderValue::from_str(&value).map_err(|error| unsigned(&error))?;
            value.set_sensitive(true);
            request
                .headers_mut()
                .insert(HeaderName::from_static(header.name()), value);
        }
        Ok(())
    }

    async fn renew(&self) {
        self.credentials.forget().await;
    }
}

/// Causes of an error of credentials, which end with the cloud's own words.
fn credential_error(error: &dyn Error) -> CredentialError {
    let mut text = short_message(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let _infallible = write!(text, ": {}", short_message(&error.to_string()));
        cause = error.source();
    }
    CredentialError(text)
}
