//! Connection to Azure, for the sources `azure:...`.

use super::error::ConfigError;
use super::reader::Reader;
use super::secret::Secret;
use super::settings;
use reqwest::Url;
use std::path::PathBuf;

/// Connection to Azure.
#[derive(Clone, Debug)]
pub struct AzureConfig {
    pub identity: AzureIdentity,
    /// `AZURE_AUTHORITY_HOST`: address that grants tokens.
    pub authority: Url,
    /// `AZURE_MANAGEMENT_ENDPOINT`: address of Azure Resource Manager.
    pub management_endpoint: Url,
    /// `AZURE_IMDS_ENDPOINT`: address of the metadata service of the machine.
    pub metadata_endpoint: Url,
}

/// Identity of the service at Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AzureIdentity {
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`.
    ClientSecret {
        tenant: String,
        client_id: String,
        secret: Secret,
    },
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_FEDERATED_TOKEN_FILE`.
    Workload {
        tenant: String,
        client_id: String,
        token_file: PathBuf,
    },
    /// Managed identity of the machine, the one of `AZURE_CLIENT_ID` if that is set.
    Machine { client_id: Option<String> },
}

impl AzureConfig {
    pub(super) fn read(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            identity: AzureIdentity::read(read)?,
            authority: read.web_address(&settings::AZURE_AUTHORITY_HOST)?,
            management_endpoint: read.web_address(&settings::AZURE_MANAGEMENT_ENDPOINT)?,
            metadata_endpoint: read.web_address(&settings::AZURE_IMDS_ENDPOINT)?,
        })
    }
}

impl AzureIdentity {
    fn read(read: &Reader) -> Result<Self, ConfigError> {
        let text = |setting| read.given(setting).map(str::to_owned);
        let (tenant, client_id) = (text(&settings::AZURE_TENANT_ID), text(&settings::AZURE_CLIENT_ID));
        let secret = read.given(&settings::AZURE_CLIENT_SECRET).map(Secret::new);
        let token_file = read
            .given(&settings::AZURE_FEDERATED_TOKEN_FILE)
            .map(PathBuf::from);
        match (tenant, client_id, secret, token_file) {
            (Some(tenant), Some(client_id), Some(secret), _) => Ok(Self::ClientSecret {
                tenant,
                client_id,
                secret,
            }),
            (Some(tenant), Some(client_id), None, Some(token_file)) => Ok(Self::Workload {
                tenant,
                client_id,
                token_file,
            }),
            (_, client_id, None, None) => Ok(Self::Machine { client_id }),
            _ => Err(ConfigError::Conflict(
                "AZURE_CLIENT_SECRET and AZURE_FEDERATED_TOKEN_FILE need AZURE_TENANT_ID and AZURE_CLIENT_ID"
                    .into(),
            )),
        }
    }
}
