//! `searchAllResources` of Cloud Asset Inventory.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ApiError, ApiErrorKind, ApiRate, ApiRequest, ApiTarget, PagedOperation, Platform};

/// Resources of one page: the most that the API gives.
const PAGE_SIZE: &str = "500";

/// Requests that the API grants a project.
const RATE: ApiRate = ApiRate {
    requests: 400,
    per: Duration::from_mins(1),
};

/// Fields that are read of a resource.
const FIELDS: &str =
    "name,assetType,project,displayName,location,labels,createTime,parentFullResourceName,organization";

/// Search of the resources of a scope.
#[derive(Clone, Debug)]
pub struct ResourceSearch {
    pub endpoint: Url,
    /// `organizations/ID`, `folders/ID` or `projects/ID`.
    pub scope: String,
    /// Project to which requests are charged, and whose rate holds.
    pub quota_project: Option<String>,
}

/// Page of resources.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSearchPage {
    #[serde(default)]
    pub results: Vec<Box<RawValue>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

impl ResourceSearch {
    fn target(&self) -> ApiTarget {
        ApiTarget {
            platform: Platform::Gcp,
            api: "cloudasset:searchAllResources",
            account: self.quota_project.clone().unwrap_or_else(|| self.scope.clone()),
            region: String::new(),
            rate: RATE,
        }
    }
}

impl PagedOperation for ResourceSearch {
    type Page = ResourceSearchPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let target = self.target();
        let wrong = |reason: String| ApiError::new(&target, ApiErrorKind::Protocol, reason);
        let path = format!("v1/{}:searchAllResources", self.scope);
        let mut url = self.endpoint.clone();
        url.set_path(&path);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("pageSize", PAGE_SIZE);
            query.append_pair("readMask", FIELDS);
            if let Some(token) = token {
                query.append_pair("pageToken", token);
            }
        }
        let request = ApiRequest::get(target.clone(), url);
        let Some(project) = &self.quota_project else {
            return Ok(request);
        };
        let project = HeaderValue::from_str(project)
            .map_err(|_| wrong(format!("{project:?} is no name of a project")))?;
        Ok(request.with_header("x-goog-user-project", project))
    }

    fn next_token<'p>(&self, page: &'p ResourceSearchPage) -> Option<&'p str> {
        page.next_page_token.as_deref()
    }
}
