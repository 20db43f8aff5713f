//! Reading the audit trail.

use super::AuditRow;
use crate::domain::auth::{AccountScope, Actor};
use crate::domain::page::{self, Key, KeyKind, Keyset, Page, Window};
use crate::domain::total::{self, Total};
use crate::entities::AuditAction;
use crate::entities::tag_audit::{self, Column};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter};
use std::collections::HashMap;

/// Which audit rows; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuditFilter {
    /// Of this resource.
    pub resource_id: Option<i64>,
    /// Of this virtual tag.
    pub virtual_tag_id: Option<i64>,
    /// Of tags with this key.
    pub tag_key: Option<String>,
    /// What happened.
    pub action: Option<AuditAction>,
    /// Who did it.
    pub actor: Option<String>,
    /// At this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

impl AuditFilter {
    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(self.resource_id.map(|id| Column::ResourceId.eq(id)))
            .add_option(self.virtual_tag_id.map(|id| Column::VirtualTagId.eq(id)))
            .add_option(self.tag_key.as_deref().map(|key| Column::TagKey.eq(key)))
            .add_option(self.action.map(|action| Column::Action.eq(action)))
            .add_option(self.actor.as_deref().map(|actor| Column::Actor.eq(actor)))
            .add_option(self.from.map(|from| Column::Timestamp.gte(from)))
            .add_option(self.to.map(|to| Column::Timestamp.lt(to)))
    }
}

/// An order of the trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuditOrder {
    /// The last change first.
    #[default]
    Newest,
    /// The first change first.
    Oldest,
}

impl Keyset for AuditOrder {
    type Row = AuditRow;

    fn name(self) -> &'static str {
        match self {
            Self::Newest => "tagAudit.newest",
            Self::Oldest => "tagAudit.oldest",
        }
    }

    fn descending(self) -> bool {
        self == Self::Newest
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![
            (Column::Timestamp.into_expr(), KeyKind::Time),
            (Column::Id.into_expr(), KeyKind::Int),
        ]
    }

    fn key(self, row: &AuditRow) -> Vec<Key> {
        vec![Key::Time(row.timestamp), Key::Int(row.id)]
    }
}

/// A page of the audit rows that exist for the actor.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &AuditFilter,
    order: AuditOrder,
    window: &Window,
) -> Result<Page<AuditRow>> {
    let found = tag_audit::find(&actor.scope).filter(filter.condition());
    let found = AuditRow::find_by_statement(window.statement(found, order));
    Ok(window.page(found.all(db).await?))
}

/// How many audit rows the filter takes.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &AuditFilter) -> Result<Total> {
    total::of(db, tag_audit::find(&actor.scope).filter(filter.condition())).await
}

/// The audit rows with these keys that exist within the scope; both parts of a key are needed to find its partition.
pub async fn by_keys(
    db: &DatabaseConnection,
    scope: &AccountScope,
    keys: Vec<(DateTime<Utc>, i64)>,
) -> Result<Vec<AuditRow>> {
    let (timestamps, ids): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let found = tag_audit::find(scope)
        .filter(
            Column::Timestamp
                .into_expr()
                .eq(PgFunc::any(Expr::val(timestamps))),
        )
        .filter(Column::Id.into_expr().eq(PgFunc::any(Expr::val(ids))));
    Ok(found.all(db).await?)
}

/// A page of audit rows for each of the resources, by one statement.
pub async fn of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
    order: AuditOrder,
    window: &Window,
) -> Result<HashMap<i64, Page<AuditRow>>> {
    page::per_parent(db, tag_audit::find(scope), Column::ResourceId, ids, order, window).await
}

/// How many audit rows each of the resources has.
pub async fn count_of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    page::count_per_parent(db, tag_audit::find(scope), Column::ResourceId, ids).await
}
