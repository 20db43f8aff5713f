//! `rules`: rules as a file, out of the database and into it.

use super::flags::DatabaseFlags;
use super::input::read_text;
use super::output::{complain, say};
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::app::Database;
use crate::auth::Actor;
use crate::config::Config;
use crate::domain::rules::manifest::{self, RuleManifest, RulePlanAction, RulePlanStep};
use crate::domain::vocabulary::LiveVocabulary;
use crate::error::Error;
use anyhow::{Context, anyhow};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit code of a dry run that found something to change.
const WOULD_CHANGE: u8 = 2;

/// Actions on rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Print all rules as YAML
    Export {
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Make the rules those of a YAML file; what is not in the file stays
    ///
    /// Prints what it does with each rule. Exit code 1 when the file is refused, and then nothing has changed; 2 when a dry run
    /// found something to change.
    Apply {
        /// File as `rules export` prints it; `-` reads the standard input
        file: PathBuf,
        /// Only print what would be done
        #[arg(long)]
        dry_run: bool,
        /// Delete rules that are not in the file, except those that accepted suggestions became
        #[arg(long)]
        prune: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

impl Rules {
    pub fn database(&self) -> &DatabaseFlags {
        match self {
            Self::Export { database } | Self::Apply { database, .. } => database,
        }
    }
}

/// Runs the action on a database that is opened and closed around it.
pub async fn run(what: Rules, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    with_database(&config, &interrupt, async |database| run_on(what, database).await).await
}

async fn run_on(what: Rules, database: &Database) -> anyhow::Result<ExitCode> {
    let (db, actor) = (&database.pools.all, Actor::system("rules"));
    match what {
        Rules::Export { .. } => {
            let exported = manifest::export(db, &actor).await?;
            say(serde_saphyr::to_string(&exported)?.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Rules::Apply {
            file, dry_run, prune, ..
        } => {
            let read = read(&file).with_context(|| file.display().to_string())?;
            database.prepare().await?;
            let stored = LiveVocabulary::default().refresh(db).await?;
            let plan = manifest::apply(db, &actor, &stored.vocabulary, read, prune, dry_run).await;
            let plan = plan.map_err(refusal)?;
            show(&plan);
            let changes = plan.iter().any(RulePlanStep::is_change);
            Ok(if dry_run && changes {
                ExitCode::from(WOULD_CHANGE)
            } else {
                ExitCode::SUCCESS
            })
        }
    }
}

/// Prints each problem of a refused file.
fn refusal(error: Error) -> anyhow::Error {
    match error {
        Error::Validation(problems) => {
            for problem in &problems {
                complain(&problem.to_string());
            }
            anyhow!("the file is refused, and nothing has changed")
        }
        error => error.into(),
    }
}

fn read(path: &Path) -> anyhow::Result<RuleManifest> {
    Ok(serde_saphyr::from_str(&read_text(path)?)?)
}

fn show(plan: &[RulePlanStep]) {
    let mut counts = [0; 6];
    for step in plan {
        let (word, index) = match step.action {
            RulePlanAction::Create => ("create", 0),
            RulePlanAction::Change => ("change", 1),
            RulePlanAction::Delete => ("delete", 2),
            RulePlanAction::Unchanged => ("unchanged", 3),
            RulePlanAction::NotInFile => ("not in the file, stays", 4),
            RulePlanAction::Approving => ("of an accepted suggestion, stays", 5),
        };
        counts[index] += 1;
        let mut line = format!("{word}: {}", step.rule_name);
        if !step.fields.is_empty() {
            line.push_str(&format!(" ({})", step.fields.join(", ")));
        }
        if let Some(actor) = step
            .updated_by
            .as_ref()
            .filter(|_| step.is_change() || index == 4)
        {
            line.push_str(&format!(", last changed by {actor}"));
        }
        say(&line);
    }
    let [create, change, delete, unchanged, stays, approving] = counts;
    say(&format!(
        "{create} to create, {change} to change, {delete} to delete, {unchanged} unchanged, {} not in the file",
        stays + approving
    ));
}
