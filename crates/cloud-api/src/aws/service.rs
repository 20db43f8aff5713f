//! A service of AWS in one account and region.

use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};

use super::AwsCredentials;
use crate::{ApiError, ApiRate, ApiRequest, ApiTarget, Platform, RequestSigner};

/// Tag as most services write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagPair {
    pub key: String,
    /// Value; a missing one is empty.
    pub value: Option<String>,
}

/// Service in one account and region.
#[derive(Clone, Debug)]
pub(super) struct AwsService {
    credentials: AwsCredentials,
    /// Name in signatures and in the address.
    name: &'static str,
    account: String,
    region: String,
}

impl AwsService {
    pub fn new(credentials: &AwsCredentials, name: &'static str, account: &str, region: &str) -> Self {
        Self {
            credentials: credentials.clone(),
            name,
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }

    pub fn signer(&self) -> Arc<dyn RequestSigner> {
        Arc::new(self.credentials.signer(self.name, &self.region))
    }

    /// Operation that has a rate of its own.
    pub fn target(&self, api: &'static str, rate: ApiRate) -> ApiTarget {
        ApiTarget {
            platform: Platform::Aws,
            api,
            account: self.account.clone(),
            region: self.region.clone(),
            rate,
        }
    }

    /// POST of a JSON body to a path, as the services with paths take it.
    pub fn post(&self, target: ApiTarget, path: &str, body: &impl Serialize) -> Result<ApiRequest, ApiError> {
        let url = self
            .credentials
            .endpoints()
            .url(&target, self.name, &self.region, path)?;
        ApiRequest::post_json(target, url, body)
    }

    /// POST of a JSON body to an operation that a header names, as the older services take it.
    pub fn call(
        &self,
        target: ApiTarget,
        operation: &'static str,
        body: &impl Serialize,
    ) -> Result<ApiRequest, ApiError> {
        let request = self.post(target, "/", body)?;
        Ok(request
            .with_header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-amz-json-1.1"),
            )
            .with_header("x-amz-target", HeaderValue::from_static(operation)))
    }
}
