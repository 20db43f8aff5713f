//! Maintenance: makes audit partitions ahead, and prunes what is old.

use super::{JobContext, queue};
use crate::domain::approvals::items;
use crate::domain::inventory::prune;
use crate::domain::runs::{self, Flow, Progress, RunHandle};
use crate::domain::{audit, counters, imports};
use crate::error::Result;
use chrono::TimeDelta;
use std::time::Duration;

/// How long the history of runs reaches back; [`KEPT_RUNS`] of each job stay however old they are, but not what they
/// decided of each tag.
const RUNS: TimeDelta = TimeDelta::days(30);
const KEPT_RUNS: u32 = 100;
const TASKS: Duration = Duration::from_hours(1);
const UPLOADS: Duration = Duration::from_hours(7 * 24);

pub(super) async fn run(context: &JobContext, run: &RunHandle) -> Result<()> {
    let db = &context.db;
    let partitions = audit::make_partitions(db).await?;
    let decisions = items::prune(db, context.clock.now() - RUNS).await?;
    let runs = runs::prune(db, context.clock.now() - RUNS, KEPT_RUNS).await?;
    let tasks = queue::prune(db, TASKS).await?;
    let uploads = imports::prune(db, UPLOADS).await?;
    let counted = counters::prune(db).await?;
    let counts = [
        ("partitions_made", i64::from(partitions)),
        ("decisions_pruned", decisions as i64),
        ("runs_pruned", runs as i64),
        ("tasks_pruned", tasks as i64),
        ("uploads_pruned", uploads as i64),
        ("counters_pruned", counted as i64),
    ];
    let mut flow = run.checkpoint(db, progress(counts.into())).await?;
    let mut next = Some(0);
    while let (Flow::Continue, Some(resource)) = (flow, next) {
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
