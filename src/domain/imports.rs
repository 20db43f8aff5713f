//! Uploaded files, which wait in the database until an import run on any replica has read them.

pub use crate::entities::import_file::Model as ImportFile;

use crate::db::sql;
use crate::domain::auth::{Actor, Role};
use crate::entities::import_file;
use crate::error::{Error, Result};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, TransactionTrait};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes in a row of `import_chunks`.
const CHUNK: u64 = 1 << 20;

/// Stores a file for an import run to read; memory stays at two chunks, whatever its size.
///
/// Needs [`Role::Approver`] and access to all accounts. [`Error::Rejected`] for an empty file.
pub async fn store(
    db: &DatabaseConnection,
    actor: &Actor,
    file_name: &str,
    mut content: impl AsyncRead + Unpin,
) -> Result<ImportFile> {
    actor.require(Role::Approver)?;
    actor.require_all_accounts()?;
    let txn = db.begin().await?;
    let insert = "INSERT INTO import_files (file_name, byte_size, created_by) VALUES ($1, 0, $2) RETURNING *";
    let file: Option<ImportFile> =
        sql::row(&txn, insert, [file_name.into(), actor.subject.clone().into()]).await?;
    let mut file = file.ok_or_else(|| Error::internal("the upload was not stored"))?;
    for seq in 0_i32.. {
        let mut chunk = Vec::new();
        let mut part = (&mut content).take(CHUNK);
        let read = part
            .read_to_end(&mut chunk)
            .await
            .map_err(|error| Error::internal(format!("the upload broke off: {error}")))?;
        if read == 0 {
            break;
        }
        file.byte_size += read as i64;
        let insert = "INSERT INTO import_chunks (file_id, seq, data) VALUES ($1, $2, $3)";
        sql::execute(&txn, insert, [file.id.into(), seq.into(), chunk.into()]).await?;
    }
    if file.byte_size == 0 {
        return Err(Error::invalid("file", "the file is empty"));
    }
    let update = "UPDATE import_files SET byte_size = $2 WHERE id = $1";
    sql::execute(&txn, update, [file.id.into(), file.byte_size.into()]).await?;
    txn.commit().await?;
    Ok(file)
}

/// Writes a stored file into `target`. [`crate::error::ProblemCode::NotFound`] when it was pruned.
pub async fn fetch(
    db: &DatabaseConnection,
    id: i64,
    target: &mut (impl AsyncWrite + Unpin),
) -> Result<ImportFile> {
    #[derive(FromQueryResult)]
    struct Chunk {
        data: Vec<u8>,
    }
    let file = import_file::find()
        .filter(import_file::Column::Id.eq(id))
        .one(db)
        .await?;
    let file = file.ok_or_else(|| Error::not_found("fileId", format!("uploaded file {id}")))?;
    for seq in 0_i32.. {
        let select = "SELECT data FROM import_chunks WHERE file_id = $1 AND seq = $2";
        let Some(chunk) = sql::row::<Chunk>(db, select, [id.into(), seq.into()]).await? else {
            break;
        };
        target.write_all(&chunk.data).await.map_err(Error::internal)?;
    }
    target.flush().await.map_err(Error::internal)?;
    Ok(file)
}

/// Deletes files older than `age` that no run waits for; gives how many.
pub async fn prune(db: &DatabaseConnection, age: Duration) -> Result<u64> {
    sql::execute(
        db,
        "DELETE FROM import_files f WHERE created_at < now() - $1 * interval '1 second' AND NOT EXISTS
             (SELECT FROM scheduler_jobs WHERE status IN ('QUEUED', 'RUNNING') AND job_name = 'import'
                 AND (arguments ->> 'file_id')::bigint = f.id)",
        [age.as_secs_f64().into()],
    )
    .await
}
