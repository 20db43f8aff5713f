//! What a run refused, kept for whoever asks why.

use crate::db::sql;
use crate::domain::discovery::Rejection;
use crate::error::Result;
use sea_orm::ConnectionTrait;

/// Keeps the faults of one entry.
pub async fn keep(txn: &impl ConnectionTrait, run_id: i64, entry: &[Rejection]) -> Result<()> {
    let keep = "INSERT INTO import_rejections (run_id, line, column_name, value, reason)
         SELECT $2, i.line, i.\"column\", i.value, i.reason
           FROM jsonb_to_recordset($1) AS i(line bigint, \"column\" text, value text, reason text)";
    sql::execute(txn, keep, [sql::recordset(entry)?, run_id.into()]).await?;
    Ok(())
}

/// Forgets what an earlier attempt of the run refused.
pub async fn forget(txn: &impl ConnectionTrait, run_id: i64) -> Result<()> {
    sql::execute(
        txn,
        "DELETE FROM import_rejections WHERE run_id = $1",
        [run_id.into()],
    )
    .await?;
    Ok(())
}
