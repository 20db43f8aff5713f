//! Statistics of the queue.

use super::columns::TagProjection;
use super::filter::TagFilter;
use super::pending_rows::PendingRows;
use super::queue::{self, QueueOrder};
use crate::auth::Actor;
use crate::db::keyset::Window;
use crate::db::sql;
use crate::domain::counters::{self, ConfidenceBandCount, TagCounterKey};
use crate::entities::ApprovalStatus;
use crate::entities::virtual_tag::Column;
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, DatabaseConnection, QuerySelect};
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
    let Some(rows) = PendingRows::of(db, actor, filter).await? else {
        return Ok((Vec::new(), false));
    };
    let band = || Func::cust("confidence_band").arg(Column::Confidence.into_expr());
    let counted = (rows.select.clone())
        .column(Column::TagKey)
        .column(Column::AutoApplied)
        .expr_as(band(), "band")
        .column_as(Expr::cust("count(*)"), "count")
        .group_by(Column::TagKey)
        .group_by(Column::AutoApplied)
        .group_by(band());
    let (text, values) = rows.build(counted);
    let mut bands: Vec<ConfidenceBandCount> = sql::rows(db, &text, values.0).await?;
    for band in &mut bands {
        band.count = rows.scaled(band.count);
    }
    Ok((bands, rows.is_estimate()))
}

async fn oldest(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Option<DateTime<Utc>>> {
    let (order, projection) = (QueueOrder::Age, TagProjection::default());
    let page = queue::list(db, actor, filter, order, &Window::first(1), projection).await?;
    Ok(page.rows.first().map(|first| first.tag.created_at))
}
