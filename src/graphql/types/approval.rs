//! The approval queue: its pages, its groups, its figures.

use crate::domain::approvals::groups::{self, Group as GroupRow, GroupOrder};
use crate::domain::approvals::queue::{self, QueueOrder};
use crate::domain::approvals::stats::{self, BANDS, Stats as StatsRow};
use crate::domain::approvals::{GroupKey, TagFilter};
use crate::graphql::error::Result;
use crate::graphql::relay::page::{Connection, PageArgs, connection};
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{Cloud, TagKind, TagSource};
use crate::graphql::types::virtual_tag::{self, VirtualTag};
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

/// Which tags of the queue; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ApprovalFilter {
    /// Applied by itself, or only suggested.
    kind: Option<TagKind>,
    /// Their key.
    tag_key: Option<String>,
    /// Their value.
    tag_value: Option<String>,
    /// The cloud of their resource.
    cloud: Option<Cloud>,
    /// The account of their resource.
    account_id: Option<String>,
    /// The type of their resource, as its provider names it.
    resource_type: Option<String>,
    /// Where their value comes from.
    source: Option<TagSource>,
    /// What fired, as groups of the queue say it. Events do not tell it: subscriptions take them all.
    evidence_signature: Option<String>,
    /// From this confidence on, inclusive; from 0 to 1.
    #[graphql(validator(minimum = 0.0, maximum = 1.0))]
    min_confidence: Option<f64>,
    /// Up to this confidence, inclusive; from 0 to 1.
    #[graphql(validator(minimum = 0.0, maximum = 1.0))]
    max_confidence: Option<f64>,
    /// Proposed before this moment.
    created_before: Option<DateTimeInput>,
    /// Proposed at this moment or later.
    created_after: Option<DateTimeInput>,
}

impl From<ApprovalFilter> for TagFilter {
    fn from(input: ApprovalFilter) -> Self {
        Self {
            kind: input.kind.map(Into::into),
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            cloud: input.cloud.map(Into::into),
            account_id: input.account_id,
            resource_type: input.resource_type,
            source: input.source.map(Into::into),
            evidence_signature: input.evidence_signature,
            min_confidence: input.min_confidence,
            max_confidence: input.max_confidence,
            created_before: input.created_before.map(Into::into),
            created_after: input.created_after.map(Into::into),
        }
    }
}

/// In which order the queue comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "QueueOrder")]
pub enum ApprovalOrder {
    /// The surest first.
    #[default]
    ConfidenceDesc,
    /// The least sure first.
    ConfidenceAsc,
    /// What waits longest first.
    Age,
    /// What came last first.
    Newest,
}

/// A group of the queue.
pub struct ApprovalGroup(GroupRow);

impl From<GroupRow> for ApprovalGroup {
    fn from(row: GroupRow) -> Self {
        Self(row)
    }
}

impl AsRef<GroupRow> for ApprovalGroup {
    fn as_ref(&self) -> &GroupRow {
        &self.0
    }
}

/// Tags of the queue that propose the same for the same reason, to be decided together.
#[Object]
impl ApprovalGroup {
    /// The key that they propose.
    async fn tag_key(&self) -> &str {
        &self.0.tag_key
    }

    /// The value that they propose.
    async fn tag_value(&self) -> &str {
        &self.0.tag_value
    }

    /// Where the value comes from.
    async fn source(&self) -> TagSource {
        self.0.source.into()
    }

    /// What fired, in words that are the same on every resource.
    async fn evidence_signature(&self) -> &str {
        &self.0.evidence_signature
    }

    /// How many tags there are.
    async fn count(&self) -> i64 {
        self.0.count
    }

    /// The lowest confidence among them.
    async fn min_confidence(&self) -> f64 {
        self.0.min_confidence
    }

    /// The highest confidence among them.
    async fn max_confidence(&self) -> f64 {
        self.0.max_confidence
    }

    /// Since when the oldest of them waits.
    async fn oldest(&self) -> DateTime<Utc> {
        self.0.oldest
    }
}

/// A group of the queue, as `approvalGroups` gives it.
#[derive(Clone, Debug, InputObject)]
pub struct ApprovalGroupInput {
    /// The key that its tags propose.
    tag_key: String,
    /// The value that they propose.
    tag_value: String,
    /// Where the value comes from.
    source: TagSource,
    /// What fired.
    evidence_signature: String,
}

impl From<ApprovalGroupInput> for GroupKey {
    fn from(input: ApprovalGroupInput) -> Self {
        Self {
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            source: input.source.into(),
            evidence_signature: input.evidence_signature,
        }
    }
}

/// How the queue stands.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct ApprovalStats {
    /// Tags that wait for a decision.
    pub pending: i64,
    /// Of them, applied by themselves.
    pub auto_applied: i64,
    /// Of them, only suggested.
    pub suggestions: i64,
    /// Of them, by key, the largest first.
    pub by_key: Vec<KeyCount>,
    /// Of them, by confidence, from low to high; empty bands are left out.
    pub by_confidence: Vec<ConfidenceBand>,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Tags that people approved or denied within the last 24 hours, to the minute; not those that were taken back.
    pub decided_last_day: i64,
    /// Whether the figures but the last two are estimates from a sample, as they are of a filter by more than kind, key,
    /// source, cloud and account that takes more than some ten thousand tags.
    pub is_estimate: bool,
}

/// A count of one key.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct KeyCount {
    /// The key.
    pub tag_key: String,
    /// How many.
    pub count: i64,
}

/// A count of one band of confidence.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct ConfidenceBand {
    /// Where the band begins.
    pub from: f64,
    /// Where it ends; only the last band, up to 1, contains its end.
    pub to: f64,
    /// How many.
    pub count: i64,
}

impl From<StatsRow> for ApprovalStats {
    fn from(stats: StatsRow) -> Self {
        let mut by_key: Vec<_> = stats
            .by_key
            .into_iter()
            .map(|(tag_key, count)| KeyCount { tag_key, count })
            .collect();
        by_key.sort_by_key(|key| std::cmp::Reverse(key.count));
        let band = |(i, count): (usize, i64)| ConfidenceBand {
            from: i as f64 / BANDS as f64,
            to: (i + 1) as f64 / BANDS as f64,
            count,
        };
        Self {
            pending: stats.pending,
            auto_applied: stats.auto_applied,
            suggestions: stats.pending - stats.auto_applied,
            by_key,
            by_confidence: stats
                .by_band
                .into_iter()
                .enumerate()
                .filter(|(_, n)| *n > 0)
                .map(band)
                .collect(),
            oldest: stats.oldest,
            decided_last_day: stats.decided,
            is_estimate: stats.is_estimate,
        }
    }
}

/// Queries about the approval queue.
#[derive(Default)]
pub struct ApprovalQuery;

#[Object]
impl ApprovalQuery {
    /// The approval queue: the virtual tags that wait for a decision, the surest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn approvals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which tags.")] filter: Option<ApprovalFilter>,
        #[graphql(desc = "In which order.", default)] order: ApprovalOrder,
    ) -> Result<Connection<VirtualTag>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (filter, order) = (filter.unwrap_or_default().into(), QueueOrder::from(order));
        let load = virtual_tag::load(&ctx.look_ahead());
        connection(
            ctx,
            args,
            order,
            async |window| queue::list(db, actor, &filter, order, &window, load).await,
            async || queue::count(db, actor, &filter).await,
        )
        .await
    }

    /// The approval queue in groups of the same key, value, source and evidence.
    async fn approval_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which tags to group.")] filter: Option<ApprovalFilter>,
    ) -> Result<Connection<ApprovalGroup>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter.unwrap_or_default().into();
        connection(
            ctx,
            args,
            GroupOrder,
            async |window| groups::list(db, actor, &filter, &window).await,
            async || groups::count(db, actor, &filter).await,
        )
        .await
    }

    /// Figures of the approval queue.
    async fn approval_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags to count.")] filter: Option<ApprovalFilter>,
    ) -> Result<ApprovalStats> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let filter = filter.unwrap_or_default().into();
        Ok(stats::stats(ctx.reads()?, actor, &filter, services.clock.now())
            .await?
            .into())
    }
}
