//! Rejections of a run, stored with their reasons.

use crate::db::sql;
use crate::domain::discovery::Rejection;
use crate::error::Result;
use sea_orm::ConnectionTrait;

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
