//! `import`: takes an inventory file into the database, through the same verb as uploads and discovery.

use super::import_report::{PlannedChanges, Rejects, complain_of_gaps, say_summary};
use super::output::{complain, say};
use super::signals::Interrupt;
use crate::app::{ConnectionShare, Database};
use crate::auth::Actor;
use crate::config::{Config, UnpackLimits};
use crate::domain::discovery::{
    Batcher, InventoryEntry, InventoryReader, ReadOptions, ReportSink, ResourceReport,
};
use crate::domain::evaluation;
use crate::domain::imports;
use crate::domain::inventory::Reconciler;
use crate::domain::inventory::reconcile::Reconciled;
use crate::runs;
use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// File to import, and the handling of rejected lines.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// JSON Lines or CSV, or output of the AWS, Azure and Google Cloud command lines, Cloud Asset exports, and Terraform
    /// states, plain or gzip; `-` is the standard input
    file: PathBuf,
    /// Names the source of resources that are new
    #[arg(long, default_value = "import")]
    source: String,
    /// Account of entries that name none, such as ARNs of buckets
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Show format, mapping, accounts and changes, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Write every rejected line with its reason to this CSV file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End with exit code 2 when a line was rejected
    #[arg(long)]
    strict: bool,
}

/// Imports a file and prints how many resources were inserted, updated, unchanged and rejected.
///
/// A signal ends it between two batches: what was taken by then stays, and the same import later takes the rest.
pub async fn run(arguments: ImportArgs, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    let file = arguments.file.display().to_string();
    let reading = ReadOptions {
        account_id: arguments.account.clone(),
        ..ReadOptions::within(config.jobs.unpack)
    };
    let (bar, reader) = open_with(&arguments.file, reading).with_context(|| file.clone())?;
    let rejects = Rejects::create(arguments.rejects.as_deref())?;
    let database = interrupt
        .or(Database::open(&config.database, ConnectionShare::Command))
        .await?;
    let taking = Box::pin(take(reader, &bar, rejects, &arguments, &database, &interrupt));
    let result = interrupt.or(taking).await;
    bar.finish_and_clear();
    database.close().await;
    let rejected = result.with_context(|| file)?;
    Ok(if arguments.strict && rejected > 0 {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

/// A reader whose progress a bar shows; the bar hides itself where there is no terminal.
pub(super) fn open(path: &Path, unpack: UnpackLimits) -> anyhow::Result<(ProgressBar, InventoryReader)> {
    open_with(path, ReadOptions::within(unpack))
}

fn open_with(path: &Path, reading: ReadOptions) -> anyhow::Result<(ProgressBar, InventoryReader)> {
    let (bar, reader) = if path.as_os_str() == "-" {
        let bar = ProgressBar::no_length();
        bar.set_style(ProgressStyle::with_template("{bytes} {elapsed} {msg}")?);
        let reader = InventoryReader::from_reader(bar.wrap_read(std::io::stdin()), None, reading)?;
        (bar, reader)
    } else {
        let file = File::open(path)?;
        let bar = ProgressBar::new(file.metadata()?.len());
        bar.set_style(ProgressStyle::with_template(
            "{bar:30} {percent}% {bytes}/{total_bytes} {elapsed} {msg}",
        )?);
        let name = path.file_name().and_then(|name| name.to_str());
        let reader = InventoryReader::from_reader(bar.wrap_read(file), name, reading)?;
        (bar, reader)
    };
    for column in reader.ignored_columns() {
        complain(&format!("the column {column} is not known and is ignored"));
    }
    Ok((bar, reader))
}

/// Receiver of what the file reports: the inventory, or a plan.
enum ImportTarget<'a> {
    Inventory(Box<Reconciler<'a>>),
    Plan(&'a Database, Reconciled, PlannedChanges),
}

impl ImportTarget<'_> {
    async fn take(&mut self, batch: Vec<ResourceReport>) -> anyhow::Result<()> {
        match self {
            Self::Inventory(reconciler) => {
                let taken = reconciler.resources(batch).await;
                taken.map_err(|error| anyhow!(error))
            }
            Self::Plan(database, totals, changes) => {
                let (done, samples) = imports::plan_reports(&database.pools.all, &batch).await?;
                *totals += done;
                changes.add(samples);
                Ok(())
            }
        }
    }
}

/// Gives how many entries were rejected.
async fn take(
    mut reader: InventoryReader,
    bar: &ProgressBar,
    mut rejects: Rejects,
    arguments: &ImportArgs,
    database: &Database,
    interrupt: &Interrupt,
) -> anyhow::Result<u64> {
    database.prepare().await?;
    let mut target = if arguments.dry_run {
        ImportTarget::Plan(database, Reconciled::default(), PlannedChanges::default())
    } else {
        ImportTarget::Inventory(Box::new(Reconciler::new(
            &database.pools.all,
            &arguments.source,
            None,
        )))
    };
    let mut batcher = Batcher::default();
    let mut rejected = 0;
    for entry in reader.by_ref() {
        interrupt.check()?;
        match entry? {
            InventoryEntry::Resource(_, report) => {
                if let Some(batch) = batcher.push(report) {
                    target.take(batch).await?;
                }
            }
            InventoryEntry::Rejected(faults) => {
                rejects.add(bar, &faults)?;
                rejected += 1;
            }
        }
    }
    if let Some(batch) = batcher.take() {
        target.take(batch).await?;
    }
    rejects.finish()?;
    let summary = reader.summary();
    match target {
        ImportTarget::Plan(_, totals, changes) => bar.suspend(|| {
            say_summary(&summary);
            changes.say();
            say(&format!("dry run: {}", counts(totals, rejected)));
        }),
        ImportTarget::Inventory(reconciler) => {
            request_evaluation(database).await?;
            bar.suspend(|| {
                complain_of_gaps(&summary);
                say(&counts(reconciler.totals(), rejected));
            });
        }
    }
    Ok(rejected)
}

/// Requests an evaluation, if one is due, of a service that runs or the next one that starts.
async fn request_evaluation(database: &Database) -> anyhow::Result<()> {
    let (db, actor) = (&database.pools.all, Actor::system("import"));
    if evaluation::is_due(db).await? {
        runs::request(db, &actor, &evaluation::AutoTagJob {}).await?;
    }
    Ok(())
}

fn counts(totals: Reconciled, rejected: u64) -> String {
    let (inserted, updated, unchanged) = (totals.inserted, totals.updated, totals.unchanged);
    format!("inserted {inserted}, updated {updated}, unchanged {unchanged}, rejected {rejected}")
}
