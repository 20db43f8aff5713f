//! Maintenance: makes audit partitions ahead, and prunes what is old.

use super::approvals::items;
use super::inventory::prune;
use super::{audit, cost, counters, coverage, imports, models};
use crate::auth::Role;
use crate::clock::Clock;
use crate::config::RunHistory;
use crate::entities::JobName;
use crate::error::Result;
use crate::runs::{self, ControlFlow, Job, Progress, RunHandle};
use chrono::TimeDelta;
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Tasks of the queue that ended are kept for so long.
const KEEP_TASKS: Duration = Duration::from_hours(1);
/// Uploads are kept for so long.
const KEEP_UPLOADS: Duration = Duration::from_hours(7 * 24);

/// The job that makes audit partitions ahead and prunes what is old.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintainJob {}

/// Settings that maintenance works with.
pub struct MaintenanceContext {
    /// The database.
    pub db: DatabaseConnection,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Time for which ended runs are kept.
    pub history: RunHistory,
    /// Whole months that the audit trail keeps besides the present one; all when `None`.
    pub audit_retention: Option<u32>,
    /// Version of the model that the configuration pins, which is kept.
    pub pinned_model: Option<String>,
}

#[async_trait::async_trait]
impl Job for MaintainJob {
    const NAME: JobName = JobName::Maintain;
    const PRIORITY: i16 = 40;
    const TIME_LIMIT: Duration = Duration::from_hours(1);
    const ROLE: Role = Role::Admin;
    const CRON: Option<&'static str> = Some("17 3 * * *");

    type Context = MaintenanceContext;

    fn exclusive_key(&self) -> Option<String> {
        Some(self.singleton_key())
    }

    async fn run(self, context: &MaintenanceContext, run: &RunHandle) -> Result<()> {
        maintain(context, run).await
    }
}

async fn maintain(context: &MaintenanceContext, run: &RunHandle) -> Result<()> {
    let db = &context.db;
    let partitions = audit::make_partitions(db).await?;
    let oldest = context.clock.now() - TimeDelta::days(context.history.days.into());
    let decisions = items::prune(db, oldest).await?;
    let detached = match context.audit_retention {
        Some(months) => {
            let now = context.clock.now();
            let oldest = audit::Month::of(now).earlier(months);
            audit::seal::seal(db, None).await?;
            audit::partitions::detach(db, oldest, now).await?.len()
        }
        None => 0,
    };
    let tasks = runs::prune_tasks(db, KEEP_TASKS).await?;
    let uploads = imports::prune(db, KEEP_UPLOADS).await?;
    let counted = counters::prune(db).await?;
    let covered = coverage::prune(db, context.clock.now()).await?;
    let imports = imports::prune_staged(db).await?;
    let cost_imports = cost::prune_staged(db).await?;
    let joined = cost::match_unallocated(db).await?;
    let models = models::prune(db, context.pinned_model.as_deref()).await?;
    let counts = [
        ("partitions_made", i64::from(partitions)),
        ("decisions_pruned", decisions as i64),
        ("partitions_detached", detached as i64),
        ("tasks_pruned", tasks as i64),
        ("uploads_pruned", uploads as i64),
        ("counters_pruned", counted as i64),
        ("coverage_pruned", covered as i64),
        ("imports_forgotten", imports as i64),
        ("cost_imports_forgotten", cost_imports as i64),
        ("cost_lines_joined", joined as i64),
        ("models_pruned", models as i64),
    ];
    let mut flow = run.checkpoint(db, progress(counts.into())).await?;
    let mut more = true;
    while flow == ControlFlow::Continue && more {
        let pruned = runs::prune(db, oldest, context.history.keep).await?;
        more = pruned > 0;
        flow = run
            .checkpoint(db, progress([("runs_pruned", pruned as i64)].into()))
            .await?;
    }
    let mut next = Some(0);
    while let (ControlFlow::Continue, Some(resource)) = (flow, next) {
        let (pruned, onwards) = prune::inferences(db, resource).await?;
        next = onwards;
        flow = run
            .checkpoint(db, progress([("inferences_pruned", pruned as i64)].into()))
            .await?;
    }
    Ok(())
}

fn progress(counts: std::collections::BTreeMap<&'static str, i64>) -> Progress {
    Progress {
        done_delta: 1,
        total: None,
        counts,
    }
}
