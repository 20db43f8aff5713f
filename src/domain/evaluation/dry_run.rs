//! A dry run of the engine on one resource.

use super::compute::compute;
use super::dry_runs::DryRuns;
use super::engine::EngineSettings;
use super::subject::subject;
use crate::auth::Actor;
use crate::domain::approvals::{self, ResourceColumns};
use crate::domain::discovery::ResourceReport;
use crate::domain::inventory;
use crate::error::{Error, Result};
use sea_orm::DatabaseConnection;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tagging::rules::allowance::is_over;
use tagging::{Evaluation, Subject};

/// Evaluates a stored resource with the tags that decide what holds for it. Stores nothing.
pub async fn stored(
    db: &DatabaseConnection,
    runs: &DryRuns,
    settings: &EngineSettings,
    actor: &Actor,
    id: i64,
) -> Result<Evaluation> {
    let _permit = runs.acquire(actor).await?;
    let found = inventory::list::by_ids(db, &actor.scope, vec![id], ResourceColumns::all())
        .await?
        .pop();
    let resource = found.ok_or_else(|| Error::not_found("id", "such resource"))?;
    let tags = approvals::tags::resolution_of(db, &actor.scope, vec![id]).await?;
    evaluate(runs, settings, subject(resource, &tags)?).await
}

/// Evaluates a resource that need not exist. Refuses what could not be stored.
pub async fn described(
    runs: &DryRuns,
    settings: &EngineSettings,
    actor: &Actor,
    report: ResourceReport,
) -> Result<Evaluation> {
    let _permit = runs.acquire(actor).await?;
    inventory::check(&report)?;
    let subject = Subject {
        resource_id: report.resource_id,
        name: report.name,
        cloud: report.cloud.into(),
        account_id: report.account_id,
        resource_type: report.resource_type,
        region: report.region,
        native_tags: report.native_tags,
        approved: BTreeMap::new(),
        applied: BTreeMap::new(),
        denied_native: BTreeSet::new(),
    };
    evaluate(runs, settings, subject).await
}

/// Processor time for all rules together.
const TIME: Duration = Duration::from_secs(2);

async fn evaluate(runs: &DryRuns, settings: &EngineSettings, subject: Subject) -> Result<Evaluation> {
    let engine = runs.engine(settings).await?;
    let evaluated = compute(TIME, move || {
        let evaluation = engine.evaluate(&subject);
        (!is_over()).then_some(evaluation)
    });
    evaluated.await?.ok_or_else(|| {
        let seconds = TIME.as_secs();
        Error::BadInput(format!("the rules take more than {seconds} s on this resource"))
    })
}
