//! Maintenance: makes audit partitions ahead, and prunes what is old.

use super::{JobContext, queue};
use crate::config::RunHistory;
use crate::domain::approvals::items;
use crate::domain::inventory::prune;
use crate::domain::{audit, counters, imports};
use crate::error::Result;
use crate::runs::{self, ControlFlow, Progress, RunHandle};
use chrono::TimeDelta;
use std::time::Duration;

const TASKS: Duration = Duration::from_hours(1);
const UPLOADS: Duration = Duration::from_hours(7 * 24);

pub(super) async fn run(context: &JobContext, history: RunHistory, run: &RunHandle) -> Result<()> {
    let db = &context.db;
    let partitions = audit::make_partitions(db).await?;
    let oldest = context.clock.now() - TimeDelta::days(history.days.into());
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
    let tasks = queue::prune(db, TASKS).await?;
    let uploads = imports::prune(db, UPLOADS).await?;
    let counted = counters::prune(db).await?;
    let imports = imports::prune_staged(db).await?;
    let counts = [
        ("partitions_made", i64::from(partitions)),
        ("decisions_pruned", decisions as i64),
        ("partitions_detached", detached as i64),
        ("tasks_pruned", tasks as i64),
        ("uploads_pruned", uploads as i64),
        ("counters_pruned", counted as i64),
        ("imports_forgotten", imports as i64),
    ];
    let mut flow = run.checkpoint(db, progress(counts.into())).await?;
    let mut more = true;
    while flow == ControlFlow::Continue && more {
        let pruned = runs::prune(db, oldest, history.keep).await?;
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
