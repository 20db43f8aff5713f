//! Resources as the APIs of AWS answer them, one by one.

use super::aws_config::AwsConfig;
use super::aws_names::{bare_arn, name_by_tag, region, resource_of_arn, slashed_type};
use super::cloud_format::RawEntry;
use crate::domain::discovery::{Rejection, ResourceReport};

/// Resource of AWS as an API answers it.
#[derive(Clone, Debug, Default)]
pub struct AwsResource<'a> {
    pub arn: &'a str,
    /// Account of an ARN that names none.
    pub account_id: &'a str,
    /// Type as `service:type`, where the API states one.
    pub resource_type: Option<&'a str>,
    pub region: Option<&'a str>,
    /// Tags; `None` if the API says nothing of them.
    pub tags: Option<Vec<(String, String)>>,
}

impl AwsResource<'_> {
    /// Id of the resource: the ARN, without the wildcard of a log group's streams.
    pub fn id(arn: &str) -> &str {
        bare_arn(arn)
    }

    /// Report of the resource.
    ///
    /// # Errors
    /// Its faults, with the id.
    pub fn report(self) -> Result<ResourceReport, Vec<Rejection>> {
        let arn = self.arn.to_owned();
        with_id(&arn, self.entry())
    }

    fn entry(self) -> RawEntry {
        let stated = self.resource_type.map(slashed_type);
        let mut raw = resource_of_arn(self.arn, Some(self.account_id), stated)?;
        raw.region = region(self.region.map(str::to_owned));
        if let Some(tags) = self.tags {
            raw.states_tags = true;
            for (key, value) in tags {
                raw.add_tag(key, value);
            }
        }
        name_by_tag(&mut raw);
        Ok(raw)
    }
}

/// Report of a result of AWS Config, which is a JSON object.
///
/// # Errors
/// Its faults.
pub fn aws_config_report(result: &str) -> Result<ResourceReport, Vec<Rejection>> {
    with_id("", AwsConfig::default().item(result))
}

fn with_id(id: &str, entry: RawEntry) -> Result<ResourceReport, Vec<Rejection>> {
    let report = entry
        .map_err(|fault| vec![fault])
        .and_then(super::super::raw_resource::RawResource::finish);
    report.map_err(|mut faults| {
        for fault in &mut faults {
            if fault.resource_id.is_none() && !id.is_empty() {
                fault.resource_id = Some(id.to_owned());
            }
        }
        faults
    })
}
