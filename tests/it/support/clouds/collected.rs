//! A sink that keeps what a provider reports.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::time::Duration;
use virtual_tagging::domain::discovery::{
    DiscoveryContext, Provider, ProviderError, Rejection, ReportScope, ReportSink, ResourceReport, SinkError,
};

/// Report of a provider, by the ids of the resources.
#[derive(Default)]
pub struct CollectedReport {
    pub resources: BTreeMap<String, ResourceReport>,
    pub rejected: Vec<Rejection>,
    pub scope: ReportScope,
}

impl CollectedReport {
    /// What the provider reports.
    pub async fn of(provider: &dyn Provider) -> Result<Self, ProviderError> {
        let context = DiscoveryContext {
            tick: 1,
            now: chrono::DateTime::UNIX_EPOCH + Duration::from_secs(1),
        };
        let mut collected = Self::default();
        provider.report(&context, &mut collected).await?;
        Ok(collected)
    }

    pub fn tag(&self, id: &str, key: &str) -> Option<&str> {
        self.resources.get(id)?.native_tags.get(key).map(String::as_str)
    }
}

#[async_trait]
impl ReportSink for CollectedReport {
    async fn resources(&mut self, batch: Vec<ResourceReport>) -> Result<(), SinkError> {
        for report in batch {
            let id = report.resource_id.clone();
            if let Some(earlier) = self.resources.insert(id, report) {
                return Err(format!("{} is reported twice", earlier.resource_id).into());
            }
        }
        Ok(())
    }

    async fn rejected(&mut self, faults: Vec<Rejection>) -> Result<(), SinkError> {
        self.rejected.extend(faults);
        Ok(())
    }

    async fn scope(&mut self, scope: ReportScope) -> Result<(), SinkError> {
        self.scope = scope;
        Ok(())
    }
}
