//! Subscriptions.

pub mod progress;

use crate::auth::Actor;
use crate::domain::approvals::{TagFilter, stats};
use crate::domain::events::{Event, Log, LogRange, ResourceLog, TagLog};
use crate::domain::{audit::AuditRow, inventory};
use crate::error::Error;
use crate::graphql::error::{ResolverError, Result};
use crate::graphql::relay::cursor;
use crate::graphql::relay::rows::Rows;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::{ContextExt, Services};
use crate::graphql::subscriptions::progress::{SubscriptionProgress, chunk_events};
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::approval_stats::ApprovalStats;
use crate::graphql::types::enums::Cloud;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::tag_audit::TagAudit;
use crate::runs;
use crate::runs::{Run, WatchedRun};
use async_graphql::{Context, InputObject, SimpleObject, Subscription};
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The figures of the queue come at most so often.
const STATS_PAUSE: Duration = Duration::from_secs(1);

/// Changes to virtual tags, as they happen: those that came together.
#[derive(SimpleObject)]
pub struct ApprovalEventBatch {
    /// Give it as `after` to go on behind this batch.
    cursor: String,
    /// The changes in the order of commits.
    events: Rows<ApprovalEvent>,
}

/// A change to a virtual tag.
#[derive(SimpleObject)]
pub struct ApprovalEvent {
    /// Give it as `after` to go on behind this event.
    cursor: String,
    /// The change.
    change: TagAudit,
}

/// New or changed resources, as they come: those that came together.
#[derive(SimpleObject)]
pub struct ResourceEventBatch {
    /// Give it as `after` to go on behind this batch.
    cursor: String,
    /// The resources in the order of the commits that changed them last.
    events: Rows<ResourceEvent>,
}

/// A new or changed resource. One that changed several times while nobody listened comes once.
#[derive(SimpleObject)]
pub struct ResourceEvent {
    /// Give it as `after` to go on behind this event.
    cursor: String,
    /// The resource as it is after the change.
    resource: Resource,
}

/// Which resources; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ResourceEventFilter {
    /// The cloud that they live in.
    cloud: Option<Cloud>,
    /// Their account.
    account_id: Option<String>,
    /// Their type, as the provider names it.
    resource_type: Option<String>,
}

impl ResourceEventFilter {
    fn takes(&self, row: &inventory::Resource) -> bool {
        self.cloud.is_none_or(|cloud| cloud == row.cloud.into())
            && self.account_id.as_ref().is_none_or(|id| *id == row.account_id)
            && self
                .resource_type
                .as_ref()
                .is_none_or(|kind| *kind == row.resource_type)
    }
}

type Item<T> = async_graphql::Result<T>;

fn shown(error: Error) -> async_graphql::Error {
    ResolverError::from(error).into()
}

/// What of a log an execution tells: what its course says, or everything behind `after`.
fn range<L: Log>(progress: &SubscriptionProgress, after: Option<String>) -> Result<LogRange> {
    if let Some(range) = progress.range() {
        return Ok(range);
    }
    let decode = |text: String| cursor::decode_event(L::NAME, &text);
    let after = after.map(decode).transpose();
    Ok(LogRange {
        after: after.map_err(|why| ResolverError::bad_input(format!("after {why}")))?,
        until: None,
    })
}

/// Takes the changes within the actor's scope that the filter takes.
fn takes(actor: Actor, filter: TagFilter) -> impl Fn(&AuditRow) -> bool + Send + 'static {
    move |row| actor.scope.allows(&row.account_id) && filter.matches(row)
}

async fn run(services: &Services, actor: &Actor, id: i64) -> crate::error::Result<Run> {
    let found = runs::list::by_ids(services.reads(&actor.scope), &actor.scope, vec![id])
        .await?
        .pop();
    found.ok_or_else(|| Error::not_found("runId", "such run"))
}

/// The figures of the queue as somebody watches them.
struct StatsWatcher {
    services: Services,
    actor: Actor,
    filter: TagFilter,
    /// From the beginning on, so that nothing is missed between the first figures and the first change.
    changes: BoxStream<'static, bool>,
    last: Option<ApprovalStats>,
}

impl StatsWatcher {
    /// The next figures that differ from the last; nothing when there are no more changes.
    async fn next(&mut self) -> Item<Option<ApprovalStats>> {
        loop {
            if self.last.is_some() && !self.changed().await {
                return Ok(None);
            }
            let now = self.read().await?;
            if self.last.as_ref() != Some(&now) {
                self.last = Some(now.clone());
                return Ok(Some(now));
            }
        }
    }

    /// Waits for a change, and a while longer; gives whether there was one.
    async fn changed(&mut self) -> bool {
        loop {
            match self.changes.next().await {
                None => return false,
                Some(true) => break,
                Some(false) => {}
            }
        }
        tokio::time::sleep(STATS_PAUSE).await;
        // What came meanwhile is in the figures to be read.
        while let Some(Some(_)) = self.changes.next().now_or_never() {}
        true
    }

    /// A database that is away at the beginning is an error; later it is waited for.
    async fn read(&mut self) -> Item<ApprovalStats> {
        loop {
            let now = self.services.clock.now();
            match stats::stats(
                self.services.reads(&self.actor.scope),
                &self.actor,
                &self.filter,
                now,
            )
            .await
            {
                Ok(figures) => return Ok(figures.into()),
                Err(error) if self.last.is_none() => return Err(shown(error)),
                Err(error) => error.log("cannot read the figures of the queue; trying again"),
            }
            tokio::time::sleep(STATS_PAUSE).await;
        }
    }
}

/// A run as somebody watches it.
struct Progress {
    changes: watch::Receiver<WatchedRun>,
    /// As it was read after the watching began.
    first: Run,
    last: Option<Run>,
}

impl Progress {
    /// The run when it is not as it was last; nothing after its end.
    async fn next(&mut self) -> Item<Option<Run>> {
        let next = match &self.last {
            None => self.first.clone(),
            Some(last) if last.finished_at.is_some() => return Ok(None),
            Some(last) => loop {
                if self.changes.changed().await.is_err() {
                    return Ok(None);
                }
                match &*self.changes.borrow_and_update() {
                    WatchedRun::Read(run) if **run != *last => break Run::clone(run),
                    WatchedRun::Read(_) | WatchedRun::Unread => {}
                    WatchedRun::Gone => return Err(shown(Error::not_found("runId", "such run"))),
                }
            },
        };
        self.last = Some(next.clone());
        Ok(Some(next))
    }
}

#[derive(Default)]
pub struct Subscription;

/// What can be watched.
#[Subscription]
impl Subscription {
    /// Every change to the virtual tags that the filter takes, in the order of commits, each once. Those that come
    /// together are told together. Resumes behind `after`, and begins with the present moment without it.
    async fn approval_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes of which tags; the moments of their proposal are not looked at.")]
        filter: Option<ApprovalFilter>,
        #[graphql(desc = "The cursor of the last batch or event that the caller has.")] after: Option<String>,
    ) -> Result<impl Stream<Item = ApprovalEventBatch> + use<>> {
        let progress = ctx.progress()?;
        let batches = ctx
            .services()?
            .tag_feed
            .subscribe(range::<TagLog>(&progress, after)?);
        let wanted = takes(ctx.actor()?.clone(), filter.unwrap_or_default().into());
        let shape = |event: Arc<Event<AuditRow>>| ApprovalEvent {
            cursor: cursor::encode_event(TagLog::NAME, event.cursor),
            change: event.row.clone().into(),
        };
        Ok(
            chunk_events(batches, wanted, progress).map(move |chunk| ApprovalEventBatch {
                cursor: cursor::encode_event(TagLog::NAME, chunk.to),
                events: Rows(chunk.events.into_iter().map(shape).collect()),
            }),
        )
    }

    /// The figures of the approval queue: now, and when they have changed, at most once a second.
    async fn approval_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags to count.")] filter: Option<ApprovalFilter>,
    ) -> Result<impl Stream<Item = Item<ApprovalStats>> + use<>> {
        let (services, actor) = (ctx.services()?.clone(), ctx.actor()?.clone());
        let filter: TagFilter = filter.unwrap_or_default().into();
        let wanted = takes(actor.clone(), filter.clone());
        let batches = services.tag_feed.subscribe(LogRange::default());
        let figures = StatsWatcher {
            services,
            actor,
            filter,
            changes: batches
                .map(move |batch| batch.events.iter().any(|event| wanted(&event.row)))
                .boxed(),
            last: None,
        };
        Ok(futures::stream::try_unfold(figures, |mut figures| async move {
            let next = figures.next().await?;
            Ok(next.map(|next| (next, figures)))
        }))
    }

    /// A run: as it is now, and whenever it has changed, until it has ended.
    async fn job_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the run.")] run_id: Id<JobRunKind>,
    ) -> Result<impl Stream<Item = Item<JobRun>> + use<>> {
        let (services, actor) = (ctx.services()?, ctx.actor()?);
        let db = services.reads(&actor.scope);
        let changes = services.run_watcher.watch(db, &actor.scope, run_id.0);
        let progress = Progress {
            changes,
            first: run(services, actor, run_id.0).await?,
            last: None,
        };
        Ok(futures::stream::try_unfold(progress, |mut progress| async move {
            let next = progress.next().await?;
            Ok(next.map(|next| (next.into(), progress)))
        }))
    }

    /// Resources that are new or have changed, in the order of commits. Those that come together are told together.
    /// Resumes behind `after`, and begins with the present moment without it.
    async fn resource_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which resources.")] filter: Option<ResourceEventFilter>,
        #[graphql(desc = "The cursor of the last batch or event that the caller has.")] after: Option<String>,
    ) -> Result<impl Stream<Item = ResourceEventBatch> + use<>> {
        let (progress, actor) = (ctx.progress()?, ctx.actor()?.clone());
        let filter = filter.unwrap_or_default();
        let batches = ctx
            .services()?
            .resource_feed
            .subscribe(range::<ResourceLog>(&progress, after)?);
        let wanted =
            move |row: &inventory::Resource| actor.scope.allows(&row.account_id) && filter.takes(row);
        let shape = |event: Arc<Event<inventory::Resource>>| ResourceEvent {
            cursor: cursor::encode_event(ResourceLog::NAME, event.cursor),
            resource: event.row.clone().into(),
        };
        Ok(
            chunk_events(batches, wanted, progress).map(move |chunk| ResourceEventBatch {
                cursor: cursor::encode_event(ResourceLog::NAME, chunk.to),
                events: Rows(chunk.events.into_iter().map(shape).collect()),
            }),
        )
    }
}
