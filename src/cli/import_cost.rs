//! `import-cost`: takes bills into the database.

use super::import_report::Rejects;
use super::output::{complain, say};
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::app::Database;
use crate::auth::Actor;
use crate::config::{Config, UnpackLimits};
use crate::domain::cost::{self, BillFile, BillPart, CostImport, ImportedCost};
use crate::domain::discovery::ReadOptions;
use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Repeated rows of a part that are shown.
const SHOWN_REPEATS: usize = 5;

/// Bills to import, and the handling of rejected rows.
#[derive(Debug, Args)]
pub struct ImportCostArgs {
    /// FOCUS 1.0 to 1.2 or CUR 2.0 as CSV, plain or gzip; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write every rejected row with its reason to this CSV file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End with exit code 2 when a row was rejected
    #[arg(long)]
    strict: bool,
}

/// Imports bills and prints for each what it adds up to, and how much of that belongs to resources.
///
/// A signal, or a file that cannot be read to its end, changes nothing.
pub async fn run(
    arguments: ImportCostArgs,
    config: Config,
    interrupt: Interrupt,
) -> anyhow::Result<ExitCode> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {percent}% {bytes}/{total_bytes} {elapsed}",
    )?);
    let names: Vec<String> = arguments
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let open = |(path, name): (&PathBuf, &String)| {
        open(path, &bar, config.jobs.unpack).with_context(|| name.clone())
    };
    let files = arguments.files.iter().zip(&names).map(open);
    let files = files.collect::<anyhow::Result<Vec<BillFile>>>()?;
    let mut rejects = Rejects::create(arguments.rejects.as_deref())?;
    let take = async |database: &Database| {
        database.prepare().await?;
        take(files, &names, &bar, &mut rejects, database).await
    };
    let imported = with_database(&config, &interrupt, take).await;
    bar.finish_and_clear();
    let imported = imported?;
    rejects.finish()?;
    report(&imported);
    Ok(if arguments.strict && imported.rejected > 0 {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

fn open(path: &Path, bar: &ProgressBar, unpack: UnpackLimits) -> anyhow::Result<BillFile> {
    let reading = ReadOptions::within(unpack);
    if path.as_os_str() == "-" {
        return Ok(BillFile {
            name: "-".to_owned(),
            content: Box::new(std::io::stdin()),
            reading,
        });
    }
    let file = File::open(path)?;
    bar.inc_length(file.metadata()?.len());
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(BillFile {
        name: name.to_string_lossy().into_owned(),
        content: Box::new(bar.wrap_read(file)),
        reading,
    })
}

async fn take(
    files: Vec<BillFile>,
    paths: &[String],
    bar: &ProgressBar,
    rejects: &mut Rejects,
    database: &Database,
) -> anyhow::Result<ImportedCost> {
    let name = files
        .iter()
        .map(|file| file.name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let mut import = CostImport::begin(&database.pools.all).await?;
    let (mut parts, reading) = cost::read_bills(files);
    let mut failed = Ok(());
    while let (Ok(()), Some(part)) = (&failed, parts.recv().await) {
        let path = paths.get(part.file).filter(|_| paths.len() > 1);
        failed = show(&part, path.map(String::as_str), bar, rejects);
        if failed.is_ok() {
            import.stage(part).await?;
        }
    }
    drop(parts);
    let ended = reading.await?.map_err(|(file, error)| {
        let path = paths.get(file).map_or("", String::as_str);
        anyhow!("{path}: {error}")
    });
    if let Err(error) = failed.and(ended) {
        import.abandon().await?;
        return Err(error);
    }
    Ok(import.finish(&Actor::system("import-cost"), &name, None).await?)
}

/// Shows the rows of a part that were refused, and those that may be there twice.
fn show(part: &BillPart, path: Option<&str>, bar: &ProgressBar, rejects: &mut Rejects) -> anyhow::Result<()> {
    let place = path.map(|path| format!(" of {path}")).unwrap_or_default();
    for line in part.repeated.iter().take(SHOWN_REPEATS) {
        let same = format!("line {line}{place} is the same as a row before it in every column; both count");
        bar.suspend(|| complain(&same));
    }
    if part.repeated.len() > SHOWN_REPEATS {
        let more = part.repeated.len() - SHOWN_REPEATS;
        bar.suspend(|| complain(&format!("and {more} more{place}, up to there")));
    }
    for row in part.faults.chunk_by(|one, other| one.line == other.line) {
        let mut row = row.to_vec();
        for fault in &mut row {
            fault.reason.push_str(&place);
        }
        rejects.add(bar, &row)?;
    }
    Ok(())
}

fn report(imported: &ImportedCost) {
    for bill in &imported.bills {
        say(&format!(
            "{} {} {}: {} {}, of which {} of {} resources and {} unallocated",
            bill.provider,
            bill.billing_account_id,
            bill.period_start.format("%Y-%m"),
            bill.amount,
            bill.currency,
            bill.allocated,
            bill.resources,
            bill.unallocated,
        ));
    }
    say(&format!("rows {}, rejected {}", imported.rows, imported.rejected));
}
