//! Resources of an aggregator of AWS Config, of all accounts and regions that it collects.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use cloud_api::aws::ConfigAggregator;

use super::connection::{AwsConnection, AwsError};
use super::seen::SeenIds;
use crate::domain::discovery::{
    Batcher, DiscoveryContext, Provider, ProviderError, ReportScope, ReportSink, aws_config_report,
};

/// Provider of the resources of an aggregator.
pub struct AwsAggregator {
    name: String,
    aggregator: String,
    connection: Arc<AwsConnection>,
}

impl AwsAggregator {
    /// The aggregator of this name, in the region of the connection.
    pub fn new(connection: Arc<AwsConnection>, aggregator: &str) -> Self {
        Self {
            name: format!("aws-config:{aggregator}"),
            aggregator: aggregator.to_owned(),
            connection,
        }
    }

    fn failure(&self, error: impl Into<AwsError>) -> ProviderError {
        error.into().of(&self.name)
    }
}

#[async_trait]
impl Provider for AwsAggregator {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    async fn report(
        &self,
        _context: &DiscoveryContext,
        sink: &mut dyn ReportSink,
    ) -> Result<(), ProviderError> {
        let credentials = self.connection.own_credentials().await;
        let credentials = credentials.map_err(|error| self.failure(error))?;
        let aggregator = ConfigAggregator::new(credentials, self.connection.region(), &self.aggregator);
        let mut pages = aggregator.resources(&self.connection.client);
        let mut seen = SeenIds::default();
        let mut accounts = BTreeSet::new();
        let mut batcher = Batcher::default();
        while let Some(page) = pages.next().await.map_err(|error| self.failure(error))? {
            for result in page.results {
                let sent = match aws_config_report(&result) {
                    Ok(report) if !seen.add(&report.resource_id) => continue,
                    Ok(report) => {
                        if !accounts.contains(&report.account_id) {
                            accounts.insert(report.account_id.clone());
                        }
                        match batcher.push(report) {
                            Some(batch) => sink.resources(batch).await,
                            None => continue,
                        }
                    }
                    Err(faults) => sink.rejected(faults).await,
                };
                sent.map_err(ProviderError::Sink)?;
            }
        }
        if let Some(batch) = batcher.take() {
            sink.resources(batch).await.map_err(ProviderError::Sink)?;
        }
        // An account that the aggregator may not see any more is missing here, and keeps its resources.
        let scope = ReportScope::Accounts(accounts.into_iter().collect());
        sink.scope(scope).await.map_err(ProviderError::Sink)
    }
}
