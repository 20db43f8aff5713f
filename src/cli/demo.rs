//! `demo`: the invented company of `DISCOVERY_SOURCES=demo`.

use super::flags::DatabaseFlags;
use super::output::say;
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::config::Config;
use crate::domain::inventory;
use crate::providers::Demo;
use clap::Subcommand;
use std::process::ExitCode;

/// Actions on the invented company.
#[derive(Debug, Subcommand)]
pub enum DemoAction {
    /// Retire all its resources; they are not discovered again
    ///
    /// Also while the service runs. Decisions on them stay in the audit trail, as those on any retired resource.
    Remove {
        #[command(flatten)]
        database: DatabaseFlags,
    },
}

impl DemoAction {
    pub fn database(&self) -> &DatabaseFlags {
        let Self::Remove { database } = self;
        database
    }
}

/// Runs the action on a database that is opened and closed around it.
pub async fn run(action: DemoAction, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    let DemoAction::Remove { .. } = action;
    let retired = with_database(&config, &interrupt, async |database| {
        database.prepare().await?;
        Ok(inventory::remove_invented(&database.pools.all, Demo::NAME).await?)
    });
    say(&format!("retired {}", retired.await?));
    Ok(ExitCode::SUCCESS)
}
