//! Azure: the resources of the subscriptions of a tenant, by Resource Graph.

use std::sync::Arc;

use async_trait::async_trait;
use cloud_api::azure::{AzureGrant, AzureTokens, GraphQuery};
use cloud_api::{BearerSigner, CloudClient, Pages, RequestSigner};
use reqwest::Url;
use serde::Deserialize;

use super::answers::{PagedReport, failure};
use crate::config::{AzureConfig, AzureIdentity};
use crate::domain::discovery::{
    DiscoveryContext, EntryReader, Provider, ProviderError, ReportScope, ReportSink,
};

/// Query of the resources of a subscription.
const RESOURCES: &str =
    "resources | project id, name, type, location, tags, subscriptionId | order by id asc";

/// Query of the subscriptions that the identity sees.
const SUBSCRIPTIONS: &str = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' \
     | project id, subscriptionId | order by id asc";

/// Access to the APIs of Azure.
#[derive(Clone)]
pub struct AzureAccess {
    pub client: CloudClient,
    pub signer: Arc<dyn RequestSigner>,
    /// Endpoint of Azure Resource Manager.
    pub management_endpoint: Url,
    /// Identity whose rate holds.
    pub identity: String,
}

impl AzureAccess {
    /// Access by the configuration, with tokens of `tenant` in place of its own, if one is given.
    pub fn new(client: CloudClient, config: &AzureConfig, tenant: Option<&str>) -> Self {
        let chosen = |own: &String| tenant.map_or_else(|| own.clone(), str::to_owned);
        let (identity, grant) = match config.identity.clone() {
            AzureIdentity::ClientSecret {
                tenant,
                client_id,
                secret,
            } => {
                let grant = AzureGrant::ClientSecret {
                    tenant: chosen(&tenant),
                    client_id: client_id.clone(),
                    secret: secret.reveal().to_owned(),
                };
                (client_id, grant)
            }
            AzureIdentity::Workload {
                tenant,
                client_id,
                token_file,
            } => {
                let grant = AzureGrant::Workload {
                    tenant: chosen(&tenant),
                    client_id: client_id.clone(),
                    token_file,
                };
                (client_id, grant)
            }
            AzureIdentity::Machine { client_id } => {
                let identity = client_id.clone().unwrap_or_else(|| "machine".to_owned());
                let endpoint = config.metadata_endpoint.clone();
                (identity, AzureGrant::Machine { endpoint, client_id })
            }
        };
        let resource = config.management_endpoint.clone();
        let tokens = AzureTokens::new(client.clone(), config.authority.clone(), resource, grant);
        Self {
            client,
            signer: Arc::new(BearerSigner::new(tokens)),
            management_endpoint: config.management_endpoint.clone(),
            identity,
        }
    }

    fn query(&self, text: &str, subscriptions: Vec<String>) -> Pages<GraphQuery> {
        let query = GraphQuery {
            endpoint: self.management_endpoint.clone(),
            identity: self.identity.clone(),
            text: text.to_owned(),
            subscriptions,
        };
        Pages::new(&self.client, self.signer.clone(), query)
    }

    /// Ids of the subscriptions that the identity sees, of these ones if there are any.
    async fn subscriptions(&self, name: &str, among: Vec<String>) -> Result<Vec<String>, ProviderError> {
        let mut pages = self.query(SUBSCRIPTIONS, among);
        let mut found = Vec::new();
        let mut total = 0;
        while let Some(page) = pages.next().await.map_err(|error| failure(name, error))? {
            total = page.total_records;
            for record in &page.data {
                let record: SubscriptionRecord =
                    serde_json::from_str(record.get()).map_err(|error| failure(name, error))?;
                found.push(record.subscription_id.to_ascii_lowercase());
            }
        }
        found.sort_unstable();
        found.dedup();
        if (found.len() as u64) < total {
            return Err(failure(
                name,
                format!("Resource Graph lists {} of {total} subscriptions", found.len()),
            ));
        }
        Ok(found)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionRecord {
    subscription_id: String,
}

/// True for the name or the id of a tenant.
pub(super) fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
}

/// True for the id of a subscription.
pub(super) fn is_subscription(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// All subscriptions of a tenant that the identity sees, each a provider of its own.
pub struct AzureTenant {
    name: String,
    access: AzureAccess,
}

impl AzureTenant {
    /// Source of the subscriptions of a tenant.
    pub fn new(tenant: &str, access: AzureAccess) -> Self {
        Self {
            name: format!("azure:{tenant}"),
            access,
        }
    }
}

#[async_trait]
impl Provider for AzureTenant {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    async fn sub_providers(
        &self,
        _: &DiscoveryContext,
    ) -> Result<Option<Vec<Arc<dyn Provider>>>, ProviderError> {
        let subscriptions = self.access.subscriptions(&self.name, Vec::new()).await?;
        let providers = subscriptions.into_iter().map(|id| {
            let subscription = AzureSubscription {
                is_listed: true,
                ..AzureSubscription::new(&id, self.access.clone())
            };
            Arc::new(subscription) as Arc<dyn Provider>
        });
        Ok(Some(providers.collect()))
    }

    /// Reports nothing: its subscriptions do.
    async fn report(&self, _: &DiscoveryContext, _: &mut dyn ReportSink) -> Result<(), ProviderError> {
        Err(failure(&self.name, "a tenant is read by its subscriptions"))
    }
}

/// Resources of one subscription.
pub struct AzureSubscription {
    name: String,
    id: String,
    access: AzureAccess,
    /// A list has shown that the identity sees the subscription.
    is_listed: bool,
}

impl AzureSubscription {
    /// Source of the resources of a subscription.
    pub fn new(id: &str, access: AzureAccess) -> Self {
        let id = id.to_ascii_lowercase();
        Self {
            name: format!("azure:subscription/{id}"),
            id,
            access,
            is_listed: false,
        }
    }
}

#[async_trait]
impl Provider for AzureSubscription {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    fn account_id(&self) -> Option<&str> {
        Some(&self.id)
    }

    /// Reports the resources. Resource Graph answers with none of a subscription that the identity does not see, so that is
    /// asked before.
    async fn report(&self, _: &DiscoveryContext, sink: &mut dyn ReportSink) -> Result<(), ProviderError> {
        let access = &self.access;
        let own = || vec![self.id.clone()];
        if !self.is_listed && access.subscriptions(&self.name, own()).await?.is_empty() {
            return Err(failure(&self.name, "the identity does not see the subscription"));
        }
        let mut pages = access.query(RESOURCES, own());
        let mut report = PagedReport::new(&self.name, EntryReader::of_resource_graph(), sink);
        let mut total = 0;
        while let Some(page) = pages.next().await.map_err(|error| failure(&self.name, error))? {
            total = page.total_records;
            report.page(&page.data).await?;
        }
        let scope = if report.entries < total {
            let reason = format!("Resource Graph gave {} of {total} records", report.entries);
            ReportScope::Partial(vec![reason])
        } else {
            ReportScope::Everything
        };
        report.end(scope).await
    }
}
