//! Output of `import`: rejections, the summary of the file, and the plan of a dry run.

use super::output::{complain, say};
use crate::domain::discovery::{FileSummary, Rejection};
use crate::domain::imports::{Sample, SampleAction};
use anyhow::Context;
use indicatif::ProgressBar;
use std::fs::File;
use std::path::Path;

/// Rejections that are shown; `--rejects` has all.
const SHOWN_REJECTIONS: u64 = 10;
/// Changes that a dry run shows.
const SHOWN_CHANGES: usize = 20;
/// Accounts that a dry run shows.
const SHOWN_ACCOUNTS: usize = 20;

/// Says for which reasons a file may lack resources.
pub(super) fn complain_of_gaps(summary: &FileSummary) {
    for reason in summary.incomplete_reasons() {
        complain(&format!("the file may lack resources: {reason}"));
    }
}

/// Prints format, completeness, mapping and accounts of a file.
pub(super) fn say_summary(summary: &FileSummary) {
    say(&format!("format: {}", summary.format.title()));
    say(&format!(
        "complete: {}",
        if summary.is_complete() { "yes" } else { "no" }
    ));
    for reason in summary.incomplete_reasons() {
        say(&format!("  {reason}"));
    }
    say("mapping:");
    for (field, source) in &summary.mapping {
        say(&format!("  {field}: {source}"));
    }
    say("accounts:");
    for (account, resources) in summary.accounts.iter().take(SHOWN_ACCOUNTS) {
        say(&format!("  {account}: {resources}"));
    }
    if summary.accounts.len() > SHOWN_ACCOUNTS {
        say(&format!("  and {} more", summary.accounts.len() - SHOWN_ACCOUNTS));
    }
}

/// Samples of planned changes.
#[derive(Default)]
pub(super) struct PlannedChanges {
    shown: Vec<Sample>,
    left_out: usize,
}

impl PlannedChanges {
    pub fn add(&mut self, samples: Vec<Sample>) {
        for sample in samples {
            if self.shown.len() < SHOWN_CHANGES {
                self.shown.push(sample);
            } else {
                self.left_out += 1;
            }
        }
    }

    /// Prints a line for each change.
    pub fn say(&self) {
        say("changes:");
        for sample in &self.shown {
            let resource = &sample.resource_id;
            if sample.action == SampleAction::Insert {
                say(&format!("  insert {resource}"));
                continue;
            }
            let changes = sample.changes.iter().map(|change| {
                let (old, new) = (change.old.as_deref(), change.new.as_deref());
                format!("{} {old:?} to {new:?}", change.column)
            });
            let changes: Vec<String> = changes.collect();
            say(&format!("  update {resource}: {}", changes.join(", ")));
        }
        if self.left_out > 0 {
            say(&format!("  and {} more", self.left_out));
        }
    }
}

/// Output of rejections.
pub(super) struct Rejects {
    file: Option<csv::Writer<File>>,
    entries: u64,
}

impl Rejects {
    pub fn create(path: Option<&Path>) -> anyhow::Result<Self> {
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
    pub fn add(&mut self, bar: &ProgressBar, faults: &[Rejection]) -> anyhow::Result<()> {
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

    pub fn finish(&mut self) -> anyhow::Result<()> {
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
