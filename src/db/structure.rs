//! Structure of a database as SQL, for `schema.sql`: tables with what belongs to them, views and functions.
//!
//! The catalog is its source rather than `pg_dump`, which is not everywhere where PostgreSQL is, and whose text
//! changes with its version.

use super::sql;
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult};

const HEADER: &str = "\
-- Structure of the database after all migrations; partitions of tag_audit and the tables of the queue are left out.
-- `virtual-tagging schema --sql` writes it: it is for reading, migrations make the database.";

#[derive(FromQueryResult)]
struct StructureRow {
    text: Option<String>,
}

/// Describes what the schema of a database has, as text that is the same on each version of PostgreSQL from 15 on.
pub async fn describe(db: &DatabaseConnection) -> Result<String> {
    let row: Option<StructureRow> = sql::row(db, include_str!("structure.sql"), []).await?;
    let text = row.and_then(|row| row.text).unwrap_or_default();
    Ok(format!("{HEADER}\n\n{text}\n"))
}
