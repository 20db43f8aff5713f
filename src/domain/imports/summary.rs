//! Summaries of imported files, kept for the run that read them.

use crate::auth::AccountScope;
use crate::db::sql;
use crate::domain::discovery::FileSummary;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::collections::HashMap;

#[derive(FromQueryResult)]
struct SummaryRow {
    run_id: i64,
    summary: serde_json::Value,
}

/// Stores the summary of the file that the run has read.
pub(super) async fn keep(db: &impl ConnectionTrait, run_id: i64, summary: &FileSummary) -> Result<()> {
    let keep = "INSERT INTO import_summaries (run_id, summary) VALUES ($1, $2)
         ON CONFLICT (run_id) DO UPDATE SET summary = excluded.summary";
    let summary = serde_json::to_value(summary).map_err(Error::internal)?;
    sql::execute(db, keep, [run_id.into(), summary.into()]).await?;
    Ok(())
}

/// Summary of the file of each of the runs. A file may have any account, so callers limited to some accounts see none.
pub async fn summaries(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
) -> Result<HashMap<i64, FileSummary>> {
    if *scope != AccountScope::All {
        return Ok(HashMap::new());
    }
    let summaries = "SELECT run_id, summary FROM import_summaries WHERE run_id = ANY($1)";
    let rows: Vec<SummaryRow> = sql::rows(db, summaries, [runs.into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.run_id,
                serde_json::from_value(row.summary).map_err(Error::internal)?,
            ))
        })
        .collect()
}
