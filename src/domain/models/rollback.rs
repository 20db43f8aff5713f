//! Return to an earlier model.

use super::ModelVersion;
use super::store::{activate, active, find};
use crate::auth::{Actor, Role};
use crate::db::Begin;
use crate::domain::admin_changes::{self, NewAdminChange};
use crate::domain::evaluation::AutoTagJob;
use crate::domain::revision;
use crate::entities::{AdminAction, AdminSubject, ModelStatus};
use crate::error::{Error, Problem, ProblemCode, Result};
use crate::runs;
use sea_orm::DatabaseConnection;
use serde_json::json;

/// Puts an earlier model into use again; all resources are due. Needs [`Role::Admin`] and access to all accounts.
pub async fn rollback(
    db: &DatabaseConnection,
    actor: &Actor,
    version: &str,
    reason: Option<String>,
) -> Result<ModelVersion> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()?;
    let txn = db.begin().await?;
    // Holds the row that activations hold, so that the active version stays what it is.
    revision::raise(&txn).await?;
    let found = match version.parse() {
        Ok(version) => find(&txn, version).await?,
        Err(_) => None,
    };
    let model = found.ok_or_else(|| Error::not_found("version", "such model"))?;
    if model.status == ModelStatus::Active {
        let problem = Problem::field(ProblemCode::Conflict, "version", "this model is in use");
        return Err(Error::Validation(vec![problem]));
    }
    let before = active(&txn).await?;
    let why = reason.as_deref().unwrap_or("no reason given");
    activate(
        &txn,
        model.version,
        &format!("rolled back by {}: {why}", actor.subject),
    )
    .await?;
    let change = NewAdminChange {
        action: AdminAction::Updated,
        subject: AdminSubject::Model,
        subject_id: Some(model.version.to_string()),
        subject_name: format!("model {}", model.version),
        before: Some(json!({ "activeVersion": before.map(|version| version.to_string()) })),
        after: Some(json!({ "activeVersion": model.version.to_string(), "reason": reason })),
    };
    admin_changes::record(&txn, actor, change).await?;
    runs::request_within(&txn, actor, &AutoTagJob {}).await?;
    let now = find(&txn, model.version).await?;
    txn.commit().await?;
    now.ok_or_else(|| Error::internal("a model has gone that was put into use"))
}
