//! State of an import: the row in `imports`.

use super::context::ImportContext;
use crate::db::{Begin, sql};
use crate::domain::inventory::rejections;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};

/// Phase of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImportStage {
    Reading,
    Merging,
    Done,
    /// An entry was rejected, and the mode was all or nothing.
    Refused,
}

/// State of the import of a file.
#[derive(Clone, Debug)]
pub(super) struct ImportState {
    /// Run that reads the file and ends last; others help.
    pub run_id: i64,
    pub stage: ImportStage,
    pub entries: i64,
    pub rejected: i64,
}

#[derive(FromQueryResult)]
struct ImportRow {
    run_id: i64,
    stage: String,
    entries: i64,
    rejected: i64,
}

/// Opens the import of the run's file; the first run of a file creates it.
pub(super) async fn open(context: &ImportContext<'_>) -> Result<ImportState> {
    let file_id = context.spec.file_id;
    let txn = context.db.begin().await?;
    let begin = "INSERT INTO imports (file_id, run_id) SELECT id, $2 FROM import_files WHERE id = $1
         ON CONFLICT DO NOTHING";
    if sql::execute(&txn, begin, [file_id.into(), context.run.run_id.into()]).await? == 1 {
        // An earlier attempt whose import was deleted left traces.
        rejections::forget(&txn, context.run.run_id).await?;
        let forget = "DELETE FROM import_samples WHERE run_id = $1";
        sql::execute(&txn, forget, [context.run.run_id.into()]).await?;
        context.run.start_over(&txn).await?;
    }
    let import = get(&txn, file_id).await?;
    txn.commit().await?;
    Ok(import)
}

/// Reads the present state. [`crate::error::ProblemCode::NotFound`] if the file was pruned.
pub(super) async fn get(db: &impl ConnectionTrait, file_id: i64) -> Result<ImportState> {
    let get = "SELECT run_id, stage, entries, rejected FROM imports WHERE file_id = $1";
    let row: Option<ImportRow> = sql::row(db, get, [file_id.into()]).await?;
    let row = row.ok_or_else(|| Error::not_found("fileId", format!("uploaded file {file_id}")))?;
    let stage = match row.stage.as_str() {
        "READING" => ImportStage::Reading,
        "MERGING" => ImportStage::Merging,
        "DONE" => ImportStage::Done,
        "REFUSED" => ImportStage::Refused,
        other => return Err(Error::internal(format!("an import in the unknown stage {other}"))),
    };
    Ok(ImportState {
        run_id: row.run_id,
        stage,
        entries: row.entries,
        rejected: row.rejected,
    })
}

/// Changes the stage, in the caller's transaction.
pub(super) async fn set(txn: &impl ConnectionTrait, file_id: i64, stage: ImportStage) -> Result<()> {
    let name = match stage {
        ImportStage::Reading => "READING",
        ImportStage::Merging => "MERGING",
        ImportStage::Done => "DONE",
        ImportStage::Refused => "REFUSED",
    };
    let set = "UPDATE imports SET stage = $2 WHERE file_id = $1";
    sql::execute(txn, set, [file_id.into(), name.into()]).await?;
    Ok(())
}

/// Deletes the import of a file that is not going to be merged, so that another attempt starts over.
pub(super) async fn forget(db: &DatabaseConnection, file_id: i64) -> Result<()> {
    let txn = db.begin().await?;
    for table in ["import_rows", "import_tags", "imports"] {
        let forget = format!("DELETE FROM {table} WHERE file_id = $1");
        sql::execute(&txn, &forget, [file_id.into()]).await?;
    }
    Ok(txn.commit().await?)
}

/// Deletes the staged rows, and keeps the state of the import.
pub(super) async fn drop_staged(txn: &impl ConnectionTrait, file_id: i64) -> Result<()> {
    for table in ["import_rows", "import_tags", "import_parts"] {
        let delete = format!("DELETE FROM {table} WHERE file_id = $1");
        sql::execute(txn, &delete, [file_id.into()]).await?;
    }
    Ok(())
}
