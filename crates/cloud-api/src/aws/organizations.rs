//! Organizations: the accounts of an organisation.

use serde::Deserialize;
use serde_json::json;

use super::service::AwsService;
use super::{AwsCredentials, global_region};
use crate::{ApiError, ApiRate, ApiRequest, CloudClient, PagedOperation, Pages};

/// Most accounts that a page can have.
const PAGE: usize = 20;
/// Rate that AWS documents as the steady one of `ListAccounts`.
const RATE: ApiRate = ApiRate::per_second(5);

/// Organizations, as seen by the management account or a delegated administrator.
#[derive(Clone, Debug)]
pub struct Organizations {
    service: AwsService,
}

/// Page of accounts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationPage {
    #[serde(default)]
    pub accounts: Vec<OrganizationAccount>,
    next_token: Option<String>,
}

/// Account of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationAccount {
    pub id: String,
    #[serde(default)]
    pub name: String,
    state: Option<String>,
    /// Field before `State`, which AWS retires.
    status: Option<String>,
}

impl OrganizationAccount {
    /// State of the account, such as `ACTIVE`, `SUSPENDED` or `CLOSED`.
    pub fn state(&self) -> &str {
        let state = self.state.as_deref().or(self.status.as_deref());
        state.unwrap_or("ACTIVE")
    }

    /// True if the account has resources that can be asked for.
    pub fn is_active(&self) -> bool {
        self.state() == "ACTIVE"
    }
}

/// Operation `ListAccounts`.
pub struct ListAccounts {
    service: AwsService,
}

impl PagedOperation for ListAccounts {
    type Page = OrganizationPage;

    fn request(&self, token: Option<&str>) -> Result<ApiRequest, ApiError> {
        let target = self.service.target("organizations:ListAccounts", RATE);
        let mut body = json!({ "MaxResults": PAGE });
        if let Some(token) = token {
            body["NextToken"] = token.into();
        }
        self.service
            .call(target, "AWSOrganizationsV20161128.ListAccounts", &body)
    }

    fn next_token<'p>(&self, page: &'p OrganizationPage) -> Option<&'p str> {
        page.next_token.as_deref()
    }
}

impl Organizations {
    /// The service, in the partition of `region`.
    pub fn new(credentials: &AwsCredentials, region: &str) -> Self {
        Self {
            service: AwsService::new(credentials, "organizations", "", global_region(region)),
        }
    }

    /// All accounts of the organisation.
    pub fn accounts(&self, client: &CloudClient) -> Pages<ListAccounts> {
        let operation = ListAccounts {
            service: self.service.clone(),
        };
        Pages::new(client, self.service.signer(), operation)
    }
}
