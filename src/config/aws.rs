//! Connection to AWS, for the sources `aws:...`.

use super::error::ConfigError;
use super::reader::Reader;
use super::settings;
use reqwest::Url;

/// Connection to AWS. Credentials are not among the settings: AWS's own chain finds them.
#[derive(Clone, Debug)]
pub struct AwsSourceConfig {
    /// `AWS_REGION`: region of calls that belong to no other.
    pub region: String,
    /// `AWS_REGIONS`: regions whose tags are read; empty for those with an index of Resource Explorer.
    pub regions: Vec<String>,
    /// `AWS_RESOURCE_EXPLORER`: Resource Explorer is asked.
    pub explorer: bool,
    /// `AWS_ROLE_NAME`: role that is assumed in accounts other than the caller's.
    pub role_name: String,
    /// `AWS_EXTERNAL_ID` that the role demands.
    pub external_id: Option<String>,
    /// `AWS_ENDPOINT_URL`: address of all services, in place of AWS's own.
    pub endpoint: Option<Url>,
}

impl AwsSourceConfig {
    pub(super) fn read(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            region: read.region_name(&settings::AWS_REGION)?,
            regions: read.region_names(&settings::AWS_REGIONS)?,
            explorer: read.switch(&settings::AWS_RESOURCE_EXPLORER)?,
            role_name: read.role_name(&settings::AWS_ROLE_NAME)?,
            external_id: read.given(&settings::AWS_EXTERNAL_ID).map(str::to_owned),
            endpoint: read.endpoint(&settings::AWS_ENDPOINT_URL)?,
        })
    }
}
