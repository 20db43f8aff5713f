//! The clock: ticks the schedules, looks for runs that nobody looks after, and folds the counters.

use super::JobContext;
use crate::domain::counters;
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

/// Looks after abandoned runs until shutdown.
pub(super) async fn reclaim_orphans_until_shutdown(context: JobContext, shutdown: CancellationToken) {
    every(RECLAIM_INTERVAL, &shutdown, || reclaim(&context)).await;
}

/// Folds what changed of the counters into them until shutdown.
pub(super) async fn fold_counters(context: JobContext, shutdown: CancellationToken) {
    every(FOLD_INTERVAL, &shutdown, || fold(&context)).await;
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
    match runs::tick(&context.db, &*context.wake, &*context.clock).await {
        Ok(runs) if runs.is_empty() => {}
        Ok(runs) => tracing::debug!(runs = runs.len(), "scheduled"),
        Err(error) => error.log("the schedules could not be looked at"),
    }
}

async fn reclaim(context: &JobContext) {
    match runs::reclaim_orphans(&context.db, &*context.wake).await {
        Ok(reclaimed) if reclaimed == runs::ReclaimedRuns::default() => {}
        Ok(runs::ReclaimedRuns { requeued, ended }) => {
            tracing::warn!(requeued, ended, "runs whose worker fell silent");
        }
        Err(error) => error.log("abandoned runs could not be looked for"),
    }
}

async fn fold(context: &JobContext) {
    match counters::fold(&context.db).await {
        Ok(0) => {}
        Ok(deltas) => tracing::trace!(deltas, "folded into the counters"),
        Err(error) => error.log("the counters could not be folded"),
    }
}
