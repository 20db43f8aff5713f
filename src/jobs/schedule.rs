//! The clock: ticks the schedules, and looks for runs that nobody looks after.

use super::JobContext;
use crate::domain::runs;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const TICK: Duration = Duration::from_secs(1);
const RESCUE: Duration = Duration::from_secs(2);

/// Ticks the schedules until shutdown. A database that does not answer is logged, and asked again at the next tick:
/// what was missed is made up for then.
pub(super) async fn tick_schedules(context: JobContext, shutdown: CancellationToken) {
    every(TICK, &shutdown, || tick(&context)).await;
}

/// Looks after abandoned runs until shutdown.
pub(super) async fn rescue_runs(context: JobContext, shutdown: CancellationToken) {
    every(RESCUE, &shutdown, || rescue(&context)).await;
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
        Ok(runs) => tracing::debug!(?runs, "scheduled"),
        Err(error) => error.log("the schedules could not be looked at"),
    }
}

async fn rescue(context: &JobContext) {
    match runs::rescue(&context.db, &*context.wake).await {
        Ok(rescued) if rescued == runs::Rescued::default() => {}
        Ok(rescued) => tracing::warn!(?rescued, "runs whose worker fell silent"),
        Err(error) => error.log("abandoned runs could not be looked for"),
    }
}
