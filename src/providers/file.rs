//! An inventory file, read anew at each tick.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::mpsc::{self, Sender};

use crate::domain::discovery::{
    Batcher, DiscoveryContext, FileFormat, FileSummary, InventoryEntry, InventoryReader, Provider,
    ProviderError, ReadOptions, Rejection, ReportScope, ReportSink, ResourceReport, UnpackLimits,
};

/// Reports what an inventory file lists, plain or gzip. A file in a format of the service is taken for all that there is,
/// a complete answer of a cloud for all resources of its accounts, any other file for a part of them.
pub struct FileProvider {
    name: String,
    path: PathBuf,
    /// Account to take where an entry names none.
    account_id: Option<String>,
    unpack: UnpackLimits,
}

enum Message {
    Resources(Vec<ResourceReport>),
    Rejected(Vec<Rejection>),
    Scope(ReportScope),
}

impl FileProvider {
    /// A provider for the file at `path`, which is opened at each report.
    pub fn new(path: impl Into<PathBuf>, unpack: UnpackLimits) -> Self {
        let path = path.into();
        Self {
            name: format!("file:{}", path.display()),
            path,
            account_id: None,
            unpack,
        }
    }

    /// Takes this account where an entry of the file names none.
    #[must_use]
    pub fn with_account(self, account_id: Option<String>) -> Self {
        Self { account_id, ..self }
    }

    fn failure(&self, reason: impl ToString) -> ProviderError {
        ProviderError::Source {
            provider: self.name.clone(),
            reason: reason.to_string(),
        }
    }
}

#[async_trait]
impl Provider for FileProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_snapshot(&self) -> bool {
        true
    }

    /// Fails also when the file lists not one valid resource, or changes while it is read: what is missing from
    /// such a file has not vanished.
    async fn report(
        &self,
        _context: &DiscoveryContext,
        sink: &mut dyn ReportSink,
    ) -> Result<(), ProviderError> {
        let (sender, mut receiver) = mpsc::channel(2);
        let path = self.path.clone();
        let (unpack, account_id) = (self.unpack, self.account_id.clone());
        let reading = tokio::task::spawn_blocking(move || read(&path, unpack, account_id, &sender));
        while let Some(message) = receiver.recv().await {
            match message {
                Message::Resources(batch) => sink.resources(batch).await,
                Message::Rejected(faults) => sink.rejected(faults).await,
                Message::Scope(scope) => sink.scope(scope).await,
            }
            .map_err(ProviderError::Sink)?;
        }
        reading
            .await
            .map_err(|e| self.failure(e))?
            .map_err(|e| self.failure(e))
    }
}

/// Reason for which the file gives no report.
type FileReadError = Box<dyn std::error::Error + Send + Sync>;

fn read(
    path: &Path,
    unpack: UnpackLimits,
    account_id: Option<String>,
    sender: &Sender<Message>,
) -> Result<(), FileReadError> {
    let before = fs::metadata(path)?;
    // A pipe or a device would block or never end.
    if !before.is_file() {
        return Err("is not a regular file".into());
    }
    let step = sender.clone();
    let reading = ReadOptions {
        limits: unpack,
        // A batch of nothing shows that the file is still being read, and fails when nobody waits for it.
        on_progress: Box::new(move || send(&step, Message::Resources(Vec::new())).map_err(io::Error::other)),
        account_id,
    };
    let mut reader = InventoryReader::open(path, reading)?;
    for column in reader.ignored_columns() {
        tracing::warn!(path = %path.display(), column, "unknown column in the inventory is not read");
    }
    let mut reported = false;
    let mut batcher = Batcher::default();
    for entry in reader.by_ref() {
        match entry? {
            InventoryEntry::Resource(_, report) => {
                reported = true;
                if let Some(batch) = batcher.push(report) {
                    send(sender, Message::Resources(batch))?;
                }
            }
            InventoryEntry::Rejected(faults) => send(sender, Message::Rejected(faults))?,
        }
    }
    if let Some(batch) = batcher.take() {
        send(sender, Message::Resources(batch))?;
    }
    send(sender, Message::Scope(scope(path, reader.summary())))?;
    if !reported {
        return Err("lists no valid resource".into());
    }
    if stamp(&before) != stamp(&fs::metadata(path)?) {
        return Err("was changed while it was read".into());
    }
    Ok(())
}

/// Scope of a file that was read to its end.
fn scope(path: &Path, summary: FileSummary) -> ReportScope {
    if matches!(summary.format, FileFormat::Csv | FileFormat::JsonLines) {
        return ReportScope::Everything;
    }
    let format = summary.format.title();
    if summary.gaps.is_empty() {
        let accounts = summary.accounts.len();
        tracing::info!(path = %path.display(), format, accounts, "the file is complete");
        return ReportScope::Accounts(summary.accounts.into_keys().collect());
    }
    for reason in &summary.gaps {
        tracing::warn!(path = %path.display(), format, reason, "the file may lack resources: none is retired");
    }
    ReportScope::Partial(summary.gaps)
}

fn send(sender: &Sender<Message>, message: Message) -> Result<(), FileReadError> {
    // The receiver is gone when the sink failed or the run was cancelled; nobody reads this error then.
    sender
        .blocking_send(message)
        .map_err(|_| "the report was abandoned".into())
}

fn stamp(metadata: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::io::Write as _;

    use chrono::DateTime;
    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    use super::{FileProvider, UnpackLimits};
    use crate::domain::discovery::{
        DiscoveryContext, Provider as _, ProviderError, Rejection, ReportScope, ReportSink, ResourceReport,
        SinkError,
    };
    use crate::providers::testing::Collected;

    const CONTEXT: DiscoveryContext = DiscoveryContext {
        tick: 1,
        now: DateTime::UNIX_EPOCH,
    };

    fn inventory(rows: usize) -> String {
        let mut text = String::from("cloud,account_id,resource_type,resource_id\n");
        for row in 0..rows {
            writeln!(text, "aws,1,sqs/queue,queue-{row}").unwrap();
        }
        text
    }

    async fn report(content: &[u8], sink: &mut Collected) -> Result<(), ProviderError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        FileProvider::new(file.path(), UnpackLimits::default())
            .report(&CONTEXT, sink)
            .await
    }

    #[tokio::test]
    async fn reports_all_in_batches() {
        let mut sink = Collected::default();
        report(inventory(2500).replace("queue-7\n", "\n").as_bytes(), &mut sink)
            .await
            .unwrap();
        assert_eq!(
            sink.batches.iter().map(Vec::len).collect::<Vec<_>>(),
            [1000, 1000, 499]
        );
        assert_eq!(sink.rejected.len(), 1);
        assert_eq!(sink.rejected[0][0].line, Some(9));
    }

    #[tokio::test]
    async fn batches_are_bounded_in_bytes_too() {
        let tags: BTreeMap<_, _> = (0..15).map(|key| (format!("k{key}"), "v".repeat(4096))).collect();
        let row = |row| json!({"cloud": "aws", "account_id": "1", "resource_type": "t", "resource_id": row, "native_tags": tags});
        let content: Vec<_> = (0..80).map(|n| row(format!("id-{n}")).to_string()).collect();
        let mut sink = Collected::default();
        report(content.join("\n").as_bytes(), &mut sink).await.unwrap();
        assert_eq!(sink.batches.iter().map(Vec::len).collect::<Vec<_>>(), [69, 11]);
    }

    #[tokio::test]
    async fn nothing_is_no_snapshot() {
        let mut sink = Collected::default();
        for content in ["", "\n\n", &inventory(0), "{\"cloud\": 1}\n", "resource\n1\n"] {
            let error = report(content.as_bytes(), &mut sink).await.unwrap_err();
            assert!(matches!(error, ProviderError::Source { .. }), "{content:?}");
        }
        assert!(sink.batches.is_empty());
        let missing = FileProvider::new("/nowhere/at/all", UnpackLimits::default())
            .report(&CONTEXT, &mut sink)
            .await;
        assert!(
            missing
                .unwrap_err()
                .to_string()
                .starts_with("file:/nowhere/at/all: ")
        );
        let directory = FileProvider::new("/", UnpackLimits::default())
            .report(&CONTEXT, &mut sink)
            .await;
        assert!(
            directory
                .unwrap_err()
                .to_string()
                .ends_with("is not a regular file")
        );
    }

    #[tokio::test]
    async fn an_answer_of_a_cloud_says_which_accounts_it_covers() {
        let disk = r#"{"id": "/subscriptions/S/resourceGroups/r/providers/Microsoft.Compute/disks/d",
            "name": "d", "type": "Microsoft.Compute/disks", "location": "x", "tags": null}"#;
        for (file, expected) in [
            (
                format!("[{disk}]"),
                Some(ReportScope::Accounts(vec!["s".to_owned()])),
            ),
            (format!(r#"{{"value": [{disk}], "nextLink": "https://x"}}"#), None),
            (inventory(3), Some(ReportScope::Everything)),
        ] {
            let mut sink = Collected::default();
            report(file.as_bytes(), &mut sink).await.unwrap();
            match expected {
                Some(expected) => assert_eq!(sink.scope, expected),
                None => assert!(matches!(sink.scope, ReportScope::Partial(_)), "{:?}", sink.scope),
            }
        }
    }

    #[tokio::test]
    async fn a_truncated_file_fails_as_a_whole() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(inventory(2500).as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        let mut sink = Collected::default();
        report(&packed, &mut sink).await.unwrap();
        assert_eq!(sink.resources().len(), 2500);
        let error = report(&packed[..packed.len() - 9], &mut sink).await.unwrap_err();
        assert!(error.to_string().contains("broke off after line"), "{error}");
    }

    #[tokio::test]
    async fn what_unpacks_to_too_much_fails_and_is_left_when_nobody_waits() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&vec![b'\n'; 20 << 20]).unwrap();
        let packed = gzip.finish().unwrap();
        let mut sink = Collected::default();
        let error = report(&packed, &mut sink).await.unwrap_err();
        assert!(error.to_string().contains("200 times"), "{error}");
        let mut sink = Collected {
            fail: true,
            ..Collected::default()
        };
        let error = report(&packed, &mut sink).await.unwrap_err();
        assert!(matches!(error, ProviderError::Sink(_)), "{error}");
    }

    #[tokio::test]
    async fn a_failing_sink_ends_the_report() {
        let mut sink = Collected {
            fail: true,
            ..Collected::default()
        };
        let error = report(inventory(9000).as_bytes(), &mut sink).await.unwrap_err();
        assert!(matches!(error, ProviderError::Sink(_)), "{error}");
    }

    /// Appends to the file that is being read.
    struct Writing(std::path::PathBuf);

    #[async_trait::async_trait]
    impl ReportSink for Writing {
        async fn resources(&mut self, _: Vec<ResourceReport>) -> Result<(), SinkError> {
            std::fs::OpenOptions::new()
                .append(true)
                .open(&self.0)?
                .write_all(b"\n")?;
            Ok(())
        }

        async fn rejected(&mut self, _: Vec<Rejection>) -> Result<(), SinkError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_file_that_changes_meanwhile_is_no_snapshot() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(inventory(9000).as_bytes()).unwrap();
        let mut sink = Writing(file.path().to_owned());
        let error = FileProvider::new(file.path(), UnpackLimits::default())
            .report(&CONTEXT, &mut sink)
            .await
            .unwrap_err();
        assert!(
            error.to_string().ends_with("was changed while it was read"),
            "{error}"
        );
    }
}
