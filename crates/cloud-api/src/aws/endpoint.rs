//! Addresses of AWS's services.

use reqwest::Url;

use crate::{ApiError, ApiErrorKind, ApiTarget};

/// Addresses of the services: AWS's own, or one for all of them.
#[derive(Clone, Debug)]
pub struct AwsEndpoints {
    all: Option<Url>,
}

impl AwsEndpoints {
    /// AWS's own addresses, or the one that is given.
    pub fn new(all: Option<Url>) -> Self {
        Self { all }
    }

    /// Address of a path of a service in a region.
    pub(super) fn url(
        &self,
        target: &ApiTarget,
        host: &str,
        region: &str,
        path: &str,
    ) -> Result<Url, ApiError> {
        let url = match &self.all {
            Some(all) => all.join(path),
            None => Url::parse(&format!("https://{host}.{region}.{}{path}", suffix(region))),
        };
        url.map_err(|error| {
            let reason = format!("region {region:?} makes no address: {error}");
            ApiError::new(target, ApiErrorKind::Protocol, reason)
        })
    }
}

/// Domain of a region's partition.
fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else if region.starts_with("eusc-") {
        "amazonaws.eu"
    } else {
        "amazonaws.com"
    }
}

/// Partition of a region, as ARNs begin with it.
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else if region.starts_with("eusc-") {
        "aws-eusc"
    } else {
        "aws"
    }
}

/// Region of the services that a partition has once.
pub fn global_region(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}
