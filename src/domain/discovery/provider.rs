//! Interface between discovery and the sources of resources.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Rejection, ResourceReport};

/// Maximum of resources in one batch of a provider.
pub const BATCH_SIZE: usize = 1000;

/// Context of a discovery run for its providers.
#[derive(Clone, Copy, Debug)]
pub struct DiscoveryContext {
    /// Number of the run; the same on a retry. A provider that invents resources derives them from it.
    pub tick: u64,
    /// Time for which the run was scheduled; the same on a retry.
    pub now: DateTime<Utc>,
}

/// Error of the receiver of a report.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Error of a report, which must then not be taken for complete.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The source cannot be reached or read to its end, or its report cannot be complete.
    #[error("{provider}: {reason}")]
    Source { provider: String, reason: String },
    /// The sink failed, not the source.
    #[error("the reported resources could not be taken: {0}")]
    Sink(#[source] SinkError),
}

/// Part of the resources of a provider that a report lists completely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReportScope {
    /// All resources of the provider.
    #[default]
    Everything,
    /// All resources of these accounts.
    Accounts(Vec<String>),
    /// No account completely: resources that have or had tags only, for these reasons.
    TaggedOnly(Vec<String>),
    /// No account completely, for these reasons.
    Partial(Vec<String>),
}

/// Source of resources.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Name of the provider (`simulated`, `file:/path`), stored as the source of the resources that it reports.
    fn name(&self) -> &str;

    /// True if a report lists all resources of the provider, so that one that is missing has vanished. This holds only
    /// for a report that ended with `Ok`, and not for the resources of rejected entries.
    fn is_snapshot(&self) -> bool;

    /// True if the resources are invented to look around. Such a provider is no longer asked once the inventory has
    /// resources of others, or its own were all retired.
    fn is_invented(&self) -> bool {
        false
    }

    /// Account to which all resources of the provider belong, if it is known before they are reported.
    fn account_id(&self) -> Option<&str> {
        None
    }

    /// Providers of a source of many accounts, one for each account or scope, with names of their own: each reports, fails
    /// and retires for itself. `None` for a provider that reports its resources itself, of which [`Provider::report`] is
    /// called.
    ///
    /// # Errors
    /// The accounts cannot be listed, or not to the end: an account that is missing has left the source.
    async fn sub_providers(
        &self,
        _context: &DiscoveryContext,
    ) -> Result<Option<Vec<Arc<dyn Provider>>>, ProviderError> {
        Ok(None)
    }

    /// Sends all resources into the sink, in batches of at most [`BATCH_SIZE`], in bounded memory. Every
    /// resource satisfies [`ResourceReport::validate`].
    ///
    /// # Errors
    /// The source breaks midway, or is empty where it must not be: then the whole report counts as failed, although
    /// batches were sent.
    async fn report(
        &self,
        context: &DiscoveryContext,
        sink: &mut dyn ReportSink,
    ) -> Result<(), ProviderError>;
}

/// Receiver of the report of a provider.
#[async_trait]
pub trait ReportSink: Send {
    /// Takes a batch of resources; ids are unique within one report. An empty batch shows that the report continues, and
    /// fails when it is no longer wanted.
    async fn resources(&mut self, batch: Vec<ResourceReport>) -> Result<(), SinkError>;

    /// Takes the faults (at least one) of an entry that is rejected.
    async fn rejected(&mut self, faults: Vec<Rejection>) -> Result<(), SinkError>;

    /// Takes the scope of a report, before it ends: of a snapshot, what is missing has vanished within the scope only.
    async fn scope(&mut self, _scope: ReportScope) -> Result<(), SinkError> {
        Ok(())
    }
}
