//! Connection to AWS that all of its providers share: client, credentials, settings.

use std::sync::Arc;

use cloud_api::aws::{AwsCredentials, AwsSettings, caller_account, partition};
use cloud_api::{ApiError, CloudClient, CredentialError};
use tokio::sync::OnceCell;

use crate::config::AwsSourceConfig;
use crate::domain::discovery::ProviderError;

/// Settings of the sources of AWS.
#[derive(Clone, Debug)]
pub struct AwsSourceSettings {
    pub connection: AwsSettings,
    /// Role that is assumed in accounts other than the caller's.
    pub role_name: String,
    /// Regions whose tags are read; empty for those with an index of Resource Explorer.
    pub regions: Vec<String>,
    /// Resource Explorer is asked.
    pub explorer: bool,
}

impl From<&AwsSourceConfig> for AwsSourceSettings {
    fn from(config: &AwsSourceConfig) -> Self {
        Self {
            connection: AwsSettings {
                region: config.region.clone(),
                endpoint: config.endpoint.clone(),
                external_id: config.external_id.clone(),
                keys: None,
            },
            role_name: config.role_name.clone(),
            regions: config.regions.clone(),
            explorer: config.explorer,
        }
    }
}

/// Error of a call or of its credentials.
#[derive(Debug, thiserror::Error)]
pub(super) enum AwsError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("credentials: {0}")]
    Credentials(#[from] CredentialError),
}

impl AwsError {
    /// This error as one of the provider.
    pub fn of(self, provider: &str) -> ProviderError {
        ProviderError::Source {
            provider: provider.to_owned(),
            reason: self.to_string(),
        }
    }
}

/// Connection to AWS.
pub struct AwsConnection {
    pub(super) client: CloudClient,
    pub(super) settings: AwsSourceSettings,
    credentials: OnceCell<AwsCredentials>,
    /// Account that the credentials of the process belong to.
    caller: OnceCell<String>,
}

impl AwsConnection {
    /// A connection that asks for nothing yet.
    pub fn new(client: CloudClient, settings: AwsSourceSettings) -> Arc<Self> {
        Arc::new(Self {
            client,
            settings,
            credentials: OnceCell::new(),
            caller: OnceCell::new(),
        })
    }

    /// Region of calls that belong to no other.
    pub(super) fn region(&self) -> &str {
        &self.settings.connection.region
    }

    /// Credentials of the process.
    pub(super) async fn own_credentials(&self) -> Result<&AwsCredentials, AwsError> {
        let credentials = self
            .credentials
            .get_or_try_init(|| AwsCredentials::of_process(&self.settings.connection));
        Ok(credentials.await?)
    }

    /// Credentials for an account: those of the process in its own account, a role in any other.
    pub(super) async fn credentials_of(&self, account: &str) -> Result<AwsCredentials, AwsError> {
        let own = self.own_credentials().await?;
        let caller = self
            .caller
            .get_or_try_init(|| caller_account(&self.client, own, self.region()));
        if caller.await? == account {
            return Ok(own.clone());
        }
        let partition = partition(self.region());
        let role = format!("arn:{partition}:iam::{account}:role/{}", self.settings.role_name);
        Ok(own.assume(&role).await)
    }
}
