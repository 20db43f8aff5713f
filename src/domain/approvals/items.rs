//! Decision items: the outcome of each tag that a run decides.

use super::decision::counter_name;
use crate::auth::AccountScope;
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::sql;
use crate::entities::Outcome;
pub use crate::entities::decision_item::Model as DecisionItem;
use crate::entities::decision_item::{Column, Entity, find};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, Select};
use std::collections::HashMap;

/// Order in which the run decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ItemOrder;

impl Keyset for ItemOrder {
    type Row = DecisionItem;

    fn name(self) -> &'static str {
        "decisions"
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Position.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &DecisionItem) -> Vec<Key> {
        vec![Key::Int(row.position)]
    }
}

/// Filter of the items of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemFilter {
    /// All items.
    All,
    /// Items that the run has not reached.
    Waiting,
    /// Items with this outcome.
    Outcome(Outcome),
}

fn filtered(scope: &AccountScope, filter: ItemFilter) -> Select<Entity> {
    match filter {
        ItemFilter::All => find(scope),
        ItemFilter::Waiting => find(scope).filter(Column::Outcome.is_null()),
        ItemFilter::Outcome(outcome) => find(scope).filter(Column::Outcome.eq(outcome)),
    }
}

/// Pages of the items of each of the runs, by one statement.
pub async fn of_runs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
    filter: ItemFilter,
    window: &Window,
) -> Result<HashMap<i64, Page<DecisionItem>>> {
    keyset::per_parent(
        db,
        filtered(scope, filter),
        Column::RunId,
        runs,
        ItemOrder,
        window,
    )
    .await
}

/// Counts the items of each of the runs: by the counts of the runs for callers that may see all accounts.
pub async fn count_of_runs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
    filter: ItemFilter,
) -> Result<HashMap<i64, u64>> {
    #[derive(FromQueryResult)]
    struct ItemCountRow {
        id: i64,
        count: i64,
    }
    if *scope != AccountScope::All {
        return keyset::count_per_parent(db, filtered(scope, filter), Column::RunId, runs).await;
    }
    let expression = match filter {
        ItemFilter::All => "coalesce(progress_total, 0)".to_owned(),
        ItemFilter::Waiting => "coalesce(progress_total, 0) - progress_done".to_owned(),
        ItemFilter::Outcome(outcome) => {
            format!("coalesce((counts ->> '{}')::bigint, 0)", counter_name(outcome))
        }
    };
    let count = format!(
        "SELECT id, {expression} AS count FROM scheduler_jobs WHERE id = ANY($1) AND job_name = 'decide'"
    );
    let rows: Vec<ItemCountRow> = sql::rows(db, &count, [runs.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.count.unsigned_abs()))
        .collect())
}

/// Deletes the items of runs that ended before `older_than`, and returns their number.
pub async fn prune(db: &DatabaseConnection, older_than: DateTime<Utc>) -> Result<u64> {
    let prune = "DELETE FROM decision_items WHERE run_id IN
         (SELECT id FROM scheduler_jobs WHERE job_name = 'decide' AND finished_at < $1)";
    sql::execute(db, prune, [older_than.into()]).await
}
