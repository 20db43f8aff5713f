//! Reading what became of each tag that a run was to decide.

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

/// As the run goes along them.
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

/// Which items of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemFilter {
    /// All of them.
    All,
    /// Those that the run has not come to.
    Waiting,
    /// Those of which this became.
    Outcome(Outcome),
}

fn of(scope: &AccountScope, filter: ItemFilter) -> Select<Entity> {
    match filter {
        ItemFilter::All => find(scope),
        ItemFilter::Waiting => find(scope).filter(Column::Outcome.is_null()),
        ItemFilter::Outcome(outcome) => find(scope).filter(Column::Outcome.eq(outcome)),
    }
}

/// A page of items for each of the runs, by one statement.
pub async fn of_runs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
    filter: ItemFilter,
    window: &Window,
) -> Result<HashMap<i64, Page<DecisionItem>>> {
    keyset::per_parent(db, of(scope, filter), Column::RunId, runs, ItemOrder, window).await
}

/// How many items each of the runs has. The runs' own figures tell it to those who may see all accounts.
pub async fn count_of_runs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
    filter: ItemFilter,
) -> Result<HashMap<i64, u64>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: i64,
        count: i64,
    }
    if *scope != AccountScope::All {
        return keyset::count_per_parent(db, of(scope, filter), Column::RunId, runs).await;
    }
    let figure = match filter {
        ItemFilter::All => "coalesce(progress_total, 0)".to_owned(),
        ItemFilter::Waiting => "coalesce(progress_total, 0) - progress_done".to_owned(),
        ItemFilter::Outcome(outcome) => {
            format!("coalesce((counts ->> '{}')::bigint, 0)", counter_name(outcome))
        }
    };
    let count = format!(
        "SELECT id, {figure} AS count FROM scheduler_jobs WHERE id = ANY($1) AND job_name = 'decide'"
    );
    let rows: Vec<Row> = sql::rows(db, &count, [runs.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.count.unsigned_abs()))
        .collect())
}

/// Forgets the items of runs that ended before `older_than`; gives how many went.
pub async fn prune(db: &DatabaseConnection, older_than: DateTime<Utc>) -> Result<u64> {
    let prune = "DELETE FROM decision_items WHERE run_id IN
         (SELECT id FROM scheduler_jobs WHERE job_name = 'decide' AND finished_at < $1)";
    sql::execute(db, prune, [older_than.into()]).await
}
