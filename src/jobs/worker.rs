//! The workers: claim the run that the queue names, work on it, settle it.
//!
//! apalis only hears success: a failed task it would fetch again at once, and a panic or a timeout of its own
//! would leave the task running for ever. Retries, panics and timeouts are ours.

use super::wakeups::Wakeups;
use super::{JobContext, auto_tag, discover, import, maintain, queue};
use crate::domain::runs::{self, Arguments, Failure, RunHandle, Settled};
use crate::error::Result;
use apalis::prelude::{BackendExt, Data, Monitor, WorkerBuilder, WorkerBuilderExt};
use apalis_postgres::{Config, PostgresStorage};
use sea_orm::TransactionTrait;
use serde_json::Value;
use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

const HEARTBEAT: Duration = Duration::from_secs(10);
/// An attempt that takes longer is cut off and counts as failed; what it committed stands.
const ATTEMPT_LIMIT: Duration = Duration::from_hours(2);
/// What apalis gets beyond our own grace to acknowledge its last tasks.
const ACKNOWLEDGE: Duration = Duration::from_secs(2);

/// Works on runs, `concurrency` of them at a time, until shutdown.
pub(super) async fn run(context: JobContext, concurrency: usize, shutdown: CancellationToken) {
    let grace = context.grace;
    let name = format!("worker-{}-{:08x}", std::process::id(), rand::random::<u32>());
    let worker = Arc::new(Worker {
        context,
        name,
        shutdown: shutdown.clone(),
    });
    let monitor = Monitor::new()
        .register(move |restarts| {
            let config = Config::default()
                .queue(queue::NAME)
                .batch_size(concurrency.div_ceil(4))
                .heartbeat_interval(HEARTBEAT)
                .missed_heartbeats(6);
            let pool = worker.context.db.get_postgres_connection_pool();
            let storage = PostgresStorage::<Value>::new(pool)
                .with_config(config)
                .poll_with_strategy(Wakeups::of_queue(pool, queue::NAME));
            WorkerBuilder::new(format!("{}-{restarts}", worker.name))
                .backend(storage)
                .concurrency(concurrency)
                .data(Arc::clone(&worker))
                .build(handle)
        })
        .should_restart({
            let shutdown = shutdown.clone();
            move |_, error| {
                tracing::error!(%error, "the queue's worker broke and is started again");
                !shutdown.is_cancelled()
            }
        })
        .with_terminator(async move { tokio::time::sleep(grace + ACKNOWLEDGE).await });
    let signal = async {
        shutdown.cancelled().await;
        Ok(())
    };
    if let Err(error) = monitor.run_with_signal(signal).await {
        tracing::error!(%error, "workers ended abnormally");
    }
}

/// What apalis calls. Any JSON is let through to here, for what apalis cannot decode would end its worker.
async fn handle(payload: Value, worker: Data<Arc<Worker>>) {
    let Some(run_id) = payload.as_i64() else {
        tracing::error!(%payload, "a task in the queue that is no run; dropped");
        return;
    };
    let worker = Arc::clone(&worker);
    let span = tracing::info_span!("run", id = run_id);
    // On a task of its own: a busy job must not keep apalis from its heartbeats, and a panic stays in there.
    let work = tokio::spawn(async move { worker.work(run_id).await }.instrument(span));
    if let Err(error) = AbortOnDropHandle::new(work).await {
        tracing::error!(run_id, %error, "a run was left behind; it will be rescued");
    }
}

/// This process's worker.
struct Worker {
    context: JobContext,
    /// Unique for each start of a process.
    name: String,
    shutdown: CancellationToken,
}

impl Worker {
    /// Claims a run and sees it through. A failure to do so is logged; the row will be rescued.
    async fn work(&self, run_id: i64) {
        if self.shutdown.is_cancelled() {
            if let Err(error) = self.pass_on(run_id).await {
                tracing::warn!(%error, "a run waits until it is rescued");
            }
            return;
        }
        match runs::claim(&self.context.db, run_id, &self.name, self.shutdown.clone()).await {
            Ok(Some(run)) => match self.see_through(Arc::new(run)).await {
                Ok(settled) => tracing::info!(?settled, "run ended"),
                Err(error) => {
                    tracing::error!(%error, "the end of a run could not be stored; it will be rescued");
                }
            },
            Ok(None) => tracing::debug!("nothing to claim"),
            Err(error) => tracing::error!(%error, "a run could not be claimed"),
        }
    }

    async fn see_through(&self, run: Arc<RunHandle>) -> Result<Settled> {
        tracing::info!(attempt = run.attempt, arguments = ?run.arguments, "run starts");
        let context = self.context.clone();
        let job = tokio::spawn(perform(context, Arc::clone(&run)).in_current_span());
        let job = AbortOnDropHandle::new(job);
        let outcome = tokio::select! {
            ended = job => match ended {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Failure::from(error)),
                Err(error) => Err(panicked(error)),
            },
            () = tokio::time::sleep(ATTEMPT_LIMIT) => Err(Failure {
                error: format!("cut off after {} s", ATTEMPT_LIMIT.as_secs()),
                permanent: false,
            }),
            () = self.grace_is_over() => {
                return runs::release(&self.context.db, &*self.context.wake, &run).await;
            }
            never = self.keep_alive(&run) => match never {},
        };
        if let Err(failure) = &outcome {
            tracing::warn!(error = failure.error, "an attempt failed");
        }
        runs::settle(&self.context.db, &*self.context.wake, &run, outcome).await
    }

    /// Shows that this worker is alive for as long as it is polled.
    async fn keep_alive(&self, run: &RunHandle) -> Infallible {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if let Err(error) = run.heartbeat(&self.context.db).await {
                tracing::warn!(%error, "no heartbeat");
            }
        }
    }

    async fn grace_is_over(&self) {
        self.shutdown.cancelled().await;
        tokio::time::sleep(self.context.grace).await;
    }

    /// Leaves a run that came too late for this process to another.
    async fn pass_on(&self, run_id: i64) -> Result<()> {
        let txn = self.context.db.begin().await?;
        let now = self.context.clock.now();
        self.context.wake.wake(&txn, run_id, now).await?;
        Ok(txn.commit().await?)
    }
}

/// Does what the run asks for.
async fn perform(context: JobContext, run: Arc<RunHandle>) -> Result<()> {
    match &run.arguments {
        Arguments::Discover { source } => discover::run(&context, &run, source.as_deref()).await,
        Arguments::AutoTag {} => auto_tag::run(&context, &run).await,
        Arguments::Import { file_id, dry_run } => import::run(&context, &run, *file_id, *dry_run).await,
        Arguments::Maintain {} => maintain::run(&context, &run).await,
    }
}

fn panicked(error: JoinError) -> Failure {
    let what = match error.try_into_panic() {
        Ok(panic) => panic_message(&*panic),
        Err(error) => error.to_string(),
    };
    Failure {
        error: format!("the job panicked: {what}"),
        permanent: false,
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
