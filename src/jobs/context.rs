//! Context of jobs.

use crate::clock::Clock;
use crate::config::{Config, RetirementLimit, RunHistory, UnpackLimits};
use crate::domain::discovery::Provider;
use crate::domain::evaluation::EngineSettings;
use crate::domain::suggestions::SuggestionCache;
use sea_orm::DatabaseConnection;
use std::sync::Arc;
use std::time::Duration;

/// Objects that jobs work with.
#[derive(Clone)]
pub struct JobContext {
    /// Database.
    pub db: DatabaseConnection,
    /// Clock of the schedules.
    pub clock: Arc<dyn Clock>,
    /// Settings of the engine.
    pub engine: EngineSettings,
    /// Index of the inventory for mining suggestions.
    pub suggestions: SuggestionCache,
    /// Sources that discovery asks, in this order.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Number of resources that a report may retire unasked.
    pub retirement: RetirementLimit,
    /// Limits of packed files.
    pub unpack: UnpackLimits,
    /// Whole months that the audit trail keeps besides the present one; all when `None`.
    pub audit_retention: Option<u32>,
    /// Retention of ended runs.
    pub run_history: RunHistory,
    /// Time for which a shutdown waits for chunks in progress.
    pub grace: Duration,
}

impl JobContext {
    /// Grace that [`Config`] gives.
    pub const GRACE: Duration = Config::SHUTDOWN_GRACE.saturating_sub(Duration::from_secs(5));
}
