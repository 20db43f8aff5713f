//! Confirmation of retirements that wait for a person.

use super::discover::DiscoverJob;
use crate::auth::{Actor, Role};
use crate::db::Begin;
use crate::domain::admin_changes::{self, NewAdminChange};
use crate::domain::sources;
use crate::entities::{AdminAction, AdminSubject};
use crate::error::{Error, Result};
use crate::runs::{self, Requested};
use sea_orm::DatabaseConnection;
use serde_json::json;

/// Confirms that the resources are retired that a source, or the provider of one account, no longer reports, and asks for a
/// run of the source, whose next snapshot retires those of them that it still lacks. Needs [`Role::Admin`] and access to
/// all accounts. Not found if nothing of this provider waits.
pub async fn confirm_retirement(
    db: &DatabaseConnection,
    actor: &Actor,
    provider: &str,
    reason: Option<String>,
) -> Result<Requested> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()?;
    let txn = db.begin().await?;
    let (source, resources) = sources::confirm(&txn, provider, &actor.subject)
        .await?
        .ok_or_else(|| {
            Error::not_found(
                "source",
                format!("retirement of resources of {provider:?} that waits"),
            )
        })?;
    let change = NewAdminChange {
        action: AdminAction::Confirmed,
        subject: AdminSubject::Source,
        subject_id: None,
        subject_name: provider.to_owned(),
        before: None,
        after: Some(json!({ "retiredResources": resources, "reason": reason })),
    };
    admin_changes::record(&txn, actor, change).await?;
    let job = DiscoverJob { source: Some(source) };
    let requested = runs::request_within(&txn, actor, &job).await?;
    txn.commit().await?;
    Ok(requested)
}
