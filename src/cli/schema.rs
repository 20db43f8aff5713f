//! `schema`: prints the GraphQL schema, or the structure of the database, for `schema.graphql` and `schema.sql`.

use super::output::say;
use super::signals::Interrupt;
use super::with_database::with_database;
use crate::app::Database;
use crate::config::Config;
use crate::db::migrate::{self, SchemaFit};
use crate::db::structure;
use crate::graphql::schema;
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Print the structure of the database, as SQL, instead of the GraphQL schema
    #[arg(long)]
    sql: bool,
}

/// Prints what was asked for. The database is opened only for its structure, which must be that of this version.
pub async fn print(arguments: SchemaArgs, config: Config, interrupt: Interrupt) -> anyhow::Result<ExitCode> {
    if !arguments.sql {
        say(schema::sdl().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let sql = with_database(&config, &interrupt, describe).await?;
    say(sql.trim_end());
    Ok(ExitCode::SUCCESS)
}

async fn describe(database: &Database) -> anyhow::Result<String> {
    let db = &database.pools.all;
    let fit = migrate::fit(&migrate::status(db).await?);
    anyhow::ensure!(
        matches!(fit, SchemaFit::Current(_)),
        "the database does not have exactly the migrations of this version: `virtual-tagging migrate status` shows them"
    );
    Ok(structure::describe(db).await?)
}
