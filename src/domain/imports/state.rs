//! How far an import is: the row in `imports`.

use super::Work;
use crate::db::{Begin, sql};
use crate::domain::inventory::rejections;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};

/// What is done with a file at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Reading,
    Merging,
    Done,
    /// An entry was rejected where all were wanted or none.
    Refused,
}

/// The import of a file.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// The run that reads the file and ends last.
    pub run_id: i64,
    pub stage: Stage,
    pub entries: i64,
    pub rejected: i64,
}

#[derive(FromQueryResult)]
struct Row {
    run_id: i64,
    stage: String,
    entries: i64,
    rejected: i64,
}

/// The import of the run's file, which the first run of all begins.
pub(super) async fn open(work: &Work<'_>) -> Result<Import> {
    let file_id = work.spec.file_id;
    let txn = work.db.begin().await?;
    let begin = "INSERT INTO imports (file_id, run_id) SELECT id, $2 FROM import_files WHERE id = $1
         ON CONFLICT DO NOTHING";
    if sql::execute(&txn, begin, [file_id.into(), work.run.run_id.into()]).await? == 1 {
        // An earlier attempt that was forgotten left traces.
        rejections::forget(&txn, work.run.run_id).await?;
        let forget = "DELETE FROM import_samples WHERE run_id = $1";
        sql::execute(&txn, forget, [work.run.run_id.into()]).await?;
        work.run.start_over(&txn).await?;
    }
    let import = get(&txn, file_id).await?;
    txn.commit().await?;
    Ok(import)
}

/// As it is now. [`crate::error::ProblemCode::NotFound`] when the file was pruned.
pub(super) async fn get(db: &impl ConnectionTrait, file_id: i64) -> Result<Import> {
    let get = "SELECT run_id, stage, entries, rejected FROM imports WHERE file_id = $1";
    let row: Option<Row> = sql::row(db, get, [file_id.into()]).await?;
    let row = row.ok_or_else(|| Error::not_found("fileId", format!("uploaded file {file_id}")))?;
    let stage = match row.stage.as_str() {
        "READING" => Stage::Reading,
        "MERGING" => Stage::Merging,
        "DONE" => Stage::Done,
        "REFUSED" => Stage::Refused,
        other => return Err(Error::internal(format!("an import in the unknown stage {other}"))),
    };
    Ok(Import {
        run_id: row.run_id,
        stage,
        entries: row.entries,
        rejected: row.rejected,
    })
}

/// Goes over to the next stage, in the caller's transaction.
pub(super) async fn set(txn: &impl ConnectionTrait, file_id: i64, stage: Stage) -> Result<()> {
    let name = match stage {
        Stage::Reading => "READING",
        Stage::Merging => "MERGING",
        Stage::Done => "DONE",
        Stage::Refused => "REFUSED",
    };
    let set = "UPDATE imports SET stage = $2 WHERE file_id = $1";
    sql::execute(txn, set, [file_id.into(), name.into()]).await?;
    Ok(())
}

/// Drops what was read of a file that is not going to be merged, so that another attempt begins anew.
pub(super) async fn forget(db: &DatabaseConnection, file_id: i64) -> Result<()> {
    let txn = db.begin().await?;
    for table in ["import_rows", "import_tags", "imports"] {
        let forget = format!("DELETE FROM {table} WHERE file_id = $1");
        sql::execute(&txn, &forget, [file_id.into()]).await?;
    }
    Ok(txn.commit().await?)
}

/// Drops what is staged, and keeps the import's end.
pub(super) async fn unstage(txn: &impl ConnectionTrait, file_id: i64) -> Result<()> {
    for table in ["import_rows", "import_tags", "import_parts"] {
        let delete = format!("DELETE FROM {table} WHERE file_id = $1");
        sql::execute(txn, &delete, [file_id.into()]).await?;
    }
    Ok(())
}
