//! The ticker: schedules, runs that no worker has or gets, counters and coverage.

use super::context::JobContext;
use super::registry::definitions;
use crate::domain::{counters, coverage, rules};
use crate::runs;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const TICK_INTERVAL: Duration = Duration::from_secs(1);
const FOLD_INTERVAL: Duration = Duration::from_secs(1);
const RECLAIM_INTERVAL: Duration = Duration::from_secs(2);

/// Ticks the schedules until shutdown. A database that does not answer is logged, and asked again at the next tick:
/// what was missed is made up for then.
pub(super) async fn tick_schedules(context: JobContext, shutdown: CancellationToken) {
    every(TICK_INTERVAL, &shutdown, || tick(&context)).await;
}

/// Queues runs again that lost their task, until shutdown.
pub(super) async fn enqueue_missing_until_shutdown(context: JobContext, shutdown: CancellationToken) {
    every(TICK_INTERVAL, &shutdown, || enqueue_missing(&context)).await;
}

/// Takes runs from workers that died, until shutdown.
pub(super) async fn reclaim_orphans_until_shutdown(context: JobContext, shutdown: CancellationToken) {
    every(RECLAIM_INTERVAL, &shutdown, || reclaim(&context)).await;
}

/// Folds what changed of the counters into them until shutdown.
pub(super) async fn fold_counters(context: JobContext, shutdown: CancellationToken) {
    every(FOLD_INTERVAL, &shutdown, || fold(&context)).await;
}

/// Counts coverage where something changed, until shutdown.
pub(super) async fn count_coverage(context: JobContext, shutdown: CancellationToken) {
    every(FOLD_INTERVAL, &shutdown, || async {
        match coverage::count_until(&context.db, &context.engine, &shutdown).await {
            Ok(0) => {}
            Ok(resources) => tracing::trace!(resources, "counted for coverage"),
            Err(error) => error.log("coverage could not be counted"),
        }
    })
    .await;
}

async fn every<F: Future<Output = ()>>(period: Duration, shutdown: &CancellationToken, work: impl Fn() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => work().await,
        }
    }
}

async fn tick(context: &JobContext) {
    match rules::switch_due(&context.db, &*context.clock).await {
        Ok(None) => {}
        Ok(Some(run)) => tracing::info!(run = run.id, "rules came into or went out of effect"),
        Err(error) => error.log("the times of rules could not be looked at"),
    }
    match runs::tick(&context.db, &definitions(), &*context.clock).await {
        Ok(runs) if runs.is_empty() => {}
        Ok(runs) => tracing::debug!(runs = runs.len(), "scheduled"),
        Err(error) => error.log("the schedules could not be looked at"),
    }
}

async fn reclaim(context: &JobContext) {
    match runs::reclaim_orphans(&context.db).await {
        Ok(reclaimed) if reclaimed == runs::ReclaimedRuns::default() => {}
        Ok(runs::ReclaimedRuns { requeued, ended }) => {
            tracing::warn!(requeued, ended, "runs whose worker fell silent");
        }
        Err(error) => error.log("abandoned runs could not be looked for"),
    }
}

async fn enqueue_missing(context: &JobContext) {
    match runs::enqueue_missing(&context.db).await {
        Ok(0) => {}
        Ok(tasks) => tracing::debug!(tasks, "queued again"),
        Err(error) => error.log("runs that lost their task could not be looked for"),
    }
}

async fn fold(context: &JobContext) {
    match counters::fold(&context.db).await {
        Ok(0) => {}
        Ok(deltas) => tracing::trace!(deltas, "folded into the counters"),
        Err(error) => error.log("the counters could not be folded"),
    }
}
