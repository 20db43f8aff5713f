//! Database of a command, open while the command works on it.

use super::signals::Interrupt;
use crate::app::{ConnectionShare, Database};
use crate::config::Config;

/// Opens the database, does the work unless a signal comes, and closes the database.
pub async fn with_database<T>(
    config: &Config,
    interrupt: &Interrupt,
    work: impl AsyncFnOnce(&Database) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let database = interrupt
        .or(Database::open(&config.database, ConnectionShare::Command))
        .await?;
    let result = interrupt.or(work(&database)).await;
    database.close().await;
    result
}
