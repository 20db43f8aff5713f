//! Resource Groups Tagging API: resources that have or had tags, fresher than any index.

use serde::Deserialize;
use serde_json::json;

use super::service::AwsService;
use super::{AwsCredentials, TagPair};
use crate::{ApiError, ApiRate, ApiRequest, CloudClient, PagedOperation, Pages};

/// Most resources that a page can have.
const PAGE: usize = 100;
/// Rate that AWS documents for an account and region.
const RATE: ApiRate = ApiRate::per_second(15);

/// Tagging API of an account in one region.
#[derive(Clone, Debug)]
pub struct TaggingService {
    service: AwsService,
}

/// Page of resources with their tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaggingPage {
    #[serde(default)]
    pub resource_tag_mapping_list: Vec<TaggedArn>,
    pagination_token: Option<String>,
}

/// Resource that has or had tags.
#[derive(Clone, Debug, Deserialize)]
pub struct TaggedArn {
    #[serde(rename = "ResourceARN")]
    pub arn: String,
    #[serde(default, rename = "Tags")]
    pub tags: Vec<TagPair>,
}

/// Operation `GetResources`. An empty token ends its pages; pages without resources can come before.
pub struct GetResources {
    service: AwsService,
}

impl PagedOperation for GetResources {
    type Page = TaggingPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let target = self.service.target("tagging:GetResources", RATE);
        let mut body = json!({ "ResourcesPerPage": PAGE });
        if let Some(token) = token {
            body["PaginationToken"] = token.into();
        }
        self.service
            .call(target, "ResourceGroupsTaggingAPI_20170126.GetResources", &body)
    }

    fn next_token<'p>(&self, page: &'p TaggingPage) -> Option<&'p str> {
        page.pagination_token.as_deref()
    }
}

impl TaggingService {
    /// The API of an account in `region`.
    pub fn new(credentials: &AwsCredentials, account: &str, region: &str) -> Self {
        Self {
            service: AwsService::new(credentials, "tagging", account, region),
        }
    }

    /// All resources that have or had tags.
    pub fn resources(&self, client: &CloudClient) -> Pages<GetResources> {
        let operation = GetResources {
            service: self.service.clone(),
        };
        Pages::new(client, self.service.signer(), operation)
    }
}
