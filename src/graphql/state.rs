//! What resolvers get at: the service's parts, and what belongs to one request.

use crate::auth::{AccountScope, Actor};
use crate::clock::Clock;
use crate::domain::evaluation::DryRuns;
use crate::domain::evaluation::EngineSettings;
use crate::domain::events::{Feed, ResourceLog, TagLog};
use crate::domain::keyset::PageLimits;
use crate::error::Error;
use crate::graphql::error::Result;
use crate::graphql::loaders::Loaders;
use crate::graphql::subscriptions::progress::SubscriptionProgress;
use crate::runs::{JobDefinitions, RunWatcher};
use async_graphql::Context;
use sea_orm::DatabaseConnection;
use std::sync::Arc;

/// The parts of the service that resolvers use; one for the life of the process.
#[derive(Clone)]
pub struct Services {
    /// The pool that sees everything: for changes. What is read for a caller goes through [`Services::reads`].
    pub db: DatabaseConnection,
    /// The pool for what callers limited to accounts read.
    pub scoped: DatabaseConnection,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// How large a page may be.
    pub page_limits: PageLimits,
    /// The evaluations that callers wait for.
    pub dry_runs: Arc<DryRuns>,
    /// What the engine is made of besides the rules.
    pub engine: EngineSettings,
    /// The jobs of which runs can be asked for.
    pub jobs: JobDefinitions,
    /// The names of the configured sources of resources.
    pub sources: Vec<String>,
    /// The tail of the audit trail.
    pub tag_feed: Arc<Feed<TagLog>>,
    /// The tail of the resources.
    pub resource_feed: Arc<Feed<ResourceLog>>,
    /// Watches runs for subscribers.
    pub run_watcher: RunWatcher,
}

impl Services {
    /// What is read for a caller with this scope is read through this pool.
    pub fn reads(&self, scope: &AccountScope) -> &DatabaseConnection {
        match scope {
            AccountScope::All => &self.db,
            AccountScope::Only(_) => &self.scoped,
        }
    }
}

/// What names a request in answers and in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The one way from a resolver to what it needs.
pub trait ContextExt {
    /// Who asks; [`Error::Unauthenticated`] when nobody is signed in.
    fn actor(&self) -> Result<&Actor>;
    /// The parts of the service.
    fn services(&self) -> Result<&Services>;
    /// The pool through which the one who asks reads.
    fn reads(&self) -> Result<&DatabaseConnection>;
    /// The request's loaders.
    fn loaders(&self) -> Result<&Loaders>;
    /// The subscription's course.
    fn progress(&self) -> Result<Arc<SubscriptionProgress>>;
}

impl ContextExt for Context<'_> {
    fn actor(&self) -> Result<&Actor> {
        Ok(self.data_opt().ok_or(Error::Unauthenticated)?)
    }

    fn services(&self) -> Result<&Services> {
        let services = self.data_opt();
        Ok(services.ok_or_else(|| Error::internal("the schema was built without its services"))?)
    }

    fn reads(&self) -> Result<&DatabaseConnection> {
        Ok(self.services()?.reads(&self.actor()?.scope))
    }

    fn loaders(&self) -> Result<&Loaders> {
        Ok(self.data_opt().ok_or(Error::Unauthenticated)?)
    }

    fn progress(&self) -> Result<Arc<SubscriptionProgress>> {
        let progress = self.data_opt::<Arc<SubscriptionProgress>>().cloned();
        Ok(progress.ok_or_else(|| Error::internal("a subscription was executed without a course"))?)
    }
}
