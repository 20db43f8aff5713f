//! Reading virtual tags: the approval queue, all tags, the tags of resources.

use super::filter::TagFilter;
use super::query_plan::{CountBounds, choose_plan, page_of_pending};
use super::{VirtualTag, rows};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::Rows;
use crate::domain::counters::{self, TagCounterKey};
use crate::domain::inventory::Resource;
use crate::entities::{ApprovalStatus, resource, virtual_tag};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, Iterable, JoinType, QueryFilter, QuerySelect,
    RelationTrait, Select,
};
use std::collections::HashMap;
use virtual_tag::Column;

/// What to read beside the tags' plain columns. What is not read is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// The evidence of each tag.
    pub evidence: bool,
    /// The resource of each tag.
    pub resource: bool,
    /// The native tags of each resource.
    pub native_tags: bool,
}

/// A tag, with its resource where that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The tag.
    pub tag: VirtualTag,
    /// Its resource.
    pub resource: Option<Resource>,
}

/// An order of the approval queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueueOrder {
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

impl Keyset for QueueOrder {
    type Row = VirtualTag;

    fn name(self) -> &'static str {
        match self {
            Self::ConfidenceDesc => "approvals.confidence-desc",
            Self::ConfidenceAsc => "approvals.confidence-asc",
            Self::Age => "approvals.age",
            Self::Newest => "approvals.newest",
        }
    }

    fn descending(self) -> bool {
        matches!(self, Self::ConfidenceDesc | Self::Newest)
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        let first = match self {
            Self::ConfidenceDesc | Self::ConfidenceAsc => (Column::Confidence.into_expr(), KeyKind::Real),
            Self::Age | Self::Newest => (Column::CreatedAt.into_expr(), KeyKind::Time),
        };
        vec![first, (Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &VirtualTag) -> Vec<Key> {
        let first = match self {
            Self::ConfidenceDesc | Self::ConfidenceAsc => Key::Real(row.confidence),
            Self::Age | Self::Newest => Key::Time(row.created_at),
        };
        vec![first, Key::Int(row.id)]
    }
}

/// An order of tags in any status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TagOrder {
    /// As they were first proposed or made.
    #[default]
    Oldest,
    /// The last proposed or made first.
    Newest,
}

impl Keyset for TagOrder {
    type Row = VirtualTag;

    fn name(self) -> &'static str {
        match self {
            Self::Oldest => "virtualTags.oldest",
            Self::Newest => "virtualTags.newest",
        }
    }

    fn descending(self) -> bool {
        self == Self::Newest
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &VirtualTag) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// Which tags, in any status; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnyTagFilter {
    /// What the queue can be filtered by.
    pub tag: TagFilter,
    /// Where they stand.
    pub status: Option<ApprovalStatus>,
    /// The rule that proposed them.
    pub rule_id: Option<i64>,
}

impl AnyTagFilter {
    /// The counters that hold how many tags the filter takes; `None` when it asks for more than they know.
    fn counted(&self) -> Option<TagCounterKey> {
        let cells = self.tag.counter_key().filter(|_| self.rule_id.is_none())?;
        let status = self.status;
        Some(TagCounterKey { status, ..cells })
    }

    fn condition(&self) -> Condition {
        self.tag
            .condition()
            .add_option(self.status.map(|status| Column::ApprovalStatus.eq(status)))
            .add_option(self.rule_id.map(|rule| Column::RuleId.eq(rule)))
    }
}

/// Which tags of a resource; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TagsOfFilter {
    /// Where they stand.
    pub status: Option<ApprovalStatus>,
    /// Their key.
    pub tag_key: Option<String>,
}

fn of(scope: &AccountScope, filter: &TagsOfFilter) -> Select<virtual_tag::Entity> {
    let condition = Condition::all()
        .add_option(filter.status.map(|status| Column::ApprovalStatus.eq(status)))
        .add_option(filter.tag_key.as_deref().map(|key| Column::TagKey.eq(key)));
    virtual_tag::find(scope).filter(condition)
}

/// A page of the tags that wait for a decision, by one statement; others tell before whether there are any of a filter,
/// and how many.
pub async fn queue(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    order: QueueOrder,
    window: &Window,
    load: Load,
) -> Result<Page<Listed>> {
    match page_of_pending(db, actor, filter, order, window).await? {
        Some(select) => page_of(db, select, order, window, load).await,
        None => Ok(window.page(Vec::new())),
    }
}

/// How many tags of the filter wait for a decision.
pub async fn count_queue(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Total> {
    if let Some(cells) = filter.counter_key() {
        let status = Some(ApprovalStatus::Pending);
        let count = counters::tags(db, &actor.scope, &TagCounterKey { status, ..cells }).await?;
        return Ok(Total::exact(count));
    }
    let pending = virtual_tag::find_pending(&actor.scope);
    if actor.scope == AccountScope::All {
        return estimate::of(db, pending.filter(filter.condition())).await;
    }
    let all = TagCounterKey {
        status: Some(ApprovalStatus::Pending),
        ..TagCounterKey::default()
    };
    let all = counters::tags(db, &actor.scope, &all).await?;
    estimate::of_part(
        db,
        pending,
        filter.condition(),
        &[],
        estimate::LOOKED_AT,
        Some(all),
    )
    .await
}

/// A page of tags in any status, by one statement.
pub async fn all(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &AnyTagFilter,
    order: TagOrder,
    window: &Window,
    load: Load,
) -> Result<Page<Listed>> {
    let found = virtual_tag::find(&actor.scope).filter(filter.condition());
    if actor.scope == AccountScope::All && *filter == AnyTagFilter::default() {
        return page_of(db, found, order, window, load).await;
    }
    let cells = TagCounterKey {
        status: filter.status,
        ..filter.tag.counter_key_superset()
    };
    let at_most = counters::tags(db, &actor.scope, &cells).await?;
    if let Some(accounts) = actor.scope.accounts(filter.tag.account_id.as_deref()) {
        if at_most == 0 {
            return Ok(window.page(Vec::new()));
        }
        let rows = Rows {
            all: virtual_tag::find(&actor.scope),
            wanted: virtual_tag::find(&AccountScope::All).filter(opaque(filter.condition())),
            account: Column::AccountId,
            key: &[Column::Id],
        };
        return page_of(db, rows.walked(accounts, order, window), order, window, load).await;
    }
    let known = CountBounds {
        at_most,
        // The tags of a rule have an index in this order.
        exactly: filter.counted().is_some() || filter.rule_id.is_some(),
        bands: None,
    };
    match choose_plan(db, found, known).await? {
        Some(found) => page_of(db, found.select, order, window, load).await,
        None => Ok(window.page(Vec::new())),
    }
}

/// How many tags the filter takes.
pub async fn count_all(db: &DatabaseConnection, actor: &Actor, filter: &AnyTagFilter) -> Result<Total> {
    if let Some(cells) = filter.counted() {
        return Ok(Total::exact(counters::tags(db, &actor.scope, &cells).await?));
    }
    let tags = virtual_tag::find(&actor.scope);
    if actor.scope == AccountScope::All {
        return estimate::of(db, tags.filter(filter.condition())).await;
    }
    let all = counters::tags(db, &actor.scope, &TagCounterKey::default()).await?;
    estimate::of_part(db, tags, filter.condition(), &[], estimate::LOOKED_AT, Some(all)).await
}

async fn page_of<O: Keyset>(
    db: &DatabaseConnection,
    select: Select<virtual_tag::Entity>,
    order: O,
    window: &Window,
    load: Load,
) -> Result<Page<Listed>> {
    let mut select = select
        .select_only()
        .columns(Column::iter().filter(|column| load.reads(*column)));
    if load.resource {
        let columns = resource::Column::iter().filter(|column| load.reads_of_resource(*column));
        select = select
            .join(JoinType::InnerJoin, virtual_tag::Relation::Resource.def())
            .columns(columns);
    }
    let found = db.query_all_raw(window.statement(select, order)).await?;
    let listed: Result<Vec<_>, _> = found.iter().map(|row| rows::listed(row, load)).collect();
    Ok(window.page(listed?))
}

impl Load {
    pub(super) fn reads(self, column: Column) -> bool {
        self.evidence || !matches!(column, Column::Evidence)
    }

    pub(super) fn reads_of_resource(self, column: resource::Column) -> bool {
        self.native_tags || !matches!(column, resource::Column::NativeTags)
    }
}

/// A page of tags for each of the resources, by one statement.
pub async fn of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
    filter: &TagsOfFilter,
    order: TagOrder,
    window: &Window,
) -> Result<HashMap<i64, Page<VirtualTag>>> {
    keyset::per_parent(db, of(scope, filter), Column::ResourceId, ids, order, window).await
}

/// How many tags each of the resources has.
pub async fn count_of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
    filter: &TagsOfFilter,
) -> Result<HashMap<i64, u64>> {
    keyset::count_per_parent(db, of(scope, filter), Column::ResourceId, ids).await
}

/// The approved tags of the resources, in no order.
pub async fn approved_of(
    db: &DatabaseConnection,
    scope: &AccountScope,
    resources: Vec<i64>,
) -> Result<Vec<VirtualTag>> {
    let found = virtual_tag::find(scope)
        .filter(Expr::cust("virtual_tags.approval_status = 'APPROVED'"))
        .filter(
            Column::ResourceId
                .into_expr()
                .eq(PgFunc::any(Expr::val(resources))),
        );
    Ok(found.all(db).await?)
}

/// The tags with these keys that exist within the scope, in no order.
pub async fn by_ids(db: &DatabaseConnection, scope: &AccountScope, ids: Vec<i64>) -> Result<Vec<VirtualTag>> {
    let any = PgFunc::any(Expr::val(ids));
    Ok(virtual_tag::find(scope)
        .filter(Column::Id.into_expr().eq(any))
        .all(db)
        .await?)
}
