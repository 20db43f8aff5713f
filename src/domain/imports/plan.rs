//! Samples of the changes that a dry run of an import found.

use crate::auth::AccountScope;
use crate::db::sql;
use crate::domain::discovery::ResourceReport;
use crate::domain::inventory::reconcile::Reconciled;
use crate::domain::inventory::staged;
use crate::error::{Error, Result};
use sea_orm::{DatabaseConnection, FromQueryResult};
use serde::Deserialize;
use std::collections::HashMap;

/// Action that an import would take for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleAction {
    Insert,
    Update,
    Unchanged,
}

/// Row of a file, with the action that an import would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub action: SampleAction,
    /// Line, from 1.
    pub line: i64,
    /// Cloud's own id of the resource.
    pub resource_id: String,
    /// Changes of an update.
    pub changes: Vec<SampleChange>,
}

/// Change of a column by an update. Texts are cut to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SampleChange {
    /// `tag:<key>` for one of the native tags.
    pub column: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

#[derive(FromQueryResult)]
struct SampleRow {
    run_id: i64,
    action: String,
    line: i64,
    resource_id: String,
    changes: serde_json::Value,
}

/// Samples of each of the runs, in the order of actions and lines. A row may belong to any account, so callers limited to
/// some accounts see none.
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
    for row in sql::rows::<SampleRow>(db, samples, [runs.into()]).await? {
        found.entry(row.run_id).or_default().push(Sample {
            action: action(&row.action),
            line: row.line,
            resource_id: row.resource_id,
            changes: serde_json::from_value(row.changes).map_err(Error::internal)?,
        });
    }
    Ok(found)
}

fn action(name: &str) -> SampleAction {
    match name {
        "INSERT" => SampleAction::Insert,
        "UPDATE" => SampleAction::Update,
        _ => SampleAction::Unchanged,
    }
}

/// Counts what an import of the reports would do, without doing it, and gives samples of new and changed resources; their
/// line is the number of the report, from 1.
pub async fn plan_reports(
    db: &DatabaseConnection,
    reports: &[ResourceReport],
) -> Result<(Reconciled, Vec<Sample>)> {
    let planned = staged::plan_reports(db, reports).await?;
    let mut done = Reconciled::default();
    let mut samples = Vec::new();
    for (line, row) in (1..).zip(planned) {
        let action = action(&row.action);
        match action {
            SampleAction::Insert => done.inserted += 1,
            SampleAction::Update => done.updated += 1,
            SampleAction::Unchanged => done.unchanged += 1,
        }
        if action != SampleAction::Unchanged {
            samples.push(Sample {
                action,
                line,
                resource_id: row.resource_id,
                changes: serde_json::from_value(row.changes).map_err(Error::internal)?,
            });
        }
    }
    Ok((done, samples))
}
