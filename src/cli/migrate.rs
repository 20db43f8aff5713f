//! `migrate`: applies, takes back and shows the migrations of the database.

use super::flags::DatabaseFlags;
use super::output::{complain, say};
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::app::Database;
use crate::config::Config;
use crate::db::migrate::{self, MigrationState, MigrationStatus};
use anyhow::Context;
use clap::Subcommand;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Actions on the migrations.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Apply the migrations that the database lacks
    Up {
        /// Number of migrations; all if not given
        #[arg(long)]
        steps: Option<u32>,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Take migrations back, the newest first. Their tables go with their data
    Down {
        /// Number of migrations
        #[arg(long, default_value_t = 1)]
        steps: u32,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        database: DatabaseFlags,
    },
    /// Show which migrations the database has, and which of them this version does not know
    Status {
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

impl Migrate {
    pub fn database(&self) -> &DatabaseFlags {
        match self {
            Self::Up { database, .. } | Self::Down { database, .. } | Self::Status { database } => database,
        }
    }
}

/// Runs the action on a database that is opened and closed around it.
pub async fn run(action: Migrate, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    with_database(&config, &interrupt, async |database| {
        run_on(action, database).await
    })
    .await
}

async fn run_on(action: Migrate, database: &Database) -> anyhow::Result<ExitCode> {
    let db = &database.pools.all;
    match action {
        Migrate::Up { steps, .. } => migrate::up(db, steps).await?,
        Migrate::Down { steps, yes, .. } => {
            let last = last_applied(migrate::status(db).await?, steps);
            if !last.is_empty() && !yes && !confirm(&last, &database.location).await? {
                complain("nothing was taken back");
                return Ok(ExitCode::FAILURE);
            }
            migrate::down(db, steps).await?;
        }
        Migrate::Status { .. } => {}
    }
    for migration in migrate::status(db).await? {
        say(&line(&migration));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(migration: &MigrationStatus) -> String {
    let name = &migration.name;
    match &migration.state {
        MigrationState::Applied => format!("applied  {name}"),
        MigrationState::Missing => format!("missing  {name}"),
        MigrationState::Newer => format!("newer    {name}  (not known to this version, which works with it)"),
        MigrationState::TooNew(requires) => {
            format!("too new  {name}  (needs a version that knows {requires})")
        }
    }
}

/// Migrations that would be taken back, the newest first.
fn last_applied(all: Vec<MigrationStatus>, steps: u32) -> Vec<String> {
    let applied = all.into_iter().rev();
    let applied = applied.filter(|each| each.state != MigrationState::Missing);
    let last = applied.take(usize::try_from(steps).unwrap_or(usize::MAX));
    last.map(|each| each.name).collect()
}

/// Asks the person at the terminal; an error without a terminal.
async fn confirm(migrations: &[String], location: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "migrate down deletes tables with their data: run it on a terminal, or say --yes"
    );
    complain(&format!(
        "This takes back {} of {location}, and deletes their tables with all data. Go on? [y/N]",
        migrations.join(", ")
    ));
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_bytes| answer)
    });
    let answer = answer.await?.context("reading the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
