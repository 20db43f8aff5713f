//! Import: takes an uploaded inventory into ours.

use super::JobContext;
use crate::domain::discovery::{Batcher, Entry, InventoryReader, ReadError, ReportSink};
use crate::domain::imports;
use crate::domain::inventory::Reconciler;
use crate::domain::runs::RunHandle;
use crate::error::{Error, Result};
use std::path::Path;
use tokio::sync::mpsc;

/// Chunks that are read ahead of the database.
const READ_AHEAD: usize = 2;

/// Reads the uploaded file in chunks, as [`Batcher`] limits them. Each is committed with the progress, so an earlier
/// attempt's work is passed over rather than repeated.
pub(super) async fn run(context: &JobContext, run: &RunHandle, file_id: i64, dry_run: bool) -> Result<()> {
    let directory = tempfile::tempdir().map_err(Error::internal)?;
    let path = directory.path().join("upload");
    let mut target = tokio::fs::File::create(&path).await.map_err(Error::internal)?;
    let file = imports::fetch(&context.db, file_id, &mut target).await?;
    drop(target);

    let (chunks, mut read) = mpsc::channel(READ_AHEAD);
    let (name, done) = (file.file_name, run.done_before);
    let reading = tokio::task::spawn_blocking(move || read_chunks(&path, &name, done as usize, &chunks));
    let source = format!("import:{}", run.requested_by);
    let mut sink = Reconciler::new(&context.db, &context.notifier, source, Some(run)).dry_run(dry_run);
    while let Some(chunk) = read.recv().await {
        take(&mut sink, chunk).await?;
        if sink.is_stopped() {
            return Ok(());
        }
    }
    reading
        .await
        .map_err(Error::internal)?
        .map_err(|error| Error::invalid("file", error.to_string()))
}

/// One transaction: what is refused goes along with the resources, so that the progress counts a prefix of the file.
async fn take(sink: &mut Reconciler<'_>, chunk: Vec<Entry>) -> Result<()> {
    let mut resources = Vec::with_capacity(chunk.len());
    for entry in chunk {
        match entry {
            Entry::Resource(_, resource) => resources.push(resource),
            Entry::Rejected(faults) => sink.rejected(faults).await.map_err(Error::internal)?,
        }
    }
    if resources.is_empty() {
        return sink.finish().await;
    }
    sink.resources(resources).await.map_err(Error::internal)
}

/// Ends early, without an error, when nobody takes the chunks any more.
fn read_chunks(
    path: &Path,
    name: &str,
    done: usize,
    chunks: &mpsc::Sender<Vec<Entry>>,
) -> Result<(), ReadError> {
    let file = std::fs::File::open(path).map_err(ReadError::Open)?;
    let entries = InventoryReader::from_reader(file, Some(name))?.skip(done);
    let mut batcher = Batcher::default();
    for entry in entries {
        let (chunk, failure) = match entry {
            Ok(entry) => (batcher.push(entry), None),
            Err(error) => (batcher.take(), Some(error)),
        };
        let taken = chunk.is_none_or(|chunk| chunks.blocking_send(chunk).is_ok());
        match failure {
            Some(error) => return Err(error),
            None if !taken => return Ok(()),
            None => {}
        }
    }
    if let Some(chunk) = batcher.take() {
        // Nobody is left to tell when nobody takes it.
        let _abandoned = chunks.blocking_send(chunk);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read_chunks;
    use std::io::Write as _;
    use tokio::sync::mpsc;

    #[test]
    fn chunks_are_bounded_in_bytes_too() {
        let tags: serde_json::Map<_, _> = (0..200)
            .map(|key| (format!("k{key}"), "v".repeat(4096).into()))
            .collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for row in 0..8 {
            let row = serde_json::json!({"cloud": "aws", "account_id": "1", "resource_type": "t",
                "resource_id": format!("id-{row}"), "native_tags": tags});
            writeln!(file, "{row}").unwrap();
        }
        let (sender, mut receiver) = mpsc::channel(9);
        read_chunks(file.path(), "a.jsonl", 1, &sender).unwrap();
        drop(sender);
        let sizes = std::iter::from_fn(|| receiver.blocking_recv().map(|chunk| chunk.len()));
        assert_eq!(sizes.collect::<Vec<_>>(), [6, 1]);
    }
}
