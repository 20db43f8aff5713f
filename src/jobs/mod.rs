//! Background work: the queue of apalis, the workers, the ticker of schedules, and the registry of jobs. What a job does
//! is in the domain; what becomes of a run is decided on its row, see [`crate::runs`].

mod context;
mod liveness_lock;
mod poll_strategy;
mod queue;
mod registry;
mod schedule;
mod worker;

pub use context::JobContext;
pub use queue::setup;
pub use registry::definitions;

use crate::config::JobsConfig;
use crate::domain::inventory::DiscoverJob;
use crate::error::{Error, Result};
use crate::runs::{self, Job};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Refuses the settings that [`start`] would refuse: a `DISCOVERY_INTERVAL` that is no cron expression.
pub fn check(config: &JobsConfig) -> Result<()> {
    if !config.scheduler {
        return Ok(());
    }
    let read = runs::Cron::parse(&config.discovery_interval);
    read.map(drop).map_err(|error| match error {
        Error::Validation(_) => Error::BadInput(format!("DISCOVERY_INTERVAL: {error}")),
        error => error,
    })
}

/// Starts what `config` wants of this process: workers, the ticker of schedules, both or neither. Every process folds the
/// counters. [`setup`] must have been done.
///
/// The handle ends after `shutdown` once all is stopped: chunks in progress have been committed, or cut off after
/// the grace time, and their runs given back to the queue. Refuses a `DISCOVERY_INTERVAL` that is no cron
/// expression.
pub async fn start(
    context: JobContext,
    config: &JobsConfig,
    shutdown: CancellationToken,
) -> Result<JoinHandle<()>> {
    check(config)?;
    if config.scheduler {
        let jobs = definitions();
        let own = jobs.schedules().map(|(job, cron)| (job, cron.to_owned()));
        let configured = (DiscoverJob::NAME, config.discovery_interval.clone());
        let schedules: Vec<_> = own.chain([configured]).collect();
        runs::sync(
            &context.db,
            &jobs,
            &*context.clock,
            config.schedule_time_zone,
            &schedules,
        )
        .await?;
    }
    let mut parts = JobTasks(Vec::new());
    parts.spawn(schedule::fold_counters(context.clone(), shutdown.clone()));
    parts.spawn(schedule::count_coverage(context.clone(), shutdown.clone()));
    if config.scheduler {
        parts.spawn(schedule::tick_schedules(context.clone(), shutdown.clone()));
    }
    if config.scheduler || config.workers {
        parts.spawn(schedule::enqueue_missing_until_shutdown(
            context.clone(),
            shutdown.clone(),
        ));
        parts.spawn(schedule::reclaim_orphans_until_shutdown(
            context.clone(),
            shutdown.clone(),
        ));
    }
    if config.workers {
        parts.spawn(worker::run(context, config.clone(), shutdown));
    }
    Ok(tokio::spawn(parts.ended()))
}

/// Background tasks, which end with the handle that waits for them: aborting it stops everything at once.
struct JobTasks(Vec<JoinHandle<()>>);

impl JobTasks {
    fn spawn(&mut self, part: impl Future<Output = ()> + Send + 'static) {
        self.0.push(tokio::spawn(part));
    }

    async fn ended(mut self) {
        for part in &mut self.0 {
            if let Err(error) = part.await {
                tracing::error!(%error, "jobs ended abnormally");
            }
        }
    }
}

impl Drop for JobTasks {
    fn drop(&mut self) {
        for part in &self.0 {
            part.abort();
        }
    }
}
