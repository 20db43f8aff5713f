//! Facets of the queue: the values of a column among the pending tags, with their numbers.

use super::filter::TagFilter;
use super::pending_rows::PendingRows;
use crate::auth::{AccountScope, Actor};
use crate::db::sql;
use crate::domain::counters::TagCounterKey;
use crate::domain::counters::facets::{self, FacetCount, FacetSearch};
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::Column;
use crate::error::Result;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, IdenStatic, QuerySelect};

/// Column by which pending tags are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApprovalFacet {
    /// Account of the resource.
    Account,
    /// Cloud of the resource.
    Cloud,
    /// Tag key.
    Key,
    /// Type of the resource.
    ResourceType,
    /// Source of the value.
    Source,
    /// Tag value.
    Value,
}

impl ApprovalFacet {
    fn column(self) -> Column {
        match self {
            Self::Account => Column::AccountId,
            Self::Cloud => Column::Cloud,
            Self::Key => Column::TagKey,
            Self::ResourceType => Column::ResourceType,
            Self::Source => Column::Source,
            Self::Value => Column::TagValue,
        }
    }

    /// Same filter without its condition on the column.
    fn without_own(self, mut filter: TagFilter) -> TagFilter {
        match self {
            Self::Account => filter.account_id = None,
            Self::Cloud => filter.cloud = None,
            Self::Key => filter.tag_key = None,
            Self::ResourceType => filter.resource_type = None,
            Self::Source => filter.source = None,
            Self::Value => filter.tag_value = None,
        }
        filter
    }
}

/// Values of a column among the pending tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FacetCounts {
    /// Values, those with most tags first.
    pub values: Vec<FacetCount>,
    /// True if the numbers are estimates from a sample, in which rare values are missing.
    pub is_estimate: bool,
}

/// Counts the pending tags of the filter by a column. The filter's own condition on the column does not apply, so that other
/// values can be chosen.
pub async fn count_by(
    db: &DatabaseConnection,
    actor: &Actor,
    facet: ApprovalFacet,
    filter: TagFilter,
    search: &FacetSearch,
) -> Result<FacetCounts> {
    let (filter, column) = (facet.without_own(filter), facet.column());
    let by_groups = matches!(
        facet,
        ApprovalFacet::Value | ApprovalFacet::Key | ApprovalFacet::Source
    ) && actor.scope == AccountScope::All;
    let by_tags = !matches!(facet, ApprovalFacet::Value | ApprovalFacet::ResourceType);
    let values = if let Some(key) = filter.counter_key().filter(|_| by_tags) {
        let status = Some(ApprovalStatus::Pending);
        let key = TagCounterKey { status, ..key };
        facets::of_tags(db, &actor.scope, &key, column.as_str(), search).await?
    } else if let Some(key) = filter.group_counter_key().filter(|_| by_groups) {
        facets::of_groups(db, &key, column.as_str(), search).await?
    } else {
        return count_rows(db, actor, column, &filter, search).await;
    };
    Ok(FacetCounts {
        values,
        is_estimate: false,
    })
}

async fn count_rows(
    db: &DatabaseConnection,
    actor: &Actor,
    column: Column,
    filter: &TagFilter,
    search: &FacetSearch,
) -> Result<FacetCounts> {
    let Some(rows) = PendingRows::of(db, actor, filter).await? else {
        return Ok(FacetCounts::default());
    };
    let counted = (rows.select.clone())
        .expr_as(column.into_expr(), "value")
        .column_as(Expr::cust("count(*)"), "count")
        .group_by(column);
    let (text, values) = rows.build(counted);
    let (text, values) = search.statement(&text, values.0);
    let mut values: Vec<FacetCount> = sql::rows(db, &text, values).await?;
    for value in &mut values {
        value.count = rows.scaled(value.count);
    }
    Ok(FacetCounts {
        values,
        is_estimate: rows.is_estimate(),
    })
}
