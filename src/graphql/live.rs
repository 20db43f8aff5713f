//! Subscriptions.

use super::approval::{ApprovalFilter, ApprovalStats};
use super::audit::TagAudit;
use super::context::{ContextExt, Services};
use super::cursor;
use super::enums::Cloud;
use super::error::{Failure, Result};
use super::id::{Id, JobRunKind};
use super::resource::Resource;
use super::run::JobRun;
use crate::domain::approvals::{TagFilter, stats};
use crate::domain::auth::Actor;
use crate::domain::events::{Cursor, Event, Log, ResourceLog, TagLog};
use crate::domain::runs::Run;
use crate::domain::{audit::AuditRow, inventory, runs};
use crate::error::Error;
use async_graphql::{Context, InputObject, SimpleObject, Subscription};
use futures::{Stream, StreamExt, TryStreamExt};
use std::sync::Arc;
use std::time::Duration;

/// The figures of the queue come at most so often.
const STATS_PAUSE: Duration = Duration::from_secs(1);
/// The progress of a run is looked at so often.
const PROGRESS_PAUSE: Duration = Duration::from_millis(500);

/// A change to a virtual tag, at the moment at which it happens.
#[derive(SimpleObject)]
pub struct ApprovalEvent {
    /// Give it as `after` to go on behind this event.
    cursor: String,
    /// The change.
    change: TagAudit,
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
    Failure::from(error).into()
}

fn start<L: Log>(after: Option<String>) -> Result<Option<Cursor>> {
    let decode = |text: String| cursor::decode_event(L::NAME, &text);
    after
        .map(decode)
        .transpose()
        .map_err(|why| Failure::bad_input(format!("after {why}")))
}

/// The changes within the actor's scope that the filter takes.
fn changes(
    services: &Services,
    actor: Actor,
    filter: TagFilter,
    after: Option<Cursor>,
) -> impl Stream<Item = crate::error::Result<Arc<Event<AuditRow>>>> + use<> {
    let wanted = move |row: &AuditRow| actor.scope.allows(&row.account_id) && filter.takes(row);
    services
        .tag_feed
        .subscribe(after)
        .try_filter(move |event| std::future::ready(wanted(&event.row)))
}

async fn figures(services: &Services, actor: &Actor, filter: &TagFilter) -> Item<ApprovalStats> {
    let now = services.clock.now();
    stats::stats(&services.db, actor, filter, now)
        .await
        .map(Into::into)
        .map_err(shown)
}

async fn run(services: &Services, actor: &Actor, id: i64) -> crate::error::Result<Run> {
    let found = runs::list::by_ids(&services.db, &actor.scope, vec![id])
        .await?
        .pop();
    found.ok_or_else(|| Error::not_found("runId", "such run"))
}

#[derive(Default)]
pub struct Subscription;

/// What can be watched.
#[Subscription]
impl Subscription {
    /// Every change to the virtual tags that the filter takes, in the order of commits, each once. Resumes behind
    /// `after`, and begins with the present moment without it.
    async fn approval_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes of which tags; the moments of their proposal are not looked at.")]
        filter: Option<ApprovalFilter>,
        #[graphql(desc = "The cursor of the last event that the caller has.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Item<ApprovalEvent>> + use<>> {
        let filter = filter.unwrap_or_default().into();
        let events = changes(
            ctx.services()?,
            ctx.actor()?.clone(),
            filter,
            start::<TagLog>(after)?,
        );
        let shape = |event: Arc<Event<AuditRow>>| ApprovalEvent {
            cursor: cursor::encode_event(TagLog::NAME, event.cursor),
            change: event.row.clone().into(),
        };
        Ok(events.map(move |event| event.map(shape).map_err(shown)))
    }

    /// The figures of the approval queue: now, and when they have changed, at most once a second.
    async fn approval_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags to count.")] filter: Option<ApprovalFilter>,
    ) -> Result<impl Stream<Item = Item<ApprovalStats>> + use<>> {
        let (services, actor) = (ctx.services()?.clone(), ctx.actor()?.clone());
        let filter: TagFilter = filter.unwrap_or_default().into();
        // From here on, so that nothing is missed between the first figures and the first change.
        let changes = Box::pin(changes(&services, actor.clone(), filter.clone(), None));
        let watch = (services, actor, filter, changes, None::<ApprovalStats>);
        Ok(futures::stream::try_unfold(
            watch,
            |(services, actor, filter, mut changes, mut last)| async move {
                loop {
                    if last.is_some() {
                        match changes.next().await {
                            None => return Ok(None),
                            Some(change) => drop(change.map_err(shown)?),
                        }
                        tokio::time::sleep(STATS_PAUSE).await;
                        // What came meanwhile is in the figures to be read.
                        while let Some(Some(change)) = futures::FutureExt::now_or_never(changes.next()) {
                            change.map_err(shown)?;
                        }
                    }
                    let now = figures(&services, &actor, &filter).await?;
                    if last.as_ref() != Some(&now) {
                        last = Some(now.clone());
                        return Ok(Some((now, (services, actor, filter, changes, last))));
                    }
                }
            },
        ))
    }

    /// A run: as it is now, and whenever it has changed, until it has ended.
    async fn job_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the run.")] run_id: Id<JobRunKind>,
    ) -> Result<impl Stream<Item = Item<JobRun>> + use<>> {
        let (services, actor) = (ctx.services()?.clone(), ctx.actor()?.clone());
        let first = run(&services, &actor, run_id.0).await?;
        let watch = (services, actor, Some(first), None::<Run>);
        Ok(futures::stream::try_unfold(
            watch,
            |(services, actor, mut first, mut last)| async move {
                if last.as_ref().is_some_and(|run| run.finished_at.is_some()) {
                    return Ok(None);
                }
                loop {
                    let next = match (first.take(), &last) {
                        (None, Some(last)) => {
                            tokio::time::sleep(PROGRESS_PAUSE).await;
                            run(&services, &actor, last.id).await.map_err(shown)?
                        }
                        (Some(first), _) => first,
                        (None, None) => return Ok(None),
                    };
                    if last.as_ref() != Some(&next) {
                        last = Some(next.clone());
                        return Ok(Some((next.into(), (services, actor, first, last))));
                    }
                }
            },
        ))
    }

    /// Resources that are new or have changed, in the order of commits. Resumes behind `after`, and begins with the
    /// present moment without it.
    async fn resource_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which resources.")] filter: Option<ResourceEventFilter>,
        #[graphql(desc = "The cursor of the last event that the caller has.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Item<ResourceEvent>> + use<>> {
        let (actor, filter) = (ctx.actor()?.clone(), filter.unwrap_or_default());
        let events = ctx
            .services()?
            .resource_feed
            .subscribe(start::<ResourceLog>(after)?);
        let wanted =
            move |row: &inventory::Resource| actor.scope.allows(&row.account_id) && filter.takes(row);
        let shape = |event: Arc<Event<inventory::Resource>>| ResourceEvent {
            cursor: cursor::encode_event(ResourceLog::NAME, event.cursor),
            resource: event.row.clone().into(),
        };
        let events = events.try_filter(move |event| std::future::ready(wanted(&event.row)));
        Ok(events.map(move |event| event.map(shape).map_err(shown)))
    }
}
