//! Rejections of a run, stored with their reasons.

pub use crate::entities::import_rejection::Model as RejectedLine;

use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::sql;
use crate::domain::discovery::Rejection;
use crate::entities::{AccountScope, import_rejection};
use crate::error::Result;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection};
use std::collections::HashMap;

/// Stores the faults of one entry.
pub async fn keep(txn: &impl ConnectionTrait, run_id: i64, entry: &[Rejection]) -> Result<()> {
    let keep = "INSERT INTO import_rejections (run_id, line, column_name, value, reason)
         SELECT $2, i.line, i.\"column\", i.value, i.reason
           FROM jsonb_to_recordset($1) AS i(line bigint, \"column\" text, value text, reason text)";
    sql::execute(txn, keep, [sql::recordset(entry)?, run_id.into()]).await?;
    Ok(())
}

/// Runs of discovery whose rejections are kept: a file that is read again and again has the same faults each time.
const KEPT_RUNS: i64 = 5;

/// Deletes the rejections of runs of discovery before the last few. Each run does so when it starts, so it is enough to
/// check a hundred of them.
pub async fn forget_old(db: &impl ConnectionTrait) -> Result<()> {
    let forget = "DELETE FROM import_rejections WHERE run_id IN
         (SELECT id FROM scheduler_jobs WHERE job_name = 'discover' ORDER BY id DESC OFFSET $1 LIMIT 100)";
    sql::execute(db, forget, [KEPT_RUNS.into()]).await?;
    Ok(())
}

/// Deletes the rejections of an earlier attempt of the run.
pub async fn forget(txn: &impl ConnectionTrait, run_id: i64) -> Result<()> {
    sql::execute(
        txn,
        "DELETE FROM import_rejections WHERE run_id = $1",
        [run_id.into()],
    )
    .await?;
    Ok(())
}

/// As the lines were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RejectionOrder;

impl Keyset for RejectionOrder {
    type Row = RejectedLine;

    fn name(self) -> &'static str {
        "rejections"
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(import_rejection::Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &RejectedLine) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// A page of refused lines for each of the runs, by one statement.
pub async fn of_runs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
    window: &Window,
) -> Result<HashMap<i64, Page<RejectedLine>>> {
    let (found, parent) = (import_rejection::find(scope), import_rejection::Column::RunId);
    keyset::per_parent(db, found, parent, runs, RejectionOrder, window).await
}

/// Number of lines that each of the runs refused.
pub async fn count_of_runs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    let (found, parent) = (import_rejection::find(scope), import_rejection::Column::RunId);
    keyset::count_per_parent(db, found, parent, runs).await
}
