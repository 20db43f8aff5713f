//! All resources of one account: the list of Resource Explorer under the tags of the Tagging API, or the latter alone.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use cloud_api::ApiErrorKind;
use cloud_api::aws::{AwsCredentials, ExplorerIndex, ExplorerResource, ResourceExplorerApi, global_region};
use serde_json::Value;

use super::connection::{AwsConnection, AwsError};
use super::seen::SeenIds;
use super::tag_overlay::{TagOverlay, Tags};
use crate::domain::discovery::{
    AwsResource, Batcher, DiscoveryContext, Provider, ProviderError, Rejection, ReportScope, ReportSink,
    ResourceReport,
};

/// Types whose tags neither API knows: without tags in both, they may have some.
const TYPES_WITHOUT_TAGS: [&str; 2] = ["iam/role", "iam/user"];

/// Provider of one account.
pub struct AwsAccount {
    name: String,
    account: String,
    connection: Arc<AwsConnection>,
}

/// Report of an account, as it is made.
struct AccountReporter<'a> {
    account: &'a str,
    sink: &'a mut dyn ReportSink,
    batcher: Batcher<ResourceReport>,
    seen: SeenIds,
    /// Types that Resource Explorer lists.
    types: HashSet<String>,
}

impl AwsAccount {
    /// The provider of the account with this number.
    pub fn new(connection: Arc<AwsConnection>, account: impl Into<String>) -> Self {
        let account = account.into();
        Self {
            name: format!("aws:{account}"),
            account,
            connection,
        }
    }

    fn failure(&self, error: impl Into<AwsError>) -> ProviderError {
        error.into().of(&self.name)
    }

    /// Indexes of Resource Explorer that list the account, or the reason for which there are none.
    async fn indexes(
        &self,
        credentials: &AwsCredentials,
    ) -> Result<Result<Vec<ExplorerIndex>, String>, AwsError> {
        if !self.connection.settings.explorer {
            return Ok(Err(
                "Resource Explorer is not asked (AWS_RESOURCE_EXPLORER)".to_owned()
            ));
        }
        let explorer = ResourceExplorerApi::new(credentials, &self.account, self.connection.region());
        match explorer.indexes(&self.connection.client).await {
            Ok(indexes) if indexes.is_empty() => {
                Ok(Err("Resource Explorer has no index in the account".to_owned()))
            }
            Ok(indexes) => Ok(Ok(indexes)),
            Err(error) if error.kind == ApiErrorKind::Refused => {
                Ok(Err(format!("Resource Explorer: {}", error.reason)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Regions whose tags are read: as set, or those with an index; the one of services that a partition has once, too.
    fn tag_regions(&self, indexes: &[ExplorerIndex]) -> Vec<String> {
        let mut regions = self.connection.settings.regions.clone();
        if regions.is_empty() {
            regions = indexes.iter().map(|index| index.region.clone()).collect();
            if regions.is_empty() {
                regions.push(self.connection.region().to_owned());
            }
            regions.push(global_region(self.connection.region()).to_owned());
        }
        regions.sort();
        regions.dedup();
        regions
    }

    /// Reports the resources of the indexes, and returns the reasons for which some may be missing.
    async fn report_indexed(
        &self,
        credentials: &AwsCredentials,
        indexes: &[ExplorerIndex],
        overlay: &mut TagOverlay,
        reporter: &mut AccountReporter<'_>,
    ) -> Result<Vec<String>, ProviderError> {
        let client = &self.connection.client;
        let mut gaps = Vec::new();
        let aggregator = indexes.iter().find(|index| index.is_aggregator());
        let asked = aggregator.map_or(indexes, std::slice::from_ref);
        for index in asked {
            let explorer = ResourceExplorerApi::new(credentials, &self.account, &index.region);
            let mut pages = explorer.resources(client);
            let mut view = None;
            while let Some(page) = pages.next().await.map_err(|error| self.failure(error))? {
                if let (None, Some(arn)) = (&view, &page.view_arn) {
                    view = Some(
                        explorer
                            .view(client, arn)
                            .await
                            .map_err(|error| self.failure(error))?,
                    );
                }
                let shows_tags = view.as_ref().is_none_or(|view| view.has_tags);
                for resource in page.resources {
                    reporter.indexed(resource, shows_tags, overlay).await?;
                }
            }
            gaps.extend(pages.doubt().map(str::to_owned));
            if view.is_some_and(|view| view.has_filter) {
                let region = &index.region;
                gaps.push(format!(
                    "the default view of Resource Explorer in {region} has a filter"
                ));
            }
        }
        if reporter.seen.is_empty() {
            gaps.push("Resource Explorer lists no resource".to_owned());
        }
        Ok(gaps)
    }

    /// Reports what the Tagging API alone lists, and returns the regions that have no index.
    async fn report_tagged(
        &self,
        indexes: &[ExplorerIndex],
        overlay: TagOverlay,
        reporter: &mut AccountReporter<'_>,
    ) -> Result<Vec<String>, ProviderError> {
        let indexed: HashSet<_> = indexes.iter().map(|index| index.region.as_str()).collect();
        let mut missing = Vec::new();
        for (id, tags) in overlay.tags {
            let region = id.split(':').nth(3).unwrap_or_default().to_owned();
            let has_index = region.is_empty() || indexed.contains(region.as_str());
            if reporter
                .tagged(&id, tags, has_index && !indexes.is_empty())
                .await?
                && !has_index
            {
                missing.push(region);
            }
        }
        missing.sort();
        missing.dedup();
        Ok(missing)
    }
}

#[async_trait]
impl Provider for AwsAccount {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    fn account_id(&self) -> Option<&str> {
        Some(&self.account)
    }

    async fn report(
        &self,
        _context: &DiscoveryContext,
        sink: &mut dyn ReportSink,
    ) -> Result<(), ProviderError> {
        let credentials = self.connection.credentials_of(&self.account).await;
        let credentials = credentials.map_err(|error| self.failure(error))?;
        let indexes = self
            .indexes(&credentials)
            .await
            .map_err(|error| self.failure(error))?;
        let (indexes, mut reasons) = match indexes {
            Ok(indexes) => (indexes, Vec::new()),
            Err(reason) => (Vec::new(), vec![reason]),
        };
        let regions = self.tag_regions(&indexes);
        let overlay = TagOverlay::fetch(&self.connection.client, &credentials, &self.account, &regions).await;
        let mut overlay = overlay.map_err(|error| self.failure(error))?;
        for (region, reason) in &overlay.refused {
            tracing::warn!(
                provider = self.name,
                region,
                reason,
                "the tags of a region cannot be read"
            );
            if indexes.is_empty() {
                reasons.push(format!("the tags of {region} cannot be read: {reason}"));
            }
        }
        if indexes.is_empty() && overlay.refused.len() == regions.len() {
            return Err(ProviderError::Source {
                provider: self.name.clone(),
                reason: reasons.join("; "),
            });
        }
        let mut reporter = AccountReporter::new(&self.account, sink);
        if !indexes.is_empty() {
            reasons = self
                .report_indexed(&credentials, &indexes, &mut overlay, &mut reporter)
                .await?;
        }
        let missing = self.report_tagged(&indexes, overlay, &mut reporter).await?;
        let scope = if indexes.is_empty() {
            ReportScope::TaggedOnly(reasons)
        } else {
            let missing = missing.into_iter();
            let missing = missing.map(|region| format!("Resource Explorer has no index in {region}"));
            reasons.extend(missing);
            if reasons.is_empty() {
                ReportScope::Accounts(vec![self.account.clone()])
            } else {
                ReportScope::Partial(reasons)
            }
        };
        reporter.finish(scope).await
    }
}

impl<'a> AccountReporter<'a> {
    fn new(account: &'a str, sink: &'a mut dyn ReportSink) -> Self {
        Self {
            account,
            sink,
            batcher: Batcher::default(),
            seen: SeenIds::default(),
            types: HashSet::new(),
        }
    }

    /// Takes a resource of Resource Explorer, with the tags that the Tagging API has of it. `shows_tags` is true if the
    /// view has tags at all.
    async fn indexed(
        &mut self,
        resource: ExplorerResource,
        shows_tags: bool,
        overlay: &mut TagOverlay,
    ) -> Result<(), ProviderError> {
        // The view of an organisation has the resources of other accounts, which have providers of their own.
        if resource.owning_account_id != self.account && !resource.owning_account_id.is_empty() {
            return Ok(());
        }
        let id = AwsResource::id(&resource.arn).to_owned();
        if !self.seen.add(&id) {
            return Ok(());
        }
        let tags = overlay.tags.remove(&id);
        let indexed = || shows_tags.then(|| indexed_tags(&resource));
        let mut report = AwsResource {
            arn: &id,
            account_id: self.account,
            resource_type: resource.resource_type.as_deref(),
            region: resource.region.as_deref(),
            tags: tags.or_else(indexed),
        }
        .report();
        if let Ok(report) = &mut report {
            let is_unknown =
                report.native_tags.is_empty() && TYPES_WITHOUT_TAGS.contains(&report.resource_type.as_str());
            report.unstated.native_tags |= is_unknown;
            if !self.types.contains(&report.resource_type) {
                self.types.insert(report.resource_type.clone());
            }
        }
        self.send(report).await
    }

    /// Takes a resource that the Tagging API alone lists; false if it is left out. It still lists resources for hours after
    /// they were deleted: where an index is complete, what it lacks of a type that it has is gone, or not there yet.
    async fn tagged(&mut self, id: &str, tags: Tags, is_indexed: bool) -> Result<bool, ProviderError> {
        let has_tags = !tags.is_empty();
        let report = AwsResource {
            arn: id,
            account_id: self.account,
            tags: Some(tags),
            ..AwsResource::default()
        }
        .report();
        if let Ok(report) = &report
            && is_indexed
            && (!has_tags || self.types.contains(&report.resource_type))
        {
            tracing::debug!(
                id,
                "the Tagging API lists a resource that Resource Explorer lacks"
            );
            return Ok(false);
        }
        self.send(report).await?;
        Ok(true)
    }

    async fn send(&mut self, report: Result<ResourceReport, Vec<Rejection>>) -> Result<(), ProviderError> {
        match report {
            Ok(report) => match self.batcher.push(report) {
                Some(batch) => self.sink.resources(batch).await,
                None => Ok(()),
            },
            Err(faults) => self.sink.rejected(faults).await,
        }
        .map_err(ProviderError::Sink)
    }

    async fn finish(mut self, scope: ReportScope) -> Result<(), ProviderError> {
        if let Some(batch) = self.batcher.take() {
            self.sink.resources(batch).await.map_err(ProviderError::Sink)?;
        }
        self.sink.scope(scope).await.map_err(ProviderError::Sink)
    }
}

/// Tags as Resource Explorer has them.
fn indexed_tags(resource: &ExplorerResource) -> Tags {
    let lists = resource
        .properties
        .iter()
        .filter(|property| property.name == "tags");
    let tags = lists.filter_map(|property| property.data.as_array()).flatten();
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value").unwrap_or_default())))
        .collect()
}
