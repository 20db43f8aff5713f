//! Tokens of Google Cloud: by the key of a service account, the refresh token of a person, or the metadata server of the machine.

use std::time::SystemTime;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::key_file::KeyFile;
use crate::token_request::{fetch_token, form, token_target};
use crate::{AccessToken, ApiRequest, CloudClient, CredentialError, Platform, TokenSource};

/// Source of tokens of Google Cloud.
pub struct GcpTokens {
    client: CloudClient,
    grant: GcpGrant,
}

enum GcpGrant {
    File(KeyFile),
    /// Address of the token of the machine's own service account.
    Metadata(Url),
}

impl GcpTokens {
    /// Tokens by the text of a file of credentials.
    ///
    /// # Errors
    /// The text is of no key of a service account and of no authorized user; the error tells why, and nothing of the text.
    pub fn of_key_file(client: CloudClient, text: &str) -> Result<Self, CredentialError> {
        Ok(Self {
            client,
            grant: GcpGrant::File(KeyFile::read(text)?),
        })
    }

    /// Tokens of the metadata server at `endpoint`.
    ///
    /// # Errors
    /// The endpoint is no address.
    pub fn of_machine(client: CloudClient, endpoint: &Url) -> Result<Self, CredentialError> {
        let url = endpoint
            .join("computeMetadata/v1/instance/service-accounts/default/token")
            .map_err(|error| CredentialError(format!("{endpoint}: {error}")))?;
        Ok(Self {
            client,
            grant: GcpGrant::Metadata(url),
        })
    }

    /// Project to which requests are charged, as the file names it.
    pub fn quota_project(&self) -> Option<&str> {
        match &self.grant {
            GcpGrant::File(KeyFile::AuthorizedUser(user)) => user.quota_project.as_deref(),
            GcpGrant::File(KeyFile::ServiceAccount(_)) | GcpGrant::Metadata(_) => None,
        }
    }
}

#[async_trait]
impl TokenSource for GcpTokens {
    async fn fetch(&self) -> Result<AccessToken, CredentialError> {
        let request = match &self.grant {
            GcpGrant::File(KeyFile::ServiceAccount(key)) => {
                let assertion = key.assertion(SystemTime::now())?;
                let fields = [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", assertion.as_str()),
                ];
                let target = token_target(Platform::Gcp, "oauth2:token");
                form(target, key.token_uri.clone(), &fields)
            }
            GcpGrant::File(KeyFile::AuthorizedUser(user)) => {
                let fields = user.form.each_ref().map(|(name, value)| (*name, value.as_str()));
                let target = token_target(Platform::Gcp, "oauth2:token");
                form(target, user.token_uri.clone(), &fields)
            }
            GcpGrant::Metadata(url) => {
                let target = token_target(Platform::Gcp, "metadata:token");
                ApiRequest::get(target, url.clone())
                    .with_header("metadata-flavor", HeaderValue::from_static("Google"))
            }
        };
        fetch_token(&self.client, &request).await
    }
}
