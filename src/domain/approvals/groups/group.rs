//! Group of the queue, and the parts of statements that read groups.

use crate::domain::approvals::selection::GroupKey;
use crate::entities::{TagSource, virtual_tag};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, FromQueryResult, QuerySelect, Select};
use virtual_tag::Column;

/// Rank by cost of groups in other orders.
pub(super) const NO_COST: &str = "NULL::float8";

/// Columns that name a group.
pub(super) const COLUMNS: [Column; 4] = [
    Column::TagKey,
    Column::TagValue,
    Column::Source,
    Column::EvidenceSignature,
];

/// Group of pending tags with the same key, value, source and evidence.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Group {
    pub tag_key: String,
    pub tag_value: String,
    pub source: TagSource,
    /// Evidence, in words that are the same on every resource.
    pub evidence_signature: String,
    /// Number of tags.
    pub count: i64,
    pub min_confidence: f64,
    pub max_confidence: f64,
    /// Time at which the oldest tag was proposed.
    pub oldest: DateTime<Utc>,
    /// Rank by cost at stake; 0 where no cost is known, `None` in other orders than that by cost.
    pub cost: Option<f64>,
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

/// Groups the tags: one row per group.
pub(super) fn grouped(tags: Select<virtual_tag::Entity>) -> Select<virtual_tag::Entity> {
    COLUMNS.iter().fold(tags.select_only(), |tags, column| {
        tags.column(*column).group_by(*column)
    })
}

/// Selects count, confidences and age of tags.
pub(super) fn with_aggregates(tags: Select<virtual_tag::Entity>) -> Select<virtual_tag::Entity> {
    tags.column_as(Column::Id.count(), "count")
        .column_as(Column::Confidence.min(), "min_confidence")
        .column_as(Column::Confidence.max(), "max_confidence")
        .column_as(Column::CreatedAt.min(), "oldest")
        .expr_as(Expr::cust(NO_COST), "cost")
}

/// Statement for the groups of a subquery `page`, with their confidences and age.
pub(super) fn with_extremes(page: &str, order: &str) -> String {
    let one = |name: &str, order: &str| {
        format!(
            "CROSS JOIN LATERAL (SELECT confidence, created_at FROM virtual_tags t
                  WHERE t.approval_status = 'PENDING' AND t.tag_key = page.tag_key AND t.tag_value = page.tag_value
                    AND t.source = page.source AND t.evidence_signature = page.evidence_signature
                  ORDER BY {order} LIMIT 1) {name}"
        )
    };
    format!(
        "WITH {page}
         SELECT page.*, least.confidence AS min_confidence, most.confidence AS max_confidence,
                first.created_at AS oldest, {NO_COST} AS cost
           FROM page {} {} {}
          ORDER BY {order}",
        one("least", "confidence"),
        one("most", "confidence DESC"),
        one("first", "created_at"),
    )
}
