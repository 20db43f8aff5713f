//! Sources of clouds against fakes that misbehave.

mod azure;
mod gcp;

use crate::support::clouds::faults::Fault;
use async_trait::async_trait;
use chrono::DateTime;
use cloud_api::{CloudClient, NoObserver, RetryPolicy};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use virtual_tagging::domain::discovery::{
    DiscoveryContext, Provider, ProviderError, Rejection, ReportScope, ReportSink, ResourceReport, SinkError,
};

const CONTEXT: DiscoveryContext = DiscoveryContext {
    tick: 1,
    now: DateTime::UNIX_EPOCH,
};

/// Faults that a client gets over: each costs another attempt, or another page.
const SURVIVED: [Option<Fault>; 9] = [
    Some(Fault::Throttled(0)),
    None,
    Some(Fault::Unavailable),
    Some(Fault::Cut),
    None,
    Some(Fault::Silence),
    Some(Fault::EmptyPage),
    Some(Fault::Expired),
    None,
];

/// Client that is as patient as a test.
fn client() -> CloudClient {
    let retry = RetryPolicy {
        attempt: Duration::from_secs(2),
        total: Duration::from_mins(1),
        attempts: 4,
        base: Duration::from_millis(10),
        cap: Duration::from_millis(50),
        ..RetryPolicy::default()
    };
    CloudClient::new(retry, Arc::new(NoObserver)).unwrap()
}

/// Report that was taken.
#[derive(Default)]
struct TakenReport {
    resources: Vec<ResourceReport>,
    rejected: Vec<Rejection>,
    scope: Option<ReportScope>,
}

impl TakenReport {
    fn ids(&self) -> BTreeSet<&str> {
        self.resources
            .iter()
            .map(|resource| resource.resource_id.as_str())
            .collect()
    }
}

#[async_trait]
impl ReportSink for TakenReport {
    async fn resources(&mut self, batch: Vec<ResourceReport>) -> Result<(), SinkError> {
        for resource in &batch {
            resource.validate().unwrap();
        }
        self.resources.extend(batch);
        Ok(())
    }

    async fn rejected(&mut self, faults: Vec<Rejection>) -> Result<(), SinkError> {
        self.rejected.extend(faults);
        Ok(())
    }

    async fn scope(&mut self, scope: ReportScope) -> Result<(), SinkError> {
        self.scope = Some(scope);
        Ok(())
    }
}

async fn report(provider: &dyn Provider) -> Result<TakenReport, ProviderError> {
    let mut taken = TakenReport::default();
    provider.report(&CONTEXT, &mut taken).await?;
    Ok(taken)
}

/// Error of a report that must fail.
async fn failure(provider: &dyn Provider) -> String {
    report(provider)
        .await
        .err()
        .expect("the report fails")
        .to_string()
}
