//! Figures of the queue.

use super::filter::TagFilter;
use crate::domain::auth::Actor;
use crate::domain::counters::{self, Band, TagCells};
use crate::entities::{ApprovalStatus, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, QuerySelect};
use std::collections::BTreeMap;
use virtual_tag::Column;

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
    /// Decisions within the last 24 hours, to the minute.
    pub decided: i64,
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
    let (bands, oldest, decided) = tokio::try_join!(
        cells(db, actor, filter),
        oldest(db, actor, filter),
        counters::decisions(db, &actor.scope, account, key, since)
    )?;
    let mut stats = Stats {
        oldest,
        decided: decided as i64,
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

async fn cells(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Vec<Band>> {
    if let Some(cells) = filter.cells() {
        let status = Some(ApprovalStatus::Pending);
        return counters::bands(db, &actor.scope, &TagCells { status, ..cells }).await;
    }
    let band = || Func::cust("confidence_band").arg(Column::Confidence.into_expr());
    let cells = virtual_tag::find_pending(&actor.scope)
        .filter(filter.condition())
        .select_only()
        .column(Column::TagKey)
        .column(Column::AutoApplied)
        .expr_as(band(), "band")
        .column_as(Expr::cust("count(*)"), "count")
        .group_by(Column::TagKey)
        .group_by(Column::AutoApplied)
        .group_by(band());
    Ok(cells.into_model().all(db).await?)
}

async fn oldest(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Option<DateTime<Utc>>> {
    let oldest = virtual_tag::find_pending(&actor.scope)
        .filter(filter.condition())
        .select_only()
        .expr(Column::CreatedAt.min());
    let row: Option<Option<DateTime<Utc>>> = oldest.into_tuple().one(db).await?;
    Ok(row.flatten())
}
