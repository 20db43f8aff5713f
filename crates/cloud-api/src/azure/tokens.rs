//! Tokens of Azure: by the secret of a client, the token of a workload, or the managed identity of the machine.

use std::path::PathBuf;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::token_request::{fetch_token, form, token_target};
use crate::{AccessToken, ApiRequest, CloudClient, CredentialError, Platform, TokenSource};

/// Credentials that Azure exchanges for a token.
#[derive(Clone)]
pub enum AzureGrant {
    ClientSecret {
        tenant: String,
        client_id: String,
        secret: String,
    },
    /// Token of a workload, which its platform writes into a file and renews there.
    Workload {
        tenant: String,
        client_id: String,
        token_file: PathBuf,
    },
    /// Identity of the machine; the one of this client, if it has several.
    Machine {
        endpoint: Url,
        client_id: Option<String>,
    },
}

/// Source of tokens of Azure.
pub struct AzureTokens {
    client: CloudClient,
    authority: Url,
    /// Address of the API that tokens are for.
    resource: Url,
    grant: AzureGrant,
}

impl AzureTokens {
    /// Tokens for the API at `resource`, of the authority at `authority`.
    pub fn new(client: CloudClient, authority: Url, resource: Url, grant: AzureGrant) -> Self {
        Self {
            client,
            authority,
            resource,
            grant,
        }
    }

    fn form(&self, tenant: &str, fields: &[(&str, &str)]) -> ApiRequest {
        let mut url = self.authority.clone();
        url.set_path(&format!("{tenant}/oauth2/v2.0/token"));
        let scope = format!("{}/.default", self.resource.as_str().trim_end_matches('/'));
        let mut all = vec![("grant_type", "client_credentials"), ("scope", scope.as_str())];
        all.extend_from_slice(fields);
        form(token_target(Platform::Azure, "oauth2:token"), url, &all)
    }
}

#[async_trait]
impl TokenSource for AzureTokens {
    async fn fetch(&self) -> Result<AccessToken, CredentialError> {
        let request = match &self.grant {
            AzureGrant::ClientSecret {
                tenant,
                client_id,
                secret,
            } => self.form(tenant, &[("client_id", client_id), ("client_secret", secret)]),
            AzureGrant::Workload {
                tenant,
                client_id,
                token_file,
            } => {
                let assertion = tokio::fs::read_to_string(token_file).await.map_err(|error| {
                    CredentialError(format!(
                        "the token of the workload, {}: {error}",
                        token_file.display()
                    ))
                })?;
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                let fields = [
                    ("client_id", client_id.as_str()),
                    ("client_assertion_type", kind),
                    ("client_assertion", assertion.trim()),
                ];
                self.form(tenant, &fields)
            }
            AzureGrant::Machine { endpoint, client_id } => {
                let mut url = endpoint.clone();
                url.set_path("metadata/identity/oauth2/token");
                let resource = format!("{}/", self.resource.as_str().trim_end_matches('/'));
                url.query_pairs_mut()
                    .append_pair("api-version", "2018-02-01")
                    .append_pair("resource", &resource);
                if let Some(client_id) = client_id {
                    url.query_pairs_mut().append_pair("client_id", client_id);
                }
                let target = token_target(Platform::Azure, "metadata:token");
                ApiRequest::get(target, url).with_header("metadata", HeaderValue::from_static("true"))
            }
        };
        fetch_token(&self.client, &request).await
    }
}
