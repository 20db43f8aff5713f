//! Google Cloud: the resources of an organization, a folder or a project, by Cloud Asset Inventory.

use std::sync::Arc;

use async_trait::async_trait;
use cloud_api::gcp::{GcpTokens, ResourceSearch};
use cloud_api::{BearerSigner, CloudClient, CredentialError, Pages, RequestSigner};
use reqwest::Url;

use super::answers::{PagedReport, failure};
use crate::config::GcpConfig;
use crate::domain::discovery::{
    DiscoveryContext, EntryReader, Provider, ProviderError, ReportScope, ReportSink,
};

/// Access to the APIs of Google Cloud.
#[derive(Clone)]
pub struct GcpAccess {
    pub client: CloudClient,
    pub signer: Arc<dyn RequestSigner>,
    /// Endpoint of Cloud Asset Inventory.
    pub asset_endpoint: Url,
    /// Project to which requests are charged.
    pub quota_project: Option<String>,
}

impl GcpAccess {
    /// Access by the configuration, whose file of credentials is read now.
    ///
    /// # Errors
    /// The file cannot be read, or holds no credentials that can be used.
    pub fn new(client: CloudClient, config: &GcpConfig) -> Result<Self, CredentialError> {
        let tokens = match &config.credentials {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    CredentialError(format!(
                        "GOOGLE_APPLICATION_CREDENTIALS={}: {error}",
                        path.display()
                    ))
                })?;
                GcpTokens::of_key_file(client.clone(), &text)?
            }
            None => GcpTokens::of_machine(client.clone(), &config.metadata_endpoint)?,
        };
        let quota_project = config.quota_project.clone();
        Ok(Self {
            quota_project: quota_project.or_else(|| tokens.quota_project().map(str::to_owned)),
            signer: Arc::new(BearerSigner::new(tokens)),
            asset_endpoint: config.asset_endpoint.clone(),
            client,
        })
    }
}

/// Resources of one scope. A search answers for the whole scope or not at all, so each answer is a snapshot of all of its
/// projects.
pub struct GcpScope {
    name: String,
    scope: String,
    access: GcpAccess,
}

impl GcpScope {
    /// Source of the resources of `organizations/ID`, `folders/ID` or `projects/ID`.
    pub fn new(scope: &str, access: GcpAccess) -> Self {
        Self {
            name: format!("gcp:{scope}"),
            scope: scope.to_owned(),
            access,
        }
    }

    /// True for the text of a scope.
    pub fn is_scope(text: &str) -> bool {
        let is_id = |id: &str, letters: fn(char) -> bool| !id.is_empty() && id.chars().all(letters);
        match text.split_once('/') {
            Some(("organizations" | "folders", id)) => is_id(id, |c| c.is_ascii_digit()),
            Some(("projects", id)) => is_id(id, |c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | ':' | '.')
            }),
            _ => false,
        }
    }
}

#[async_trait]
impl Provider for GcpScope {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    async fn report(&self, _: &DiscoveryContext, sink: &mut dyn ReportSink) -> Result<(), ProviderError> {
        let access = &self.access;
        let search = ResourceSearch {
            endpoint: access.asset_endpoint.clone(),
            scope: self.scope.clone(),
            quota_project: access.quota_project.clone(),
        };
        let mut pages = Pages::new(&access.client, access.signer.clone(), search);
        let mut report = PagedReport::new(&self.name, EntryReader::of_asset_search(), sink);
        while let Some(page) = pages.next().await.map_err(|error| failure(&self.name, error))? {
            report.page(&page.results).await?;
        }
        // Each scope has a resource: itself.
        if report.entries == 0 {
            return Err(report.failure("the search finds no resource"));
        }
        report.end(ReportScope::Everything).await
    }
}
