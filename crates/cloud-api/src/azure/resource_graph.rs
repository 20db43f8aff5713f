//! Queries of Azure Resource Graph.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::{ApiError, ApiRate, ApiRequest, ApiTarget, PagedOperation, Platform};

/// Records of one page: the most that the API gives.
const PAGE_SIZE: u32 = 1000;

/// Requests that the API grants an identity.
const RATE: ApiRate = ApiRate {
    requests: 15,
    per: Duration::from_secs(5),
};

/// Query, whose text has to project `id` and to order by it: pages of other queries repeat and skip records.
#[derive(Clone, Debug)]
pub struct GraphQuery {
    /// Endpoint of Azure Resource Manager.
    pub endpoint: Url,
    /// Identity whose rate holds.
    pub identity: String,
    pub text: String,
    /// Subscriptions that are asked; all that the identity sees, if there are none.
    pub subscriptions: Vec<String>,
}

/// Page of records.
///
/// `resultTruncated` is not read: it is `"false"` on pages that have more. The skip token alone tells of more.
#[derive(Debug, Deserialize)]
pub struct GraphPage {
    #[serde(rename = "totalRecords")]
    pub total_records: u64,
    #[serde(default)]
    pub data: Vec<Box<RawValue>>,
    #[serde(rename = "$skipToken", default)]
    skip_token: Option<String>,
}

impl PagedOperation for GraphQuery {
    type Page = GraphPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let mut url = self.endpoint.clone();
        url.set_path("providers/Microsoft.ResourceGraph/resources");
        url.query_pairs_mut().append_pair("api-version", "2022-10-01");
        let target = ApiTarget {
            platform: Platform::Azure,
            api: "resourcegraph:resources",
            account: self.identity.clone(),
            region: String::new(),
            rate: RATE,
        };
        let mut options = json!({ "$top": PAGE_SIZE, "resultFormat": "objectArray" });
        if let Some(token) = token {
            options["$skipToken"] = token.into();
        }
        let mut body = json!({ "query": self.text, "options": options });
        if !self.subscriptions.is_empty() {
            body["subscriptions"] = self.subscriptions.clone().into();
        }
        ApiRequest::post_json(target, url, &body)
    }

    fn next_token<'p>(&self, page: &'p GraphPage) -> Option<&'p str> {
        page.skip_token.as_deref()
    }
}
