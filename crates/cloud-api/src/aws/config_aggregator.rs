//! AWS Config: the resources of all accounts and regions of an aggregator, with the times of their creation.

use serde::Deserialize;
use serde_json::json;

use super::AwsCredentials;
use super::service::AwsService;
use crate::{ApiError, ApiRate, ApiRequest, CloudClient, PagedOperation, Pages};

/// Most results that a page can have.
const PAGE: usize = 100;
/// Rate of requests; no document names one.
const RATE: ApiRate = ApiRate::per_second(5);
const QUERY: &str =
    "SELECT arn, resourceId, resourceName, resourceType, accountId, awsRegion, resourceCreationTime, tags";

/// Aggregator of AWS Config.
#[derive(Clone, Debug)]
pub struct ConfigAggregator {
    service: AwsService,
    name: String,
}

/// Page of results, each a JSON object in a text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AggregatorPage {
    #[serde(default)]
    pub results: Vec<String>,
    next_token: Option<String>,
}

/// Operation `SelectAggregateResourceConfig` of all resources.
pub struct SelectAggregateConfig {
    service: AwsService,
    name: String,
}

impl PagedOperation for SelectAggregateConfig {
    type Page = AggregatorPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let target = self.service.target("config:SelectAggregateResourceConfig", RATE);
        let mut body = json!({
            "Expression": QUERY,
            "ConfigurationAggregatorName": self.name,
            "Limit": PAGE,
        });
        if let Some(token) = token {
            body["NextToken"] = token.into();
        }
        self.service
            .call(target, "StarlingDoveService.SelectAggregateResourceConfig", &body)
    }

    fn next_token<'p>(&self, page: &'p AggregatorPage) -> Option<&'p str> {
        page.next_token.as_deref()
    }
}

impl ConfigAggregator {
    /// The aggregator called `name` in `region`.
    pub fn new(credentials: &AwsCredentials, region: &str, name: &str) -> Self {
        Self {
            service: AwsService::new(credentials, "config", "", region),
            name: name.to_owned(),
        }
    }

    /// All resources that the aggregator has.
    pub fn resources(&self, client: &CloudClient) -> Pages<SelectAggregateConfig> {
        let operation = SelectAggregateConfig {
            service: self.service.clone(),
            name: self.name.clone(),
        };
        Pages::new(client, self.service.signer(), operation)
    }
}
