//! What a dry run would do, by a few examples.

use crate::auth::AccountScope;
use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::{DatabaseConnection, FromQueryResult};
use serde::Deserialize;
use std::collections::HashMap;

/// What an import would do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleAction {
    Insert,
    Update,
    Unchanged,
}

/// A row of a file, and what an import would do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub action: SampleAction,
    /// The line, from 1.
    pub line: i64,
    /// The cloud's own id of the resource.
    pub resource_id: String,
    /// What an update would change.
    pub changes: Vec<Change>,
}

/// What an update would change in a column. Texts are cut to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Change {
    /// `tag:<key>` for one of the native tags.
    pub column: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    run_id: i64,
    action: String,
    line: i64,
    resource_id: String,
    changes: serde_json::Value,
}

/// The examples of each of the runs, in the order of actions and lines. A row may speak of any account, so there are
/// none for who may see only some.
pub async fn samples(
    db: &DatabaseConnection,
    scope: &AccountScope,
    runs: Vec<i64>,
) -> Result<HashMap<i64, Vec<Sample>>> {
    if *scope != AccountScope::All {
        return Ok(HashMap::new());
    }
    let samples = "SELECT run_id, action, line, resource_id, changes FROM import_samples
         WHERE run_id = ANY($1) ORDER BY run_id, action, line";
    let mut found: HashMap<i64, Vec<Sample>> = HashMap::new();
    for row in sql::rows::<Row>(db, samples, [runs.into()]).await? {
        let action = match row.action.as_str() {
            "INSERT" => SampleAction::Insert,
            "UPDATE" => SampleAction::Update,
            _ => SampleAction::Unchanged,
        };
        found.entry(row.run_id).or_default().push(Sample {
            action,
            line: row.line,
            resource_id: row.resource_id,
            changes: serde_json::from_value(row.changes).map_err(Error::internal)?,
        });
    }
    Ok(found)
}
