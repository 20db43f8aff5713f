//! Fields of `Subscription`.

pub mod progress;

use crate::auth::Actor;
use crate::domain::approvals::{TagFilter, stats};
use crate::domain::discovery::written_type;
use crate::domain::events::{Event, Log, LogRange, ResourceLog, TagLog};
use crate::domain::{audit::AuditRow, inventory};
use crate::error::Error;
use crate::graphql::error::{FieldResult, ResolverError};
use crate::graphql::relay::bounded_list::BoundedList;
use crate::graphql::relay::cursor;
use crate::graphql::scalars::id::{Id, JobRunKind};
use crate::graphql::state::{ContextExt, Services};
use crate::graphql::subscriptions::progress::{SubscriptionProgress, chunk_events};
use crate::graphql::types::approval_filter::ApprovalFilter;
use crate::graphql::types::approval_stats::ApprovalStats;
use crate::graphql::types::enums::CloudEnum;
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

/// Minimum interval between statistics.
const STATS_PAUSE: Duration = Duration::from_secs(1);

/// Batch of changes of virtual tags.
#[derive(SimpleObject)]
pub struct ApprovalEventBatch {
    /// Cursor after this batch, for `after`.
    cursor: String,
    /// Changes in commit order.
    events: BoundedList<ApprovalEvent>,
}

/// Change of a virtual tag.
#[derive(SimpleObject)]
pub struct ApprovalEvent {
    /// Cursor after this event, for `after`.
    cursor: String,
    /// Audit row of the change.
    change: TagAudit,
}

/// Batch of new or changed resources.
#[derive(SimpleObject)]
pub struct ResourceEventBatch {
    /// Cursor after this batch, for `after`.
    cursor: String,
    /// Resources in order of the commits that changed them last.
    events: BoundedList<ResourceEvent>,
}

/// New or changed resource. A resource that changed several times between two batches occurs once.
#[derive(SimpleObject)]
pub struct ResourceEvent {
    /// Cursor after this event, for `after`.
    cursor: String,
    /// Resource after the change.
    resource: Resource,
}

/// Filter of resources; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ResourceEventFilter {
    /// Filter by cloud.
    cloud: Option<CloudEnum>,
    /// Filter by account.
    account_id: Option<String>,
    /// Filter by resource type, as named by the provider.
    resource_type: Option<String>,
}

impl ResourceEventFilter {
    fn takes(&self, row: &inventory::Resource) -> bool {
        self.cloud.is_none_or(|cloud| cloud == row.cloud.into())
            && self.account_id.as_ref().is_none_or(|id| *id == row.account_id)
            && self
                .resource_type
                .as_deref()
                .is_none_or(|kind| written_type(kind) == row.resource_type)
    }
}

fn shown(error: Error) -> async_graphql::Error {
    ResolverError::from(error).into()
}

/// Range of the log to deliver: the one of the progress, or everything after `after`.
fn range<L: Log>(progress: &SubscriptionProgress, after: Option<String>) -> FieldResult<LogRange> {
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

/// Predicate for changes within the actor's scope that match the filter.
fn takes(actor: Actor, filter: TagFilter) -> impl Fn(&AuditRow) -> bool + Send + 'static {
    move |row| actor.scope.allows(&row.account_id) && filter.matches(row)
}

async fn run(services: &Services, actor: &Actor, id: i64) -> crate::error::Result<Run> {
    let found = runs::list::by_ids(services.reads(&actor.scope), &actor.scope, vec![id])
        .await?
        .pop();
    found.ok_or_else(|| Error::not_found("runId", "such run"))
}

/// Statistics of the approval queue for one subscriber.
struct StatsWatcher {
    services: Services,
    actor: Actor,
    filter: TagFilter,
    /// Changes since before the first statistics were read: none is missed.
    changes: BoxStream<'static, bool>,
    last: Option<ApprovalStats>,
}

impl StatsWatcher {
    /// Waits for statistics that differ from the last; none when the feed has ended.
    async fn next(&mut self) -> async_graphql::Result<Option<ApprovalStats>> {
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

    /// Waits for a change and then for the pause; returns false when the feed has ended.
    async fn changed(&mut self) -> bool {
        loop {
            match self.changes.next().await {
                None => return false,
                Some(true) => break,
                Some(false) => {}
            }
        }
        tokio::time::sleep(STATS_PAUSE).await;
        // Changes of the meantime are in the statistics that are read next.
        while let Some(Some(_)) = self.changes.next().now_or_never() {}
        true
    }

    /// Reads the statistics. An unavailable database is an error at first; later the read is retried.
    async fn read(&mut self) -> async_graphql::Result<ApprovalStats> {
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

/// Run for one subscriber.
struct JobProgress {
    changes: watch::Receiver<WatchedRun>,
    /// State read after the watch began.
    first: Run,
    last: Option<Run>,
}

impl JobProgress {
    /// Waits for a state that differs from the last; none after the run has ended.
    async fn next(&mut self) -> async_graphql::Result<Option<Run>> {
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

/// Subscriptions.
#[Subscription]
impl Subscription {
    /// Changes of virtual tags that match the filter, each once, in commit order and in batches. Starts after the
    /// cursor `after`, or at the present without a cursor.
    async fn approval_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of changes by the tag; conditions on creation time are ignored.")]
        filter: Option<ApprovalFilter>,
        #[graphql(desc = "Cursor of the last batch or event that the caller has received.")] after: Option<
            String,
        >,
    ) -> FieldResult<impl Stream<Item = ApprovalEventBatch> + use<>> {
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
                events: BoundedList(chunk.events.into_iter().map(shape).collect()),
            }),
        )
    }

    /// Statistics of the approval queue: the present ones, then new ones after each change, at most once per second.
    async fn approval_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the tags to count.")] filter: Option<ApprovalFilter>,
    ) -> FieldResult<impl Stream<Item = async_graphql::Result<ApprovalStats>> + use<>> {
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

    /// Job run: the present state, then each change until the run ends.
    async fn job_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the run.")] run_id: Id<JobRunKind>,
    ) -> FieldResult<impl Stream<Item = async_graphql::Result<JobRun>> + use<>> {
        let (services, actor) = (ctx.services()?, ctx.actor()?);
        let db = services.reads(&actor.scope);
        let changes = services.run_watcher.watch(db, &actor.scope, run_id.0);
        let progress = JobProgress {
            changes,
            first: run(services, actor, run_id.0).await?,
            last: None,
        };
        Ok(futures::stream::try_unfold(progress, |mut progress| async move {
            let next = progress.next().await?;
            Ok(next.map(|next| (next.into(), progress)))
        }))
    }

    /// New and changed resources in commit order and in batches. Starts after the cursor `after`, or at the present
    /// without a cursor.
    async fn resource_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of resources.")] filter: Option<ResourceEventFilter>,
        #[graphql(desc = "Cursor of the last batch or event that the caller has received.")] after: Option<
            String,
        >,
    ) -> FieldResult<impl Stream<Item = ResourceEventBatch> + use<>> {
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
                events: BoundedList(chunk.events.into_iter().map(shape).collect()),
            }),
        )
    }
}
