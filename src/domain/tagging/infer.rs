//! A dry run of the engine on one resource.

use super::auto_tag::{self, EngineSettings};
use super::{Evaluation, Subject};
use crate::domain::approvals;
use crate::domain::auth::Actor;
use crate::domain::discovery::ResourceReport;
use crate::domain::inventory;
use crate::error::{Error, Result};
use sea_orm::DatabaseConnection;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the engine concludes now for a stored resource with its approved tags. Stores nothing.
pub async fn stored(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    actor: &Actor,
    id: i64,
) -> Result<Evaluation> {
    let found = inventory::list::by_ids(db, &actor.scope, vec![id]).await?.pop();
    let resource = found.ok_or_else(|| Error::not_found("id", "such resource"))?;
    let tags = approvals::list::approved_of(db, &actor.scope, vec![id]).await?;
    evaluate(db, settings, auto_tag::subject(resource, &tags)?).await
}

/// What the engine concludes for a resource that need not exist. Refuses what could not be stored.
pub async fn described(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    _actor: &Actor,
    report: ResourceReport,
) -> Result<Evaluation> {
    inventory::check(&report)?;
    let subject = Subject {
        resource_id: report.resource_id,
        name: report.name,
        cloud: report.cloud,
        account_id: report.account_id,
        resource_type: report.resource_type,
        region: report.region,
        native_tags: report.native_tags,
        approved: BTreeMap::new(),
    };
    evaluate(db, settings, subject).await
}

async fn evaluate(
    db: &DatabaseConnection,
    settings: &EngineSettings,
    subject: Subject,
) -> Result<Evaluation> {
    let engine = Arc::clone(&auto_tag::load_engine(db, settings).await?.engine);
    // Rules and patterns of one resource may keep a processor busy for milliseconds.
    tokio::task::spawn_blocking(move || engine.evaluate(&subject))
        .await
        .map_err(Error::internal)
}
