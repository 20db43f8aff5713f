//! Read phase: a file is read into the staging tables.

use super::context::ImportContext;
use super::copy::{COPY_RESOURCES, COPY_TAGS, CopyBuffer};
use super::tag_reader::TagReader;
use super::{files, state, summary};
use crate::db::begin_on;
use crate::domain::discovery::{
    InventoryEntry, InventoryReader, ReadError, ReadOptions, Rejection, ResourceReport,
};
use crate::error::{Error, Result};
use crate::runs::{ControlFlow, Fence, Progress};
use sqlx::PgPool;
use sqlx::types::Json;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Maximum of entries of a part. A part is merged in one transaction, which must end well within the two seconds after
/// which a cancellation has to be noticed.
const PART_ENTRIES: u64 = 5_000;
/// Bytes that make a part full even if it has fewer entries.
const PART_BYTES: usize = 4 << 20;
/// Parts that are read ahead of the database.
const READ_AHEAD: usize = 1;
/// Rejected entries of one import that are stored; further ones are only counted.
pub(super) const KEPT_REJECTIONS: u64 = 1_000_000;
/// Maximum of entries of a file: a compressed file may hold a thousand times its size.
const MAX_ENTRIES: u64 = 20_000_000;

/// Part of a file on its way to the database.
#[derive(Debug, Default)]
struct PartBuffer {
    first_line: u64,
    last_line: u64,
    entries: u64,
    rejected: u64,
    faults: Vec<Rejection>,
    rows: CopyBuffer,
}

impl PartBuffer {
    fn is_full(&self) -> bool {
        self.entries >= PART_ENTRIES || self.rows.len() >= PART_BYTES
    }
}

/// Stages the entries that no earlier attempt has staged.
///
/// [`Error::Validation`] for a file that cannot be read to its end.
pub(super) async fn run(context: &ImportContext<'_>) -> Result<ControlFlow> {
    let file_id = context.spec.file_id;
    let begun = state::get(context.db, file_id).await?;
    let (file, stored, feeding) = files::open(context.db, file_id).await?;
    let (parts, read) = mpsc::channel(READ_AHEAD);
    let (done, rejected) = (begun.entries.unsigned_abs(), begun.rejected.unsigned_abs());
    let tags = context.spec.tags;
    let vocabulary = Arc::clone(&context.vocabulary);
    let progress = parts.clone();
    let reading = ReadOptions {
        limits: context.unpack,
        // An empty part, at which the receiver checks whether the run was cancelled.
        on_progress: Box::new(move || {
            let taken = progress.blocking_send(PartBuffer::default());
            taken.map_err(|_abandoned| io::Error::other("the import was abandoned"))
        }),
        account_id: context.spec.account_id.clone(),
    };
    let reading = tokio::task::spawn_blocking(move || {
        let sender = PartSender {
            file_id,
            done,
            rejected,
        };
        if let Some(status) = tags {
            let reader = TagReader::open(stored, status, vocabulary, reading)?;
            return sender.send_all(reader, CopyBuffer::tag, &parts).map(|()| None);
        }
        let mut reader =
            InventoryReader::from_reader(stored, Some(&file.file_name), reading)?.with_duplicates();
        sender.send_all(
            reader.by_ref().map(|entry| Ok(numbered(entry?))),
            CopyBuffer::resource,
            &parts,
        )?;
        Ok(Some(reader.summary()))
    });
    let (fed, flow) = tokio::join!(feeding, stage_parts(context, read, done));
    let (flow, ()) = (flow?, fed?);
    let ended = reading.await.map_err(Error::internal)?;
    if flow == ControlFlow::Continue {
        let summary = ended.map_err(|error| Error::invalid("file", error.to_string()))?;
        if let Some(summary) = summary {
            summary::keep(context.db, context.run.run_id, &summary).await?;
        }
    }
    Ok(flow)
}

/// Stages the parts in the order in which they were read. Owns the channel, so that the reader ends when this does.
async fn stage_parts(
    context: &ImportContext<'_>,
    mut parts: mpsc::Receiver<PartBuffer>,
    mut entries: u64,
) -> Result<ControlFlow> {
    while let Some(part) = parts.recv().await {
        if part.entries == 0 {
            if context.run.checkpoint(context.db, Progress::default()).await? == ControlFlow::Cancelled {
                return Ok(ControlFlow::Cancelled);
            }
            continue;
        }
        entries += part.entries;
        let pool = context.db.get_postgres_connection_pool().clone();
        let copy = if context.spec.tags.is_some() {
            COPY_TAGS
        } else {
            COPY_RESOURCES
        };
        let staging = stage_part(pool, context.run.fence(), context.spec.file_id, copy, part);
        // In a task of its own: a connection whose COPY is abandoned midway is unusable.
        tokio::spawn(staging).await.map_err(Error::internal)??;
        let progress = Progress {
            total: Some(entries as i64),
            ..Progress::default()
        };
        if context.run.checkpoint(context.db, progress).await? == ControlFlow::Cancelled {
            return Ok(ControlFlow::Cancelled);
        }
    }
    Ok(ControlFlow::Continue)
}

/// Stages a part in one transaction: its rows, its rejections, and the state of the import.
async fn stage_part(
    pool: PgPool,
    fence: Fence,
    file_id: i64,
    copy: &'static str,
    part: PartBuffer,
) -> Result<()> {
    let mut txn = begin_on(&pool).await?;
    let (first, last) = (part.first_line as i64, part.last_line as i64);
    if part.entries > part.rejected {
        let mut copy = txn.copy_in_raw(copy).await?;
        copy.send(part.rows.into_bytes()).await?;
        copy.finish().await?;
        let insert = "INSERT INTO import_parts (file_id, part, first_line, last_line)
             SELECT $1, coalesce(max(part), 0) + 1, $2, $3 FROM import_parts WHERE file_id = $1";
        let insert = sqlx::query(insert).bind(file_id).bind(first).bind(last);
        insert.execute(&mut *txn).await?;
    }
    let update = "UPDATE imports SET entries = entries + $2, rejected = rejected + $3 WHERE file_id = $1";
    let update = sqlx::query(update).bind(file_id);
    let update = update.bind(part.entries as i64).bind(part.rejected as i64);
    update.execute(&mut *txn).await?;
    if !part.faults.is_empty() {
        let keep = "INSERT INTO import_rejections (run_id, line, column_name, value, reason)
             SELECT $2, i.line, i.\"column\", i.value, i.reason
               FROM jsonb_to_recordset($1) AS i(line bigint, \"column\" text, value text, reason text)";
        let keep = sqlx::query(keep).bind(Json(part.faults)).bind(fence.run_id());
        keep.execute(&mut *txn).await?;
    }
    fence.advance(&mut txn).await?;
    Ok(txn.commit().await?)
}

/// Line of an entry, and its content, or its faults.
type NumberedRow<T> = (u64, Result<T, Vec<Rejection>>);

fn numbered(entry: InventoryEntry) -> NumberedRow<ResourceReport> {
    match entry {
        InventoryEntry::Resource(line, report) => (line, Ok(report)),
        InventoryEntry::Rejected(faults) => {
            let line = faults.iter().find_map(|fault| fault.line);
            (line.unwrap_or_default(), Err(faults))
        }
    }
}

/// Sender of the parts of a file, with the number of entries so far.
struct PartSender {
    file_id: i64,
    /// Entries that an earlier attempt staged.
    done: u64,
    rejected: u64,
}

impl PartSender {
    /// Sends the entries in parts; `write` writes a row. Ends early, without an error, when the receiver is gone.
    fn send_all<T>(
        mut self,
        entries: impl Iterator<Item = Result<NumberedRow<T>, ReadError>>,
        write: fn(&mut CopyBuffer, i64, u64, &T),
        parts: &mpsc::Sender<PartBuffer>,
    ) -> Result<(), ReadError> {
        let mut part = PartBuffer::default();
        for (number, entry) in (0..).zip(entries) {
            let (line, row) = entry?;
            if number < self.done {
                continue;
            }
            if number >= MAX_ENTRIES {
                return Err(ReadError::Format("has more than 20,000,000 entries"));
            }
            part.last_line = line;
            if part.entries == 0 {
                part.first_line = line;
            }
            part.entries += 1;
            match row {
                Ok(row) => write(&mut part.rows, self.file_id, line, &row),
                Err(faults) => self.reject(&mut part, faults),
            }
            if part.is_full() && parts.blocking_send(std::mem::take(&mut part)).is_err() {
                return Ok(());
            }
        }
        if part.entries > 0 {
            // The receiver that is gone has returned its own error.
            let _abandoned = parts.blocking_send(part);
        }
        Ok(())
    }

    fn reject(&mut self, part: &mut PartBuffer, faults: Vec<Rejection>) {
        part.rejected += 1;
        self.rejected += 1;
        if self.rejected <= KEPT_REJECTIONS {
            part.faults.extend(faults);
        }
    }
}
