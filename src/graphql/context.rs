//! What resolvers get at: the service's parts, and what belongs to one request.

use super::batch_driver::{BatchBarrier, BatchDriver};
use super::error::Result;
use super::loaders::Loaders;
use super::schema::Schema;
use super::subscription_progress::SubscriptionProgress;
use crate::auth::{AccountScope, Actor, with_account_scope};
use crate::clock::Clock;
use crate::domain::events::{Feed, Notifier, ResourceLog, TagLog};
use crate::domain::keyset::PageLimits;
use crate::domain::rules::DryRuns;
use crate::domain::tagging::auto_tag::EngineSettings;
use crate::error::Error;
use crate::runs::{JobNotifier, RunWatcher};
use async_graphql::{Context, Request, Response};
use futures::Stream;
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
    /// Tells the queue of new runs.
    pub wake: Arc<dyn JobNotifier>,
    /// The names of the configured sources of resources.
    pub sources: Vec<String>,
    /// Tells the tails of all replicas of changes.
    pub notifier: Notifier,
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

/// Executes a query or a mutation for an actor. Without an actor every field answers `UNAUTHENTICATED`.
pub async fn execute(
    schema: &Schema,
    services: &Services,
    request: Request,
    actor: Option<Actor>,
    id: RequestId,
) -> Response {
    let barrier = BatchBarrier::default();
    let scope = scope(actor.as_ref());
    let request = prepare(request, services, actor, id, barrier.clone());
    with_account_scope(&scope, BatchDriver::new(schema.execute(request), barrier)).await
}

/// Executes a subscription for an actor: a response for each time that there is something to tell.
pub fn subscribe(
    schema: &Schema,
    services: &Services,
    request: Request,
    actor: Option<Actor>,
    id: RequestId,
    progress: Arc<SubscriptionProgress>,
) -> impl Stream<Item = Response> + Send + Unpin + use<> {
    let barrier = BatchBarrier::default();
    let scope = scope(actor.as_ref());
    let request = prepare(request.data(progress), services, actor, id, barrier.clone());
    with_account_scope(&scope, BatchDriver::new(schema.execute_stream(request), barrier))
}

/// The accounts that exist for who asks: none for nobody.
fn scope(actor: Option<&Actor>) -> AccountScope {
    actor.map_or(AccountScope::Only(Vec::new()), |actor| actor.scope.clone())
}

/// Puts into a request what its resolvers need: who asks, and loaders of what exists for that actor.
fn prepare(
    request: Request,
    services: &Services,
    actor: Option<Actor>,
    id: RequestId,
    barrier: BatchBarrier,
) -> Request {
    let request = request.data(id);
    match actor {
        None => request,
        Some(actor) => {
            let (db, scope) = (services.reads(&actor.scope).clone(), actor.scope.clone());
            request
                .data(Loaders::new(db, scope, services.page_limits, barrier))
                .data(actor)
        }
    }
}

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
