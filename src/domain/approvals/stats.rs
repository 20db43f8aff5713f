//! Figures of the queue.

use super::columns::TagProjection;
use super::filter::TagFilter;
use super::queue::{self, QueueOrder, plan};
use crate::auth::{AccountScope, Actor};
use crate::db::estimate;
use crate::db::keyset::Window;
use crate::db::opaque::opaque;
use crate::db::sql;
use crate::domain::counters::{self, Band, TagCounterKey};
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::{self, Column};
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, Func, PostgresQueryBuilder};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use std::collections::BTreeMap;

/// Bands of confidence of equal width.
pub const BANDS: usize = 10;

/// How the queue stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Tags that wait.
    pub pending: i64,
    /// Of them, applied by themselves.
    pub auto_applied: i64,
    /// By key.
    pub by_key: BTreeMap<String, i64>,
    /// By confidence: the first from 0 to 0.1, the last from 0.9 to 1, each without its upper end but the last.
    pub by_band: [i64; BANDS],
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Decisions within the last 24 hours, to the minute, that stand.
    pub decided: i64,
    /// Whether the figures but the last two are estimates from a sample.
    pub is_estimate: bool,
}

/// The figures of the tags that the filter takes; `decided` looks at the filter's accounts and key only as far as
/// the counters have them.
pub async fn stats(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    now: DateTime<Utc>,
) -> Result<Stats> {
    let (account, key) = (filter.account_id.as_deref(), filter.tag_key.as_deref());
    let since = now - TimeDelta::hours(24);
    let ((bands, is_estimate), oldest, decided) = tokio::try_join!(
        bands(db, actor, filter),
        oldest(db, actor, filter),
        counters::decisions(db, &actor.scope, account, key, since)
    )?;
    let mut stats = Stats {
        oldest,
        decided: decided as i64,
        is_estimate,
        ..Stats::default()
    };
    for band in bands {
        stats.pending += band.count;
        if band.auto_applied {
            stats.auto_applied += band.count;
        }
        *stats.by_key.entry(band.tag_key).or_default() += band.count;
        let at = usize::try_from(band.band).unwrap_or_default().min(BANDS - 1);
        stats.by_band[at] += band.count;
    }
    Ok(stats)
}

/// Tags that are looked at when a filter that no counter is kept for takes a great many.
const SAMPLE: u64 = 30_000;

/// The figures by key, kind and confidence, and whether they are estimates.
async fn bands(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<(Vec<Band>, bool)> {
    if let Some(cells) = filter.counter_key() {
        let status = Some(ApprovalStatus::Pending);
        let bands = counters::bands(db, &actor.scope, &TagCounterKey { status, ..cells }).await?;
        return Ok((bands, false));
    }
    let (pending, many) = match &actor.scope {
        // All that there is in the scope: a sample of the table would tell of others.
        AccountScope::Only(_) => {
            let pending = virtual_tag::find_pending(&actor.scope);
            (pending.filter(opaque(filter.condition())), false)
        }
        AccountScope::All => {
            let Some(pending) = plan::pending(db, actor, filter).await? else {
                return Ok((Vec::new(), false));
            };
            let many = !pending.few && estimate::of(db, pending.select.clone()).await?.is_estimate;
            (pending.select, many)
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
    if !many {
        return Ok((Band::find_by_statement(statement).all(db).await?, false));
    }
    // Whole pages of the table, evenly spread.
    let part = (SAMPLE as f64 / rows_of_table(db).await?).min(1.0);
    let sampled = format!("FROM \"virtual_tags\" TABLESAMPLE SYSTEM ({}) ", part * 100.0);
    statement.sql = text.replacen("FROM \"virtual_tags\" ", &sampled, 1);
    let mut bands = Band::find_by_statement(statement).all(db).await?;
    for band in &mut bands {
        band.count = (band.count as f64 / part).round() as i64;
    }
    Ok((bands, true))
}

/// About how many tags there are, whoever may see them: as the planner does it, from what a page held when it was last
/// looked at, and from how many pages there are now.
async fn rows_of_table(db: &DatabaseConnection) -> Result<f64> {
    let rows =
        "SELECT greatest(1, CASE WHEN reltuples > 0 AND relpages > 0 THEN reltuples / relpages ELSE 20 END
             * (pg_relation_size(oid) / current_setting('block_size')::bigint))::float8 AS rows
           FROM pg_class WHERE oid = 'virtual_tags'::regclass";
    let rows: Option<Rows> = sql::row(db, rows, []).await?;
    Ok(rows.map_or(1.0, |found| found.rows))
}

#[derive(FromQueryResult)]
struct Rows {
    rows: f64,
}

async fn oldest(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Option<DateTime<Utc>>> {
    let (order, projection) = (QueueOrder::Age, TagProjection::default());
    let page = queue::list(db, actor, filter, order, &Window::first(1), projection).await?;
    Ok(page.rows.first().map(|first| first.tag.created_at))
}
