//! Invented company of some 5,000 resources over three clouds, for looking around without a cloud: partly tagged, in
//! many spellings, with what organizations have of contradictions, habits and untagged accounts.

mod accounts;
mod components;
mod names;
mod organization;
mod resource;
mod stacks;
mod tags;
mod teams;

use std::collections::BTreeSet;

use async_trait::async_trait;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::domain::discovery::{BATCH_SIZE, DiscoveryContext, Provider, ProviderError, ReportSink};
use organization::DemoStack;
pub use resource::DemoResource;

/// The whole company at each report: the same seed gives the same resources, ids and times included.
#[derive(Default)]
pub struct Demo {
    seed: u64,
}

impl Demo {
    /// Name of the source of the company's resources.
    pub const NAME: &'static str = "demo";

    /// A company of its own for each `seed`: with the same teams, but other resources and tags.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// All resources.
    pub fn resources(&self) -> Vec<DemoResource> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let (mut ids, mut resources) = (BTreeSet::new(), Vec::new());
        for team in teams::all() {
            for app in team.apps {
                for &(account, environment) in app.stacks {
                    let stack = DemoStack {
                        team,
                        app,
                        account,
                        environment,
                    };
                    stack.invent(&mut rng, &mut ids, &mut resources);
                }
            }
        }
        resources
    }
}

#[async_trait]
impl Provider for Demo {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    fn is_invented(&self) -> bool {
        true
    }

    async fn report(&self, _: &DiscoveryContext, sink: &mut dyn ReportSink) -> Result<(), ProviderError> {
        let resources = self.resources();
        for batch in resources.chunks(BATCH_SIZE) {
            let reports = batch.iter().map(|resource| resource.report.clone());
            sink.resources(reports.collect())
                .await
                .map_err(ProviderError::Sink)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
