//! Pending tags of a filter to count by their columns where no counters have the filter: all of them, or a sample.

use super::filter::TagFilter;
use super::queue::plan;
use crate::auth::{AccountScope, Actor};
use crate::db::estimate;
use crate::db::opaque::opaque;
use crate::db::sql;
use crate::entities::virtual_tag;
use crate::error::Result;
use sea_orm::sea_query::{PostgresQueryBuilder, Values};
use sea_orm::{DatabaseConnection, FromQueryResult, QueryFilter, QuerySelect, QueryTrait, Select};

/// Size of the sample of tags where a filter without counters selects many.
const SAMPLE: u64 = 30_000;

/// Pending tags of a filter, as a query to which columns and groups are added.
pub(super) struct PendingRows {
    /// Query without columns.
    pub select: Select<virtual_tag::Entity>,
    /// Share of the table's pages to read; `None` to read all tags of the filter.
    sample: Option<f64>,
}

impl PendingRows {
    /// Chooses how the tags are read; `None` if there are none.
    pub(super) async fn of(
        db: &DatabaseConnection,
        actor: &Actor,
        filter: &TagFilter,
    ) -> Result<Option<Self>> {
        let all = |select: Select<virtual_tag::Entity>| Self {
            select: select.select_only(),
            sample: None,
        };
        // All tags in the scope: a sample of the table would reveal other accounts.
        if actor.scope != AccountScope::All {
            let pending = virtual_tag::find_pending(&actor.scope);
            return Ok(Some(all(pending.filter(opaque(filter.condition())))));
        }
        let Some(pending) = plan::pending(db, actor, filter).await? else {
            return Ok(None);
        };
        let mut rows = all(pending.select.clone());
        if !pending.is_small && estimate::of(db, pending.select).await?.is_estimate {
            rows.sample = Some((SAMPLE as f64 / rows_of_table(db).await?).min(1.0));
        }
        Ok(Some(rows))
    }

    /// True if numbers of tags are estimates.
    pub(super) fn is_estimate(&self) -> bool {
        self.sample.is_some()
    }

    /// Text and values of the query `select`, which was made of these rows.
    pub(super) fn build(&self, select: Select<virtual_tag::Entity>) -> (String, Values) {
        let (text, values) = select.into_query().build(PostgresQueryBuilder);
        match self.sample {
            None => (text, values),
            // Whole pages of the table, evenly distributed.
            Some(part) => {
                let sampled = format!("FROM \"virtual_tags\" TABLESAMPLE SYSTEM ({}) ", part * 100.0);
                (text.replacen("FROM \"virtual_tags\" ", &sampled, 1), values)
            }
        }
    }

    /// Number of tags that a count of these rows stands for.
    pub(super) fn scaled(&self, count: i64) -> i64 {
        match self.sample {
            None => count,
            Some(part) => (count as f64 / part).round() as i64,
        }
    }
}

/// Estimates the rows of the table as the planner does: rows per page at the last ANALYZE, times the pages of now.
async fn rows_of_table(db: &DatabaseConnection) -> Result<f64> {
    let rows =
        "SELECT greatest(1, CASE WHEN reltuples > 0 AND relpages > 0 THEN reltuples / relpages ELSE 20 END
             * (pg_relation_size(oid) / current_setting('block_size')::bigint))::float8 AS rows
           FROM pg_class WHERE oid = 'virtual_tags'::regclass";
    let rows: Option<TableRowsRow> = sql::row(db, rows, []).await?;
    Ok(rows.map_or(1.0, |found| found.rows))
}

#[derive(FromQueryResult)]
struct TableRowsRow {
    rows: f64,
}
