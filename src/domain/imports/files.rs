//! Uploaded files, stored in the database until an import run on any replica has read them.

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
const CHUNK_BYTES: u64 = 1 << 20;

/// Checks that the actor may import files: [`Role::Approver`] or higher, with access to all accounts.
pub fn authorize(actor: &Actor) -> Result<()> {
    actor.require(Role::Approver)?;
    actor.require_all_accounts()
}

/// Stores a file for an import run, with two chunks in memory at a time. Requires the rights of [`authorize`];
/// [`Error::Validation`] for an empty file.
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
        let mut part = (&mut content).take(CHUNK_BYTES);
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

/// Reader of a stored file for a blocking thread; the chunks are read from the database one at a time.
pub(in crate::domain) struct StoredFile {
    chunks: mpsc::Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    read: usize,
    ended: bool,
}

impl Read for StoredFile {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() && !self.ended {
            // A truncated file must not pass for a complete one.
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

/// Opens a stored file: its row, its content, and the future that feeds the content, to be awaited while it is read.
///
/// [`crate::error::ProblemCode::NotFound`] when it was pruned.
pub(in crate::domain) async fn open(
    db: &DatabaseConnection,
    id: i64,
) -> Result<(ImportFile, StoredFile, impl Future<Output = Result<()>> + use<'_>)> {
    let file = import_file::find()
        .filter(import_file::Column::Id.eq(id))
        .one(db)
        .await?;
    let file = file.ok_or_else(|| Error::not_found("fileId", format!("uploaded file {id}")))?;
    let (sender, chunks) = mpsc::channel(1);
    let stored = StoredFile {
        chunks,
        chunk: Vec::new(),
        read: 0,
        ended: false,
    };
    Ok((file, stored, feed(db, id, sender)))
}

/// Sends the chunks, with an empty one at the end of the file. Ends early when the reader is gone.
async fn feed(db: &DatabaseConnection, id: i64, chunks: mpsc::Sender<Vec<u8>>) -> Result<()> {
    #[derive(FromQueryResult)]
    struct ChunkRow {
        data: Vec<u8>,
    }
    for seq in 0_i32.. {
        let select = "SELECT data FROM import_chunks WHERE file_id = $1 AND seq = $2";
        let chunk: Option<ChunkRow> = sql::row(db, select, [id.into(), seq.into()]).await?;
        let data = chunk.map(|chunk| chunk.data).unwrap_or_default();
        let ended = data.is_empty();
        if chunks.send(data).await.is_err() || ended {
            break;
        }
    }
    Ok(())
}

/// Deletes files older than `age` that no open run needs, and returns their number.
pub async fn prune(db: &DatabaseConnection, age: Duration) -> Result<u64> {
    sql::execute(
        db,
        "DELETE FROM import_files f WHERE created_at < now() - $1 * interval '1 second' AND NOT EXISTS
             (SELECT FROM scheduler_jobs WHERE status IN ('QUEUED', 'RUNNING') AND job_name IN ('import', 'import_cost')
                 AND (arguments ->> 'file_id')::bigint = f.id)",
        [age.as_secs_f64().into()],
    )
    .await
}

/// Deletes the staged rows of imports that failed or were cancelled more than a day ago: until then they may be retried
/// and continue. Returns the number of imports.
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
