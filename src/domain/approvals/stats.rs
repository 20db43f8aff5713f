//! Statistics of the queue.

use super::columns::TagProjection;
use super::filter::TagFilter;
use super::queue::{self, QueueOrder, plan};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate;
use crate::db::keyset::Window;
use crate::db::opaque::opaque;
use crate::db::sql;
use crate::domain::counters::{self, ConfidenceBandCount, TagCounterKey};
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::{self, Column};
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, Func, PostgresQueryBuilder};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use std::collections::BTreeMap;

/// Number of bands of confidence, of equal width: two of those of the counters.
pub const BANDS: usize = 10;

/// Statistics of the queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueStats {
    /// Pending tags.
    pub pending: i64,
    /// Pending tags that were auto-applied.
    pub auto_applied: i64,
    /// Pending tags by key.
    pub by_key: BTreeMap<String, i64>,
    /// Pending tags by confidence: the first band from 0 to 0.1, the last from 0.9 to 1; only the last includes its
    /// upper end.
    pub by_band: [i64; BANDS],
    /// Time at which the oldest was proposed.
    pub oldest: Option<DateTime<Utc>>,
    /// Decisions within the last 24 hours, to the minute, that still hold.
    pub decided: i64,
    /// True if the counts but `decided` are estimates from a sample.
    pub is_estimate: bool,
}

/// Computes the statistics of the tags that the filter selects; of the filter, only account and key apply to `decided`.
pub async fn stats(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    now: DateTime<Utc>,
) -> Result<QueueStats> {
    let (account, key) = (filter.account_id.as_deref(), filter.tag_key.as_deref());
    let since = now - TimeDelta::hours(24);
    let ((bands, is_estimate), oldest, decided) = tokio::try_join!(
        bands(db, actor, filter),
        oldest(db, actor, filter),
        counters::decisions(db, &actor.scope, account, key, since)
    )?;
    let mut stats = QueueStats {
        oldest,
        decided: decided as i64,
        is_estimate,
        ..QueueStats::default()
    };
    for band in bands {
        stats.pending += band.count;
        if band.auto_applied {
            stats.auto_applied += band.count;
        }
        *stats.by_key.entry(band.tag_key).or_default() += band.count;
        let at = usize::try_from(band.band / 2).unwrap_or_default().min(BANDS - 1);
        stats.by_band[at] += band.count;
    }
    Ok(stats)
}

/// Size of the sample of tags where a filter without counters selects many.
const SAMPLE: u64 = 30_000;

/// Counts by key, kind and confidence, and true if they are estimates.
async fn bands(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
) -> Result<(Vec<ConfidenceBandCount>, bool)> {
    if let Some(key) = filter.counter_key() {
        let status = Some(ApprovalStatus::Pending);
        let bands = counters::bands(db, &actor.scope, &TagCounterKey { status, ..key }).await?;
        return Ok((bands, false));
    }
    let (pending, is_sampled) = match &actor.scope {
        // All tags in the scope: a sample of the table would reveal other accounts.
        AccountScope::Only(_) => {
            let pending = virtual_tag::find_pending(&actor.scope);
            (pending.filter(opaque(filter.condition())), false)
        }
        AccountScope::All => {
            let Some(pending) = plan::pending(db, actor, filter).await? else {
                return Ok((Vec::new(), false));
            };
            let is_sampled = !pending.is_small && estimate::of(db, pending.select.clone()).await?.is_estimate;
            (pending.select, is_sampled)
        }
    };
    let band = || Func::cust("confidence_band").arg(Column::Confidence.into_expr());
    let (text, values) = pending
        .select_only()
        .column(Column::TagKey)
        .column(Column::AutoApplied)
        .expr_as(band(), "band")
        .column_as(Expr::cust("count(*)"), "count")
        .group_by(Column::TagKey)
        .group_by(Column::AutoApplied)
        .group_by(band())
        .into_query()
        .build(PostgresQueryBuilder);
    let mut statement = sql::statement(&text, []);
    statement.values = Some(values);
    if !is_sampled {
        return Ok((
            ConfidenceBandCount::find_by_statement(statement).all(db).await?,
            false,
        ));
    }
    // Whole pages of the table, evenly distributed.
    let part = (SAMPLE as f64 / rows_of_table(db).await?).min(1.0);
    let sampled = format!("FROM \"virtual_tags\" TABLESAMPLE SYSTEM ({}) ", part * 100.0);
    statement.sql = text.replacen("FROM \"virtual_tags\" ", &sampled, 1);
    let mut bands = ConfidenceBandCount::find_by_statement(statement).all(db).await?;
    for band in &mut bands {
        band.count = (band.count as f64 / part).round() as i64;
    }
    Ok((bands, true))
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

async fn oldest(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Option<DateTime<Utc>>> {
    let (order, projection) = (QueueOrder::Age, TagProjection::default());
    let page = queue::list(db, actor, filter, order, &Window::first(1), projection).await?;
    Ok(page.rows.first().map(|first| first.tag.created_at))
}
