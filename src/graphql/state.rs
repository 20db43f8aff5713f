//! State of resolvers: the services of the process, and the data of one request.

use crate::auth::{AccountScope, Actor};
use crate::clock::Clock;
use crate::domain::ReadPool;
use crate::domain::evaluation::DryRuns;
use crate::domain::evaluation::EngineSettings;
use crate::domain::events::{Feed, ResourceLog, TagLog};
use crate::domain::keyset::PageLimits;
use crate::error::Error;
use crate::graphql::error::FieldResult;
use crate::graphql::loaders::Loaders;
use crate::graphql::subscriptions::progress::SubscriptionProgress;
use crate::runs::{JobDefinitions, RunWatcher};
use async_graphql::Context;
use sea_orm::DatabaseConnection;
use std::sync::Arc;

/// Services that resolvers use; one set per process.
#[derive(Clone)]
pub struct Services {
    /// Pool with access to all rows, for changes. Reads for a caller go through [`Services::reads`].
    pub db: DatabaseConnection,
    /// Pool for reads of callers with access to all accounts.
    pub reads: ReadPool,
    /// Pool with row-level security, for reads of callers limited to accounts.
    pub scoped: ReadPool,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Default and maximum page size.
    pub page_limits: PageLimits,
    /// Dry runs of the engine.
    pub dry_runs: Arc<DryRuns>,
    /// Settings of the engine.
    pub engine: EngineSettings,
    /// Jobs of which runs can be requested.
    pub jobs: JobDefinitions,
    /// Names of the configured sources.
    pub sources: Vec<String>,
    /// Event feed of the audit trail.
    pub tag_feed: Arc<Feed<TagLog>>,
    /// Event feed of the resources.
    pub resource_feed: Arc<Feed<ResourceLog>>,
    /// Watcher of runs, for subscriptions.
    pub run_watcher: RunWatcher,
}

impl Services {
    /// Pool for reads of a caller with this scope.
    pub fn reads(&self, scope: &AccountScope) -> &ReadPool {
        match scope {
            AccountScope::All => &self.reads,
            AccountScope::Only(_) => &self.scoped,
        }
    }
}

/// Request id in responses and in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Access of resolvers to their state.
pub trait ContextExt {
    /// Actor; [`Error::Unauthenticated`] without credentials.
    fn actor(&self) -> FieldResult<&Actor>;
    /// Services of the process.
    fn services(&self) -> FieldResult<&Services>;
    /// Pool for reads of the actor.
    fn reads(&self) -> FieldResult<&ReadPool>;
    /// Loaders of the request.
    fn loaders(&self) -> FieldResult<&Loaders>;
    /// Progress of the subscription.
    fn progress(&self) -> FieldResult<Arc<SubscriptionProgress>>;
}

impl ContextExt for Context<'_> {
    fn actor(&self) -> FieldResult<&Actor> {
        Ok(self.data_opt().ok_or(Error::Unauthenticated)?)
    }

    fn services(&self) -> FieldResult<&Services> {
        let services = self.data_opt();
        Ok(services.ok_or_else(|| Error::internal("the schema was built without its services"))?)
    }

    fn reads(&self) -> FieldResult<&ReadPool> {
        Ok(self.services()?.reads(&self.actor()?.scope))
    }

    fn loaders(&self) -> FieldResult<&Loaders> {
        Ok(self.data_opt().ok_or(Error::Unauthenticated)?)
    }

    fn progress(&self) -> FieldResult<Arc<SubscriptionProgress>> {
        let progress = self.data_opt::<Arc<SubscriptionProgress>>().cloned();
        Ok(progress.ok_or_else(|| Error::internal("a subscription was executed without a course"))?)
    }
}
