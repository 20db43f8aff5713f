//! Discovery: makes the inventory equal to what the providers report.

use super::ask::{NextStep, SourcesContext, ask};
use super::rejections;
use crate::auth::{Actor, Role};
use crate::domain::sources;
use crate::entities::JobName;
use crate::error::{Error, Result};
use crate::runs::{self, Job, Requested, RunHandle};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The job that asks the providers for their resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoverJob {
    /// The one provider to ask; all when `None`.
    #[serde(default)]
    pub source: Option<String>,
}

#[async_trait::async_trait]
impl Job for DiscoverJob {
    const NAME: JobName = JobName::Discover;
    const PRIORITY: i16 = 20;
    const TIME_LIMIT: Duration = Duration::from_hours(1);
    const ROLE: Role = Role::Approver;

    type Context = SourcesContext;

    fn singleton_key(&self) -> String {
        match &self.source {
            None => "discover".into(),
            Some(source) => format!("discover:{source}"),
        }
    }

    /// Two sources do not touch each other's resources, but asking all touches each one's.
    fn exclusive_key(&self) -> Option<String> {
        Some("discover".into())
    }

    fn follow_up(&self) -> Option<JobName> {
        Some(JobName::AutoTag)
    }

    async fn run(self, context: &Self::Context, run: &RunHandle) -> Result<()> {
        discover(context, run, self.source.as_deref()).await
    }
}

/// Asks for a discovery of one source, or of all; `sources` names those that are configured.
///
/// As [`runs::request`]; refuses a source that is not among them.
pub async fn request_discovery(
    db: &DatabaseConnection,
    actor: &Actor,
    sources: &[String],
    source: Option<String>,
) -> Result<Requested> {
    // Before anything is said of sources.
    runs::may_request(actor, DiscoverJob::ROLE)?;
    if let Some(name) = &source
        && !sources.contains(name)
    {
        let known = match sources {
            [] => "none is configured".to_owned(),
            sources => format!("known are {}", sources.join(", ")),
        };
        return Err(Error::invalid(
            "source",
            format!("there is no source {name:?}; {known}"),
        ));
    }
    runs::request(db, actor, &DiscoverJob { source }).await
}

/// Asks one source, or all. One that fails does not keep the others from reporting; the run then fails as a whole,
/// and is tried again: repeating a report changes nothing.
async fn discover(context: &SourcesContext, run: &RunHandle, source: Option<&str>) -> Result<()> {
    let db = &context.db;
    let asked: Vec<_> = context
        .providers
        .iter()
        .filter(|provider| source.is_none_or(|source| source == provider.name()))
        .collect();
    if let Some(source) = source
        && asked.is_empty()
    {
        return Err(Error::not_found(
            "source",
            format!("source {source:?} among the configured ones"),
        ));
    }
    run.start_over(db).await?;
    rejections::forget(db, run.run_id).await?;
    rejections::forget_old(db).await?;
    sources::forget_old(db).await?;
    let mut failures = Vec::new();
    for provider in asked {
        match ask(context, run, provider).await {
            Ok(NextStep::Continue) => {}
            Ok(NextStep::Stop) => return Ok(()),
            Err(error) => {
                run.require_rights(db).await?;
                failures.push(error.to_string());
            }
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(Error::internal(failures.join("; ")))
}
