//! The queue in groups: tags that were proposed for the same reason, to be decided together.

use super::{GroupKey, TagFilter, find};
use crate::db::sql;
use crate::domain::auth::{AccountScope, Actor};
use crate::domain::counters::{self, GROUP_CELLS, GroupCells};
use crate::domain::page::{Key, KeyKind, Keyset, Page, Window};
use crate::domain::total::{self, Total};
use crate::entities::{TagSource, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveEnum, ColumnTrait, DatabaseConnection, FromQueryResult, IdenStatic, QuerySelect, Select, Value,
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

/// The groups of the tags that the filter takes; `None` when it is known that there are none.
async fn grouped(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<Option<Select<virtual_tag::Entity>>> {
    let found = find::pending(db, actor, filter).await?;
    Ok(found.map(|found| {
        let tags = found.select.select_only();
        COLUMNS
            .iter()
            .fold(tags, |tags, column| tags.column(*column).group_by(*column))
    }))
}

/// The counters that have the groups that the filter takes for the actor, if any have.
fn counted(actor: &Actor, filter: &TagFilter) -> Option<GroupCells> {
    match actor.scope {
        AccountScope::All => filter.group_cells(),
        AccountScope::Only(_) => None,
    }
}

/// A page of the queue's groups.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    window: &Window,
) -> Result<Page<Group>> {
    if let Some(cells) = counted(actor, filter) {
        return list_counted(db, cells, window).await;
    }
    let Some(groups) = grouped(db, actor, filter).await? else {
        return Ok(window.page(Vec::new()));
    };
    let groups = groups
        .column_as(Column::Id.count(), "count")
        .column_as(Column::Confidence.min(), "min_confidence")
        .column_as(Column::Confidence.max(), "max_confidence")
        .column_as(Column::CreatedAt.min(), "oldest");
    let found = Group::find_by_statement(window.statement(groups, GroupOrder));
    Ok(window.page(found.all(db).await?))
}

/// A page of the groups that the counters have. Only what they do not tell is looked up, each by one step in an index.
async fn list_counted(db: &DatabaseConnection, cells: GroupCells, window: &Window) -> Result<Page<Group>> {
    let direction = if window.backward { "DESC" } else { "ASC" };
    let order = COLUMNS
        .map(|column| format!("{} {direction}", column.as_str()))
        .join(", ");
    let one = |name: &str, order: &str| {
        format!(
            "CROSS JOIN LATERAL (SELECT confidence, created_at FROM virtual_tags t
                  WHERE t.approval_status = 'PENDING' AND t.tag_key = page.tag_key AND t.tag_value = page.tag_value
                    AND t.source = page.source AND t.evidence_signature = page.evidence_signature
                  ORDER BY {order} LIMIT 1) {name}"
        )
    };
    let page = format!(
        "WITH page AS MATERIALIZED (
             SELECT tag_key, tag_value, source, evidence_signature, count FROM group_counts_now
              WHERE {GROUP_CELLS}
                AND ($5::text IS NULL OR (tag_key, tag_value, source, evidence_signature) > ($5, $6, $7, $8))
                AND ($9::text IS NULL OR (tag_key, tag_value, source, evidence_signature) < ($9, $10, $11, $12))
              ORDER BY {order} LIMIT {})
         SELECT page.*, least.confidence AS min_confidence, most.confidence AS max_confidence,
                first.created_at AS oldest
           FROM page {} {} {}
          ORDER BY {order}",
        window.size + 1,
        one("least", "confidence"),
        one("most", "confidence DESC"),
        one("first", "created_at"),
    );
    let bound = |keys: &Option<Vec<Key>>| -> [Value; 4] {
        let text = |at: usize| match keys.as_ref().and_then(|keys| keys.get(at)) {
            Some(Key::Text(text)) => Some(text.clone()),
            _ => None,
        };
        [0, 1, 2, 3].map(|at| text(at).into())
    };
    let binds = cells
        .binds()
        .into_iter()
        .chain(bound(&window.after))
        .chain(bound(&window.before));
    Ok(window.page(sql::rows(db, &page, binds).await?))
}

/// How many groups the queue has.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Total> {
    if let Some(cells) = counted(actor, filter) {
        return Ok(Total::exact(counters::groups(db, &cells).await?));
    }
    match grouped(db, actor, filter).await? {
        Some(groups) => total::of_rows(db, groups).await,
        None => Ok(Total::exact(0)),
    }
}
