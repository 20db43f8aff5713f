//! Lists of virtual tags in any status: all of them, those of resources, those with given ids.

use super::columns::{TagProjection, TagWithResource, VirtualTagColumns, page_of};
use super::filter::TagFilter;
use super::queue::plan::{CountBounds, choose_plan};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::opaque::opaque;
use crate::db::projection::Projected;
use crate::domain::account_pages::{AccountRows, hidden};
use crate::domain::counters::{self, TagCounterKey};
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::{self, Model as VirtualTag};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, Select};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use virtual_tag::Column;

/// Order of tags in any status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TagOrder {
    /// Oldest proposal first.
    #[default]
    Oldest,
    /// Newest proposal first.
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

/// Filter of tags in any status; an unset field does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnyTagFilter {
    /// Conditions that the queue can be filtered by, too.
    pub tag: TagFilter,
    pub status: Option<ApprovalStatus>,
    /// Rule that proposed the tag.
    pub rule_id: Option<i64>,
}

impl AnyTagFilter {
    /// Query of all tags of the filter within the scope, for exports: pages of it follow the ids.
    pub fn select(&self, scope: &AccountScope) -> Select<virtual_tag::Entity> {
        virtual_tag::find(scope).filter(hidden(scope, self.condition()))
    }

    /// Key of the counters of exactly the tags that the filter selects; `None` when no counters have all its conditions.
    fn counter_key(&self) -> Option<TagCounterKey> {
        let key = self.tag.counter_key().filter(|_| self.rule_id.is_none())?;
        let status = self.status;
        Some(TagCounterKey { status, ..key })
    }

    fn condition(&self) -> Condition {
        self.tag
            .condition()
            .add_option(self.status.map(|status| Column::ApprovalStatus.eq(status)))
            .add_option(self.rule_id.map(|rule| Column::RuleId.eq(rule)))
    }
}

/// Filter of the tags of a resource; an unset field does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceTagFilter {
    pub status: Option<ApprovalStatus>,
    pub tag_key: Option<String>,
}

/// Query of the tags of resources that the filter selects.
pub(in crate::domain) fn of_resource(
    scope: &AccountScope,
    filter: &ResourceTagFilter,
) -> Select<virtual_tag::Entity> {
    let condition = Condition::all()
        .add_option(filter.status.map(|status| Column::ApprovalStatus.eq(status)))
        .add_option(filter.tag_key.as_deref().map(|key| Column::TagKey.eq(key)));
    virtual_tag::find(scope).filter(condition)
}

/// Page of tags in any status, read by one statement.
pub async fn list(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &AnyTagFilter,
    order: TagOrder,
    window: &Window,
    projection: TagProjection,
) -> Result<Page<TagWithResource>> {
    let found = virtual_tag::find(&actor.scope).filter(filter.condition());
    if actor.scope == AccountScope::All && *filter == AnyTagFilter::default() {
        return page_of(db, found, order, window, projection).await;
    }
    let key = TagCounterKey {
        status: filter.status,
        ..filter.tag.counter_key_superset()
    };
    let at_most = counters::tags(db, &actor.scope, &key).await?;
    if let Some(accounts) = actor.scope.accounts(filter.tag.account_id.as_deref()) {
        if at_most == 0 {
            return Ok(window.page(Vec::new()));
        }
        let rows = AccountRows {
            all: virtual_tag::find(&actor.scope),
            wanted: virtual_tag::find(&AccountScope::All).filter(opaque(filter.condition())),
            account: Column::AccountId,
            key: &[Column::Id],
        };
        return page_of(
            db,
            rows.scan_ordered(accounts, order, window),
            order,
            window,
            projection,
        )
        .await;
    }
    let known = CountBounds {
        at_most,
        // The tags of a rule have an index in this order.
        is_exact: filter.counter_key().is_some() || filter.rule_id.is_some(),
        bands: None,
    };
    match choose_plan(db, found, known).await? {
        Some(found) => page_of(db, found.select, order, window, projection).await,
        None => Ok(window.page(Vec::new())),
    }
}

/// Counts the tags of the filter.
pub async fn count(db: &impl ConnectionTrait, actor: &Actor, filter: &AnyTagFilter) -> Result<Total> {
    if let Some(key) = filter.counter_key() {
        return Ok(Total::exact(counters::tags(db, &actor.scope, &key).await?));
    }
    let tags = virtual_tag::find(&actor.scope);
    if actor.scope == AccountScope::All {
        return estimate::of(db, tags.filter(filter.condition())).await;
    }
    let all = counters::tags(db, &actor.scope, &TagCounterKey::default()).await?;
    estimate::of_part(db, tags, filter.condition(), &[], estimate::LOOKED_AT, Some(all)).await
}

/// Pages of the tags of each of the resources, by one statement.
pub async fn of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
    filter: &ResourceTagFilter,
    window: &Window,
    columns: VirtualTagColumns,
) -> Result<HashMap<i64, Page<VirtualTag>>> {
    let (tags, order) = (columns.select(of_resource(scope, filter)), TagOrder::default());
    keyset::per_parent_as(db, tags, Column::ResourceId, ids, order, window, |row| {
        virtual_tag::Entity::decode(row, columns)
    })
    .await
}

/// Counts the tags of each of the resources.
pub async fn count_of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
    filter: &ResourceTagFilter,
) -> Result<HashMap<i64, u64>> {
    keyset::count_per_parent(db, of_resource(scope, filter), Column::ResourceId, ids).await
}

/// Tags that decide what holds for the resources: approved and applied ones, and denied native values. In no order.
pub async fn resolution_of(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    resources: Vec<i64>,
) -> Result<Vec<VirtualTag>> {
    let found = virtual_tag::find(scope)
        .filter(Expr::cust(
            "(virtual_tags.approval_status = 'APPROVED'
              OR virtual_tags.approval_status = 'PENDING' AND virtual_tags.auto_applied
              OR virtual_tags.approval_status = 'DENIED' AND virtual_tags.source = 'NATIVE')",
        ))
        .filter(
            Column::ResourceId
                .into_expr()
                .eq(PgFunc::any(Expr::val(resources))),
        );
    VirtualTagColumns::all().by_key(db, found).await
}

/// Tags with these ids within the scope, in no order.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
    columns: VirtualTagColumns,
) -> Result<Vec<VirtualTag>> {
    let any = PgFunc::any(Expr::val(ids));
    let select = virtual_tag::find(scope).filter(Column::Id.into_expr().eq(any));
    columns.by_key(db, select).await
}
