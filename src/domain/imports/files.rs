//! Uploaded files, which wait in the database until an import run on any replica has read them.

pub use crate::entities::import_file::Model as ImportFile;

use crate::auth::{Actor, Role};
use crate::db::{Begin, sql};
use crate::entities::import_file;
use crate::error::{Error, Result};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter};
use std::io::{self, Read};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

/// Bytes in a row of `import_chunks`.
const CHUNK: u64 = 1 << 20;

/// Passes an actor who may import files: [`Role::Approver`] or higher, with access to all accounts.
pub fn authorize(actor: &Actor) -> Result<()> {
    actor.require(Role::Approver)?;
    actor.require_all_accounts()
}

/// Stores a file for an import run to read; memory stays at two chunks, whatever its size.
///
/// For those whom [`authorize`] passes. [`Error::Validation`] for an empty file.
pub async fn store(
    db: &DatabaseConnection,
    actor: &Actor,
    file_name: &str,
    mut content: impl AsyncRead + Unpin,
) -> Result<ImportFile> {
    authorize(actor)?;
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

/// A stored file, as a thread reads it that may block: its chunks come from the database one at a time.
pub(super) struct Stored {
    chunks: mpsc::Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    read: usize,
    ended: bool,
}

impl Read for Stored {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() && !self.ended {
            // A file that is cut short must not pass for a whole one.
            let chunk = self.chunks.blocking_recv();
            self.chunk = chunk.ok_or(io::ErrorKind::UnexpectedEof)?;
            self.read = 0;
            self.ended = self.chunk.is_empty();
        }
        let count = target.len().min(self.chunk.len() - self.read);
        target[..count].copy_from_slice(&self.chunk[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

/// Opens a stored file: its row, its content, and what feeds the content and must be awaited beside reading it.
///
/// [`crate::error::ProblemCode::NotFound`] when it was pruned.
pub(super) async fn open(
    db: &DatabaseConnection,
    id: i64,
) -> Result<(ImportFile, Stored, impl Future<Output = Result<()>> + use<'_>)> {
    let file = import_file::find()
        .filter(import_file::Column::Id.eq(id))
        .one(db)
        .await?;
    let file = file.ok_or_else(|| Error::not_found("fileId", format!("uploaded file {id}")))?;
    let (sender, chunks) = mpsc::channel(1);
    let stored = Stored {
        chunks,
        chunk: Vec::new(),
        read: 0,
        ended: false,
    };
    Ok((file, stored, feed(db, id, sender)))
}

/// Ends at the end of the file, which an empty chunk tells, or when nobody reads any more.
async fn feed(db: &DatabaseConnection, id: i64, chunks: mpsc::Sender<Vec<u8>>) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Chunk {
        data: Vec<u8>,
    }
    for seq in 0_i32.. {
        let select = "SELECT data FROM import_chunks WHERE file_id = $1 AND seq = $2";
        let chunk: Option<Chunk> = sql::row(db, select, [id.into(), seq.into()]).await?;
        let data = chunk.map(|chunk| chunk.data).unwrap_or_default();
        let ended = data.is_empty();
        if chunks.send(data).await.is_err() || ended {
            break;
        }
    }
    Ok(())
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

/// Deletes what imports that ended otherwise than well have left staged, a day after their end: until then they may be
/// tried again and go on. Gives how many imports were forgotten.
pub async fn prune_staged(db: &DatabaseConnection) -> Result<u64> {
    let forget = "DELETE FROM imports i USING scheduler_jobs r
         WHERE r.id = i.run_id AND i.stage IN ('READING', 'MERGING') AND r.finished_at < now() - interval '1 day'";
    let forgotten = sql::execute(db, forget, []).await?;
    for table in ["import_rows", "import_tags"] {
        let orphans = format!(
            "DELETE FROM {table} s WHERE NOT EXISTS (SELECT FROM imports i WHERE i.file_id = s.file_id)"
        );
        sql::execute(db, &orphans, []).await?;
    }
    Ok(forgotten)
}
