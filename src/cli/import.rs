//! `import`: takes an inventory file into the database, through the same verb as uploads and discovery.

use super::output::{complain, say};
use super::signals::Interrupt;
use crate::app::{ConnectionShare, Database};
use crate::auth::Actor;
use crate::config::{Config, UnpackLimits};
use crate::domain::discovery::{
    Batcher, InventoryEntry, InventoryReader, ReadOptions, Rejection, ReportSink,
};
use crate::domain::evaluation;
use crate::domain::inventory::Reconciler;
use crate::domain::models;
use crate::runs;
use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Rejections that are shown; `--rejects` has all.
const SHOWN_REJECTIONS: u64 = 10;

/// File to import, and the handling of rejected lines.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// JSON Lines or CSV, plain or gzip
    file: PathBuf,
    /// Names the source of resources that are new
    #[arg(long, default_value = "import")]
    source: String,
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
    let (bar, reader) = open(&arguments.file, config.jobs.unpack).with_context(|| file.clone())?;
    let rejects = Rejects::create(arguments.rejects.as_deref())?;
    let database = interrupt
        .or(Database::open(&config.database, ConnectionShare::Command))
        .await?;
    let taking = Box::pin(take(
        reader,
        &bar,
        rejects,
        &arguments.source,
        &database,
        &interrupt,
    ));
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
    let file = File::open(path)?;
    let bar = ProgressBar::new(file.metadata()?.len());
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {percent}% {bytes}/{total_bytes} {elapsed} {msg}",
    )?);
    let name = path.file_name().and_then(|name| name.to_str());
    let reader = InventoryReader::from_reader(bar.wrap_read(file), name, ReadOptions::within(unpack))?;
    for column in reader.ignored_columns() {
        complain(&format!("the column {column} is not known and is ignored"));
    }
    Ok((bar, reader))
}

/// Gives how many entries were rejected.
async fn take(
    reader: InventoryReader,
    bar: &ProgressBar,
    mut rejects: Rejects,
    source: &str,
    database: &Database,
    interrupt: &Interrupt,
) -> anyhow::Result<u64> {
    database.prepare().await?;
    let mut reconciler = Reconciler::new(&database.pools.all, source, None);
    let mut batcher = Batcher::default();
    for entry in reader {
        interrupt.check()?;
        match entry? {
            InventoryEntry::Resource(_, report) => {
                if let Some(batch) = batcher.push(report) {
                    reconciler
                        .resources(batch)
                        .await
                        .map_err(|error| anyhow!(error))?;
                }
            }
            InventoryEntry::Rejected(faults) => {
                rejects.add(bar, &faults)?;
                reconciler
                    .rejected(faults)
                    .await
                    .map_err(|error| anyhow!(error))?;
            }
        }
    }
    if let Some(batch) = batcher.take() {
        reconciler
            .resources(batch)
            .await
            .map_err(|error| anyhow!(error))?;
    }
    reconciler.finish().await?;
    rejects.finish()?;
    if evaluation::is_due(&database.pools.all).await? {
        // For a service that runs, or the next one that starts.
        let (db, actor) = (&database.pools.all, Actor::system("import"));
        if models::is_training_due(db).await? {
            runs::request(db, &actor, &models::TrainModelJob {}).await?;
        }
        runs::request(db, &actor, &evaluation::AutoTagJob {}).await?;
    }
    let (totals, rejected) = (reconciler.totals(), reconciler.rejected_entries());
    let (inserted, updated, unchanged) = (totals.inserted, totals.updated, totals.unchanged);
    let summary =
        format!("inserted {inserted}, updated {updated}, unchanged {unchanged}, rejected {rejected}");
    bar.suspend(|| say(&summary));
    Ok(rejected)
}

/// Output of rejections.
pub(super) struct Rejects {
    file: Option<csv::Writer<File>>,
    entries: u64,
}

impl Rejects {
    pub(super) fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let create = |path: &Path| -> anyhow::Result<csv::Writer<File>> {
            let file = File::create(path).with_context(|| path.display().to_string())?;
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(["line", "column", "value", "reason"])?;
            Ok(writer)
        };
        Ok(Self {
            file: path.map(create).transpose()?,
            entries: 0,
        })
    }

    /// Takes the faults of one entry.
    pub(super) fn add(&mut self, bar: &ProgressBar, faults: &[Rejection]) -> anyhow::Result<()> {
        self.entries += 1;
        for fault in faults {
            let line = fault.line.map(|line| line.to_string()).unwrap_or_default();
            let (column, value) = (fault.column.as_deref(), fault.value.as_deref());
            if self.entries <= SHOWN_REJECTIONS {
                let column = column.map(|column| format!(", {column}")).unwrap_or_default();
                let value = value.map(|value| format!(" ({value:?})")).unwrap_or_default();
                bar.suspend(|| complain(&format!("line {line}{column}: {}{value}", fault.reason)));
            }
            if let Some(file) = &mut self.file {
                let cells = [
                    &line,
                    column.unwrap_or_default(),
                    value.unwrap_or_default(),
                    &fault.reason,
                ];
                file.write_record(cells.map(|cell| crate::domain::csv::escape_formula(cell).into_owned()))?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        if self.entries > SHOWN_REJECTIONS {
            let more = self.entries - SHOWN_REJECTIONS;
            let hint = if self.file.is_some() {
                "the file has them all"
            } else {
                "--rejects FILE keeps them all"
            };
            complain(&format!("and {more} more rejected; {hint}"));
        }
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        Ok(())
    }
}
