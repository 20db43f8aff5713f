//! Figures of the queue.

use super::filter::TagFilter;
use crate::domain::auth::Actor;
use crate::entities::{tag_audit, virtual_tag};
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, DatabaseConnection, PaginatorTrait, QueryFilter, QuerySelect};
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
    /// Decisions within the last 24 hours.
    pub decided: i64,
}

/// The figures of the tags that the filter takes; `decided` looks at the filter's accounts and key only as far as
/// the audit trail has them.
pub async fn stats(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    now: DateTime<Utc>,
) -> Result<Stats> {
    let (cells, oldest, decided) = tokio::try_join!(
        cells(db, actor, filter),
        oldest(db, actor, filter),
        decided(db, actor, filter, now - TimeDelta::hours(24))
    )?;
    let mut stats = Stats {
        oldest,
        decided,
        ..Stats::default()
    };
    for (key, auto_applied, band, count) in cells {
        stats.pending += count;
        if auto_applied {
            stats.auto_applied += count;
        }
        *stats.by_key.entry(key).or_default() += count;
        let band = usize::try_from(band).unwrap_or_default().min(BANDS - 1);
        stats.by_band[band] += count;
    }
    Ok(stats)
}

type Cell = (String, bool, i32, i64);

async fn cells(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Vec<Cell>> {
    let band = || {
        Func::cust("floor")
            .arg(Column::Confidence.into_expr().mul(Expr::cust("10")))
            .cast_as("int")
    };
    let cells = virtual_tag::find_pending(&actor.scope)
        .filter(filter.condition())
        .select_only()
        .column(Column::TagKey)
        .column(Column::AutoApplied)
        .expr(band())
        .expr(Expr::cust("count(*)"))
        .group_by(Column::TagKey)
        .group_by(Column::AutoApplied)
        .group_by(band());
    Ok(cells.into_tuple().all(db).await?)
}

async fn oldest(db: &DatabaseConnection, actor: &Actor, filter: &TagFilter) -> Result<Option<DateTime<Utc>>> {
    let oldest = virtual_tag::find_pending(&actor.scope)
        .filter(filter.condition())
        .select_only()
        .expr(Column::CreatedAt.min());
    let row: Option<Option<DateTime<Utc>>> = oldest.into_tuple().one(db).await?;
    Ok(row.flatten())
}

async fn decided(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &TagFilter,
    since: DateTime<Utc>,
) -> Result<i64> {
    use tag_audit::Column as A;
    let mut decisions = tag_audit::find(&actor.scope)
        .filter(A::Timestamp.gte(since))
        .filter(Expr::cust("tag_audit.action IN ('APPROVED', 'DENIED')"));
    if let Some(key) = &filter.tag_key {
        decisions = decisions.filter(A::TagKey.eq(key));
    }
    if let Some(account) = &filter.account_id {
        decisions = decisions.filter(A::AccountId.eq(account));
    }
    Ok(decisions.count(db).await? as i64)
}
