//! Credentials: the chain that AWS documents, or a role of another account that they may assume.

use std::fmt;
use std::sync::Arc;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use super::signer::KeptCredentials;
use super::{AwsEndpoints, AwsSigner};
use crate::CredentialError;

/// Name of the sessions of assumed roles, which `CloudTrail` shows.
const SESSION_NAME: &str = "virtual-tagging";

/// Settings of the connection to AWS.
#[derive(Clone)]
pub struct AwsSettings {
    /// Region of the calls that belong to no other.
    pub region: String,
    /// Address of all services, in place of AWS's own.
    pub endpoint: Option<reqwest::Url>,
    /// External id that roles demand.
    pub external_id: Option<String>,
    /// Key and secret in place of the chain of credentials.
    pub keys: Option<(String, String)>,
}

impl fmt::Debug for AwsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSettings")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Credentials of one account.
#[derive(Clone, Debug)]
pub struct AwsCredentials {
    config: SdkConfig,
    external_id: Option<String>,
    endpoints: AwsEndpoints,
    provider: SharedCredentialsProvider,
    kept: Arc<KeptCredentials>,
}

impl AwsCredentials {
    /// The credentials that the process has by itself: environment, profile, container, machine. They are fetched when they
    /// are needed.
    ///
    /// # Errors
    /// There is no source of credentials.
    pub async fn of_process(settings: &AwsSettings) -> Result<Self, CredentialError> {
        let tls = Provider::Rustls(CryptoMode::Ring);
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls)
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(settings.region.clone()));
        if let Some(endpoint) = &settings.endpoint {
            loader = loader.endpoint_url(endpoint.as_str());
        }
        if let Some((key, secret)) = &settings.keys {
            loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "settings"));
        }
        let config = loader.load().await;
        let provider = config
            .credentials_provider()
            .ok_or_else(|| CredentialError("there is no source of AWS credentials".into()))?;
        Ok(Self {
            config,
            external_id: settings.external_id.clone(),
            endpoints: AwsEndpoints::new(settings.endpoint.clone()),
            kept: Arc::new(KeptCredentials::new(provider.clone())),
            provider,
        })
    }

    /// Credentials of this role, assumed with these when they are needed.
    pub async fn assume(&self, role_arn: &str) -> Self {
        let mut role = AssumeRoleProvider::builder(role_arn)
            .configure(&self.config)
            .session_name(SESSION_NAME);
        if let Some(id) = &self.external_id {
            role = role.external_id(id);
        }
        let provider = SharedCredentialsProvider::new(role.build_from_provider(self.provider.clone()).await);
        Self {
            kept: Arc::new(KeptCredentials::new(provider.clone())),
            provider,
            ..self.clone()
        }
    }

    /// Signer of requests to a service in a region.
    pub fn signer(&self, service: &'static str, region: &str) -> AwsSigner {
        AwsSigner::new(Arc::clone(&self.kept), service, region)
    }

    /// Addresses of the services.
    pub fn endpoints(&self) -> &AwsEndpoints {
        &self.endpoints
    }
}
