//! Connection to Google Cloud, for the sources `gcp:...`.

use super::error::ConfigError;
use super::reader::Reader;
use super::settings;
use reqwest::Url;
use std::path::PathBuf;

/// Connection to Google Cloud.
#[derive(Clone, Debug)]
pub struct GcpConfig {
    /// `GOOGLE_APPLICATION_CREDENTIALS`: file of credentials; the service account of the machine if it is unset.
    pub credentials: Option<PathBuf>,
    /// `GOOGLE_CLOUD_QUOTA_PROJECT`: project to which requests are charged.
    pub quota_project: Option<String>,
    /// `GCP_ASSET_ENDPOINT`: address of Cloud Asset Inventory.
    pub asset_endpoint: Url,
    /// `GCP_METADATA_ENDPOINT`: address of the metadata server of the machine.
    pub metadata_endpoint: Url,
}

impl GcpConfig {
    pub(super) fn read(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            credentials: read
                .given(&settings::GOOGLE_APPLICATION_CREDENTIALS)
                .map(PathBuf::from),
            quota_project: read
                .given(&settings::GOOGLE_CLOUD_QUOTA_PROJECT)
                .map(str::to_owned),
            asset_endpoint: read.web_address(&settings::GCP_ASSET_ENDPOINT)?,
            metadata_endpoint: read.web_address(&settings::GCP_METADATA_ENDPOINT)?,
        })
    }
}
