//! The queue in groups: tags that were proposed for the same reason, to be decided together.

use super::{GroupKey, TagFilter};
use crate::domain::auth::Actor;
use crate::domain::page::{Key, KeyKind, Keyset, Page, Window};
use crate::entities::{TagSource, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseConnection, FromQueryResult, QueryFilter, QuerySelect,
    QueryTrait, Select,
};
use virtual_tag::Column;

/// Pending tags with the same key, value, source and evidence.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Group {
    /// The key that they propose.
    pub tag_key: String,
    /// The value that they propose.
    pub tag_value: String,
    /// Where the value comes from.
    pub source: TagSource,
    /// What fired.
    pub evidence_signature: String,
    /// How many there are.
    pub count: i64,
    /// The lowest confidence among them.
    pub min_confidence: f64,
    /// The highest confidence among them.
    pub max_confidence: f64,
    /// Since when the oldest of them waits.
    pub oldest: DateTime<Utc>,
}

impl From<&Group> for GroupKey {
    fn from(group: &Group) -> Self {
        Self {
            tag_key: group.tag_key.clone(),
            tag_value: group.tag_value.clone(),
            source: group.source,
            evidence_signature: group.evidence_signature.clone(),
        }
    }
}

/// By key, value, source and evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupOrder;

const COLUMNS: [Column; 4] = [
    Column::TagKey,
    Column::TagValue,
    Column::Source,
    Column::EvidenceSignature,
];

impl Keyset for GroupOrder {
    type Row = Group;

    fn name(self) -> &'static str {
        "approvalGroups"
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        COLUMNS.map(|column| (column.into_expr(), KeyKind::Text)).into()
    }

    fn key(self, group: &Group) -> Vec<Key> {
        vec![
            Key::Text(group.tag_key.clone()),
            Key::Text(group.tag_value.clone()),
            Key::Text(group.source.to_value()),
            Key::Text(group.evidence_signature.clone()),
        ]
    }
}

fn grouped(actor: &Actor, filter: &TagFilter) -> Select<virtual_tag::Entity> {
    let mut pending = virtual_tag::find_pending(&actor.scope)
        .filter(filter.condition())
        .select_only();
    for column in COLUMNS {
        pending = pending.column(column).group_by(column);
    }
    pending
}

/// A page of the queue's groups.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    window: &Window,
) -> Result<Page<Group>> {
    let groups = grouped(actor, filter)
        .column_as(Column::Id.count(), "count")
        .column_as(Column::Confidence.min(), "min_confidence")
        .column_as(Column::Confidence.max(), "max_confidence")
        .column_as(Column::CreatedAt.min(), "oldest");
    let found = Group::find_by_statement(window.statement(groups, GroupOrder));
    Ok(window.page(found.all(db).await?))
}

/// How many groups the queue has.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<u64> {
    let mut groups = grouped(actor, filter).into_query();
    let mut count = Query::select();
    count
        .expr(Expr::cust("count(*)"))
        .from_subquery(groups.take(), "groups");
    let row = db.query_one(&count).await?;
    let count: i64 = row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .unwrap_or_default();
    Ok(count as u64)
}
