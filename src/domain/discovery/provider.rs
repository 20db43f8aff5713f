//! The seam between discovery and the sources of resources.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Rejection, ResourceReport};

/// The most resources that a provider puts into one batch.
pub const BATCH_SIZE: usize = 1000;

/// What a discovery run tells its providers.
#[derive(Clone, Copy, Debug)]
pub struct DiscoveryContext {
    /// Which run this is; the same number again on a retry. A provider that invents resources derives them
    /// from it.
    pub tick: u64,
    /// The time that the run stands for; the same again on a retry.
    pub now: DateTime<Utc>,
}

/// A failure of whoever takes the report.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Why a report failed. Nothing of it may then be taken for complete.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The source cannot be reached or read to its end, or what it says cannot be the whole truth.
    #[error("{provider}: {reason}")]
    Source { provider: String, reason: String },
    /// The sink failed; the source may be well.
    #[error("the reported resources could not be taken: {0}")]
    Sink(#[source] SinkError),
}

/// A source of resources.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The provider's name (`simulated`, `file:/path`), stored as the source of the resources that it reports.
    fn name(&self) -> &str;

    /// True when a report lists everything that there is, so that a resource of this provider that is missing
    /// has vanished. This holds only for a report that ended with `Ok` and rejected nothing: a rejected entry
    /// may be the one that seems to be missing.
    fn is_snapshot(&self) -> bool;

    /// Sends all resources into the sink, in batches of at most [`BATCH_SIZE`], in bounded memory. Every
    /// resource satisfies [`ResourceReport::validate`].
    ///
    /// # Errors
    /// The source breaks midway, or holds nothing where something must be: then the report counts as a whole
    /// as failed, though batches were sent.
    async fn report(
        &self,
        context: &DiscoveryContext,
        sink: &mut dyn ReportSink,
    ) -> Result<(), ProviderError>;
}

/// Takes what a provider reports.
#[async_trait]
pub trait ReportSink: Send {
    /// Takes a batch of resources; ids are unique within one report. One of none shows that the report goes on, and fails
    /// when it is no longer wanted.
    async fn resources(&mut self, batch: Vec<ResourceReport>) -> Result<(), SinkError>;

    /// Takes the faults (at least one) of one entry that is refused.
    async fn rejected(&mut self, faults: Vec<Rejection>) -> Result<(), SinkError>;
}
