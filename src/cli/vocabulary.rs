//! `vocabulary`: prints the changes of the vocabulary as a file, and applies such a file.

use super::flags::DatabaseFlags;
use super::input::read_text;
use super::output::say;
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::app::Database;
use crate::auth::Actor;
use crate::config::Config;
use crate::domain::vocabulary::{self, LiveVocabulary};
use anyhow::Context;
use clap::Subcommand;
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use tagging::KeyChange;

/// Actions on the vocabulary.
#[derive(Debug, Subcommand)]
pub enum VocabularyAction {
    /// Print what is changed over the shipped vocabulary, as JSON
    Export {
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Give keys the changes of a file as `export` prints it; keys that it does not name stay as they are
    Apply {
        /// File as `vocabulary export` prints it; `-` reads the standard input
        file: PathBuf,
        /// Tell what would be changed, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

/// File of changes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFile {
    keys: BTreeMap<String, KeyChange>,
}

impl VocabularyAction {
    pub fn database(&self) -> &DatabaseFlags {
        match self {
            Self::Export { database } | Self::Apply { database, .. } => database,
        }
    }
}

/// Runs the action on a database that is opened and closed around it.
pub async fn run(action: VocabularyAction, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    with_database(&config, &interrupt, async |database| {
        run_on(action, database).await
    })
    .await
}

async fn run_on(action: VocabularyAction, database: &Database) -> anyhow::Result<ExitCode> {
    let (db, live) = (&database.pools.all, LiveVocabulary::default());
    match action {
        VocabularyAction::Export { .. } => {
            let keys = live.refresh(db).await?.changes();
            say(&serde_json::to_string_pretty(&ChangeFile { keys })?);
        }
        VocabularyAction::Apply { file, dry_run, .. } => {
            let text = read_text(&file).with_context(|| file.display().to_string())?;
            let changes: ChangeFile = serde_json::from_str(&text)
                .with_context(|| format!("{} is no file of changes", file.display()))?;
            database.prepare().await?;
            let actor = Actor::system("vocabulary");
            let applied = vocabulary::apply(db, &actor, &live, &changes.keys, dry_run).await?;
            for key in &applied {
                say(&format!("{} {}", key.action.to_value().to_lowercase(), key.name));
            }
            let verb = if dry_run { "would be changed" } else { "changed" };
            say(&format!(
                "{} of {} keys {verb}",
                applied.len(),
                changes.keys.len()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
