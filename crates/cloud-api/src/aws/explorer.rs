//! Resource Explorer: indexes, views and the resources of a view.

use serde::Deserialize;
use serde_json::{Value, json};

use super::AwsCredentials;
use super::service::AwsService;
use crate::{ApiError, ApiRate, ApiRequest, CloudClient, PagedOperation, Pages};

/// Resources of a page: below the 1,000 that `ListResources` takes, since with 1,000 it gives no token.
const PAGE: usize = 500;
/// Resources of a page with which there is no token, whether there are more or not.
const PAGE_WITHOUT_TOKEN: usize = 1000;
/// Rate of requests; no document names one.
const RATE: ApiRate = ApiRate::per_second(10);

/// Resource Explorer of an account, by the index of one region.
#[derive(Clone, Debug)]
pub struct ResourceExplorerApi {
    service: AwsService,
}

/// Index of a region; the one of type `AGGREGATOR` has the resources of all regions with an index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplorerIndex {
    pub region: String,
    #[serde(default, rename = "Type")]
    pub kind: String,
}

impl ExplorerIndex {
    /// True for the index of all regions.
    pub fn is_aggregator(&self) -> bool {
        self.kind == "AGGREGATOR"
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexPage {
    #[serde(default)]
    indexes: Vec<ExplorerIndex>,
    next_token: Option<String>,
}

struct ListIndexes(AwsService);

impl PagedOperation for ListIndexes {
    type Page = IndexPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let target = self.0.target("resource-explorer-2:ListIndexes", RATE);
        self.0.post(target, "/ListIndexes", &page_request(100, token))
    }

    fn next_token<'p>(&self, page: &'p IndexPage) -> Option<&'p str> {
        page.next_token.as_deref()
    }
}

/// What a view shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplorerView {
    pub has_tags: bool,
    pub has_filter: bool,
}

/// Page of resources.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplorerPage {
    #[serde(default)]
    pub resources: Vec<ExplorerResource>,
    pub view_arn: Option<String>,
    next_token: Option<String>,
}

/// Resource of a view.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplorerResource {
    pub arn: String,
    #[serde(default)]
    pub owning_account_id: String,
    pub region: Option<String>,
    pub resource_type: Option<String>,
    #[serde(default)]
    pub properties: Vec<ExplorerProperty>,
}

/// Property of a resource; the one called `tags` has a list of keys and values.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplorerProperty {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub data: Value,
}

/// Operation `ListResources` of a view, the default one of the region if none is named.
pub struct ListExplorerResources {
    service: AwsService,
}

impl PagedOperation for ListExplorerResources {
    type Page = ExplorerPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let target = self.service.target("resource-explorer-2:ListResources", RATE);
        self.service
            .post(target, "/ListResources", &page_request(PAGE, token))
    }

    fn next_token<'p>(&self, page: &'p ExplorerPage) -> Option<&'p str> {
        page.next_token.as_deref()
    }

    fn end_doubt(&self, last: &ExplorerPage) -> Option<String> {
        let is_cut = last.resources.len() >= PAGE_WITHOUT_TOKEN;
        is_cut.then(|| "Resource Explorer ends at 1,000 resources, whether there are more or not".to_owned())
    }
}

impl ResourceExplorerApi {
    /// The API by its index in `region`.
    pub fn new(credentials: &AwsCredentials, account: &str, region: &str) -> Self {
        Self {
            service: AwsService::new(credentials, "resource-explorer-2", account, region),
        }
    }

    /// Indexes of the account in all regions; none if Resource Explorer is not set up.
    ///
    /// # Errors
    /// As [`CloudClient::json`].
    pub async fn indexes(&self, client: &CloudClient) -> Result<Vec<ExplorerIndex>, ApiError> {
        let mut pages = Pages::new(client, self.service.signer(), ListIndexes(self.service.clone()));
        let mut indexes = Vec::new();
        while let Some(page) = pages.next().await? {
            indexes.extend(page.indexes);
        }
        Ok(indexes)
    }

    /// Resources that the default view of the region shows.
    pub fn resources(&self, client: &CloudClient) -> Pages<ListExplorerResources> {
        let operation = ListExplorerResources {
            service: self.service.clone(),
        };
        Pages::new(client, self.service.signer(), operation)
    }

    /// Description of a view.
    ///
    /// # Errors
    /// As [`CloudClient::json`].
    pub async fn view(&self, client: &CloudClient, arn: &str) -> Result<ExplorerView, ApiError> {
        let target = self.service.target("resource-explorer-2:GetView", RATE);
        let request = self
            .service
            .post(target, "/GetView", &json!({ "ViewArn": arn }))?;
        let answer: Value = client.json(&request, self.service.signer().as_ref()).await?;
        let included = answer
            .pointer("/View/IncludedProperties")
            .and_then(Value::as_array);
        let filter = answer
            .pointer("/View/Filters/FilterString")
            .and_then(Value::as_str);
        Ok(ExplorerView {
            has_tags: included.is_some_and(|each| each.iter().any(|each| each["Name"] == "tags")),
            has_filter: filter.is_some_and(|filter| !filter.trim().is_empty()),
        })
    }
}

fn page_request(size: usize, token: Option<&str>) -> Value {
    let mut body = json!({ "MaxResults": size });
    if let Some(token) = token {
        body["NextToken"] = token.into();
    }
    body
}
