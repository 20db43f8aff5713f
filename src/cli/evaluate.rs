//! `evaluate`: hides tags of an inventory file, infers them again, and prints how good that was. It needs no database.

use super::import::open;
use super::output::{complain, say};
use super::signals::Interrupt;
use crate::config::Config;
use crate::domain::discovery::{InventoryEntry, InventoryReader, ResourceReport};
use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tagging::holdout::{
    DecisionPoint, HoldoutProtocol, HoldoutSplit, score_splits, simulate_approver, splits,
};
use tagging::{KeyMetrics, Subject, Vocabulary};

/// Decisions after which the simulation tells what holds.
const MARKS: [usize; 5] = [0, 10, 30, 100, 300];

/// Inventory, and how its tags are hidden.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// JSON Lines or CSV, plain or gzip, as `import` reads it; partly tagged
    file: PathBuf,
    /// Which resources lose their tags, and which keep them
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,
    /// Also simulate a truthful approver, and print what holds after 10, 30, 100 and 300 decisions
    #[arg(long)]
    approver: bool,
    /// Print JSON Lines: an object for each key, then one with `decisions`
    #[arg(long)]
    json: bool,
    /// Seed of folds and training: the same seed gives the same figures
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
}

/// Which resources lose their tags.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Protocol {
    /// All: an estate without a tag
    Cold,
    /// One fifth after the other is asked about, another fifth keeps its tags
    Sparse,
    /// One fifth after the other is asked about, all others keep their tags
    #[default]
    Warm,
}

impl Protocol {
    fn holdout(self) -> HoldoutProtocol {
        match self {
            Self::Cold => HoldoutProtocol::Cold,
            Self::Sparse => HoldoutProtocol::Sparse,
            Self::Warm => HoldoutProtocol::Warm,
        }
    }
}

/// Reads an inventory, hides tags, and prints figures for each governed key that the inventory states.
pub async fn run(arguments: EvaluateArgs, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    let work = tokio::task::spawn_blocking(move || evaluate(&arguments, &config));
    interrupt.or(async { work.await? }).await
}

fn evaluate(arguments: &EvaluateArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let file = arguments.file.display().to_string();
    let (bar, reader) = open(&arguments.file, config.jobs.unpack).with_context(|| file.clone())?;
    let subjects = subjects(reader).with_context(|| file.clone())?;
    bar.finish_and_clear();
    let vocabulary = Arc::new(Vocabulary::default());
    let protocol = arguments.protocol.holdout();
    let splits = || splits(protocol, &vocabulary, &subjects, arguments.seed);
    let bar = progress_bar(subjects.len() as u64, "evaluated")?;
    let figures = score_splits(splits(), &vocabulary, arguments.seed, || bar.inc(1));
    bar.finish_and_clear();
    ensure!(
        !figures.is_empty(),
        "{file}: none of {} resources has a tag that could be hidden",
        subjects.len()
    );
    let decisions = match splits().next().filter(|_| arguments.approver) {
        Some(split) => decisions(&split, &vocabulary, arguments.seed)?,
        None => Vec::new(),
    };
    if arguments.json {
        print_json(&figures, arguments.approver.then_some(&decisions))?;
    } else {
        print_tables(&figures, &decisions);
    }
    Ok(ExitCode::SUCCESS)
}

fn subjects(reader: InventoryReader) -> anyhow::Result<Vec<Subject>> {
    let (mut subjects, mut rejected) = (Vec::new(), 0u64);
    for entry in reader {
        match entry? {
            InventoryEntry::Resource(_, report) => subjects.push(subject(report)),
            InventoryEntry::Rejected(_) => rejected += 1,
        }
    }
    if rejected > 0 {
        complain(&format!(
            "{rejected} entries are not valid and left out; `import` tells why"
        ));
    }
    Ok(subjects)
}

fn subject(report: ResourceReport) -> Subject {
    Subject {
        resource_id: report.resource_id,
        name: report.name,
        cloud: report.cloud.into(),
        account_id: report.account_id,
        resource_type: report.resource_type,
        region: report.region,
        native_tags: report.native_tags,
        approved: std::collections::BTreeMap::new(),
        applied: std::collections::BTreeMap::new(),
        denied_native: std::collections::BTreeSet::new(),
    }
}

fn decisions(
    split: &HoldoutSplit,
    vocabulary: &Arc<Vocabulary>,
    seed: u64,
) -> anyhow::Result<Vec<DecisionPoint>> {
    let last = MARKS.iter().copied().max().unwrap_or_default();
    let bar = progress_bar(last as u64, "decisions")?;
    let points = simulate_approver(split, vocabulary, &MARKS, seed, |spent| {
        bar.set_position(spent as u64);
    });
    bar.finish_and_clear();
    Ok(points)
}

/// Bar that hides itself where there is no terminal.
fn progress_bar(length: u64, what: &'static str) -> anyhow::Result<ProgressBar> {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what} {{elapsed}}");
    Ok(ProgressBar::new(length).with_style(ProgressStyle::with_template(&template)?))
}

fn print_json(figures: &[KeyMetrics], decisions: Option<&Vec<DecisionPoint>>) -> anyhow::Result<()> {
    for key in figures {
        say(&serde_json::to_string(key)?);
    }
    if let Some(decisions) = decisions {
        say(&serde_json::json!({ "decisions": decisions }).to_string());
    }
    Ok(())
}

fn print_tables(figures: &[KeyMetrics], decisions: &[DecisionPoint]) {
    say(
        "key                  support   >= 0.90: coverage precision   0.70-0.90: coverage precision     ECE   Brier",
    );
    for key in figures {
        say(&format!(
            "{:<20} {:>7}   {:>17} {:>9}   {:>19} {:>9} {:>7.3} {:>7.3}",
            key.key,
            key.support,
            percent(Some(key.coverage90)),
            percent(key.precision90),
            percent(Some(key.coverage70)),
            percent(key.precision70),
            key.ece,
            key.brier
        ));
    }
    for key in figures.iter().filter(|key| !key.reliability.is_empty()) {
        say(&format!(
            "\n{}: confidence, share that was right, values",
            key.key
        ));
        for bin in &key.reliability {
            say(&format!(
                "{:>8.3} {:>8.3} {:>8}",
                bin.confidence, bin.observed, bin.count
            ));
        }
    }
    if !decisions.is_empty() {
        say("\ndecisions   right   precision");
    }
    for point in decisions {
        let (coverage, precision) = (percent(Some(point.coverage)), percent(point.precision));
        say(&format!("{:>9} {coverage:>7} {precision:>11}", point.n));
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}
