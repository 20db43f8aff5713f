//! The workers: claim the run that comes first, work on it, settle it.
//!
//! The queue says when to look; which run it is, the rows decide. So a run of a high priority overtakes those before it
//! in the queue, and no run waits behind one busy worker while another is idle.
//!
//! apalis only hears success: a failed task it would fetch again at once, and a panic or a timeout of its own
//! would leave the task running for ever. Retries, panics and timeouts are ours.

use super::liveness_lock::LivenessLock;
use super::poll_strategy::QueuePoller;
use super::{JobContext, auto_tag, decide, discover, import, maintain, queue, seal};
use crate::config::{JobsConfig, RunHistory};
use crate::error::Result;
use crate::runs::{self, AttemptFailure, JobSpec, Lease, RunEnd, RunHandle, WorkerId};
use crate::telemetry::names;
use apalis::prelude::{BackendExt, Data, Monitor, WorkerBuilder, WorkerBuilderExt};
use apalis_postgres::{Config, PostgresStorage};
use sea_orm::ActiveEnum;
use serde_json::Value;
use std::any::Any;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

/// How often a run's row says that its worker lives, and the worker learns of a cancellation.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often an idle worker looks for runs without being told: for those that come due, that waited for another's
/// end, or whose wake-up was lost.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// A job that has not stopped so long after it was told of a cancellation is cut off.
const CANCEL_GRACE: Duration = Duration::from_secs(10);
/// What apalis gets to end.
const ACKNOWLEDGE: Duration = Duration::from_secs(2);
/// How often apalis' worker says that it lives.
const QUEUE_HEARTBEAT: Duration = Duration::from_secs(10);
/// The pause after apalis' worker broke; runs are looked for without it, too.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);
/// The pause before the end of a run is stored again, when the database is away.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// Tasks that apalis fetches at once. All that is done with one is to look.
const BATCH: usize = 16;

/// Works on as many runs at a time as configured, until shutdown.
pub(super) async fn run(context: JobContext, config: JobsConfig, shutdown: CancellationToken) {
    let liveness_lock = LivenessLock::new(context.db.clone());
    let worker = Arc::new(Worker {
        context,
        id: WorkerId {
            name: format!("worker-{}-{:08x}", std::process::id(), rand::random::<u32>()),
            key: Some(liveness_lock.key),
        },
        config,
        work_available: Arc::new(Notify::new()),
        shutdown,
    });
    let ended = CancellationToken::new();
    let working = async {
        Arc::clone(&worker).work().await;
        ended.cancel();
    };
    tokio::join!(listen(&worker), working, liveness_lock.hold(ended.clone()));
}

/// Has apalis say when to look. Its worker breaks by any error of the database, and would at once break again.
async fn listen(worker: &Arc<Worker>) {
    let mut starts = 0;
    while !worker.shutdown.is_cancelled() {
        listen_once(worker, starts).await;
        starts += 1;
        worker.shutdown.run_until_cancelled(sleep(LISTEN_AGAIN)).await;
    }
}

/// Ends when apalis' worker does.
async fn listen_once(worker: &Arc<Worker>, starts: usize) {
    let shutdown = worker.shutdown.clone();
    let worker = Arc::clone(worker);
    let monitor = Monitor::new()
        .register(move |_| {
            let config = Config::default()
                .queue(queue::NAME)
                .batch_size(BATCH)
                .heartbeat_interval(QUEUE_HEARTBEAT)
                .missed_heartbeats(6);
            let pool = worker.context.db.get_postgres_connection_pool();
            let poll_strategy = QueuePoller::of_queue(pool, queue::NAME, Arc::clone(&worker.work_available));
            let storage = PostgresStorage::<Value>::new(pool)
                .with_config(config)
                .poll_with_strategy(poll_strategy);
            WorkerBuilder::new(format!("{}-{starts}", worker.id.name))
                .backend(storage)
                .concurrency(BATCH)
                .data(Arc::clone(&worker.work_available))
                .build(handle)
        })
        .should_restart(|_, error| {
            tracing::debug!(%error, "the queue cannot be read");
            false
        })
        .with_terminator(sleep(ACKNOWLEDGE));
    let signal = async move {
        shutdown.cancelled().await;
        Ok(())
    };
    if let Err(error) = monitor.run_with_signal(signal).await {
        tracing::error!(%error, "the queue's worker ended abnormally");
    }
}

/// What apalis calls. Any JSON is let through to here, for what apalis cannot decode would end its worker.
async fn handle(_: Value, work_available: Data<Arc<Notify>>) {
    work_available.notify_one();
}

/// This process's worker.
struct Worker {
    context: JobContext,
    /// Unique for each start of a process.
    id: WorkerId,
    config: JobsConfig,
    /// Told when there may be a run to claim.
    work_available: Arc<Notify>,
    shutdown: CancellationToken,
}

impl Worker {
    /// Claims runs and sees them through until shutdown, and then those that it has.
    async fn work(self: Arc<Self>) {
        let concurrency = self.config.concurrency;
        let mut working = JoinSet::new();
        loop {
            while working.len() < concurrency
                && let Some(run) = self.claim().await
            {
                // On a task of its own, so that a panic stays in there.
                let span =
                    tracing::info_span!("run", id = run.run_id, job_name = run.arguments.job().to_value());
                let worker = Arc::clone(&self);
                working.spawn(async move { worker.run_to_completion(Arc::new(run)).await }.instrument(span));
            }
            let idle = working.len() < concurrency;
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                Some(ended) = working.join_next() => log_abnormal_end(ended),
                () = self.work_available.notified(), if idle => {}
                () = sleep(POLL_INTERVAL), if idle => {}
            }
        }
        while let Some(ended) = working.join_next().await {
            log_abnormal_end(ended);
        }
    }

    async fn claim(&self) -> Option<RunHandle> {
        if self.shutdown.is_cancelled() {
            return None;
        }
        let claimed = runs::claim_next(&self.context.db, &self.id, self.shutdown.clone()).await;
        claimed.unwrap_or_else(|error| {
            error.log("no run could be claimed");
            None
        })
    }

    async fn run_to_completion(&self, run: Arc<RunHandle>) {
        let started = Instant::now();
        tracing::info!(
            attempt = run.attempt,
            requested_by = run.requested_by,
            "run starts"
        );
        let outcome = match self.execute(&run).await {
            Ok(settled) => {
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(outcome = settled.as_str(), seconds, "run ended");
                settled.as_str()
            }
            Err(error) => {
                tracing::error!(%error, "the end of a run could not be stored; it will be rescued");
                "not_stored"
            }
        };
        let job_name = run.arguments.job().to_value();
        metrics::histogram!(names::RUN_SECONDS, "job_name" => job_name, "outcome" => outcome)
            .record(started.elapsed());
    }

    async fn execute(&self, run: &Arc<RunHandle>) -> Result<RunEnd> {
        let (db, wake) = (&self.context.db, &*self.context.wake);
        let job = dispatch(self.context.clone(), self.config.run_history, Arc::clone(run));
        let job = tokio::spawn(job.in_current_span());
        let job = AbortOnDropHandle::new(job);
        let limit = self.config.run_time_limit.min(run.arguments.time_limit());
        let outcome = tokio::select! {
            ended = job => match ended {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(AttemptFailure::from(error)),
                Err(error) => Err(panicked(error)),
            },
            () = sleep(limit) => Err(AttemptFailure {
                error: format!("cut off after {} s", limit.as_secs_f64()),
                permanent: false,
                outage: false,
            }),
            () = self.cancel_is_overdue(run) => {
                run.should_stop();
                Ok(())
            }
            () = self.grace_elapsed() => return runs::release(db, wake, run).await,
            () = self.keep_alive(run) => return Ok(RunEnd::Lost),
        };
        if let Err(failure) = &outcome {
            if failure.outage {
                tracing::debug!(error = failure.error, "an attempt was broken off by an outage");
            } else {
                tracing::warn!(error = failure.error, "an attempt failed");
            }
        }
        self.retry_while_unavailable(|| runs::finish_run(db, wake, run, outcome.clone()))
            .await
    }

    /// Does something again for as long as the database is away: a job broken by that comes to its end in the same
    /// moment. Should the run be another's by then, its fence refuses.
    async fn retry_while_unavailable<T, F: Future<Output = Result<T>>>(
        &self,
        work: impl Fn() -> F,
    ) -> Result<T> {
        loop {
            match work().await {
                Err(error) if error.is_outage() => {
                    error.log("a run waits for the database");
                    tokio::select! {
                        () = sleep(STORE_AGAIN) => {}
                        () = self.grace_elapsed() => return Err(error),
                    }
                }
                done => return done,
            }
        }
    }

    /// Shows that this worker is alive for as long as it is polled. Ends when the run was taken from it.
    async fn keep_alive(&self, run: &RunHandle) {
        loop {
            sleep(HEARTBEAT).await;
            match run.heartbeat(&self.context.db).await {
                Ok(Lease::Ours) => {}
                Ok(Lease::Lost) => return,
                Err(error) => error.log("no heartbeat"),
            }
        }
    }

    async fn cancel_is_overdue(&self, run: &RunHandle) {
        run.cancellation().cancelled().await;
        if self.shutdown.is_cancelled() {
            return pending().await;
        }
        sleep(CANCEL_GRACE).await;
    }

    async fn grace_elapsed(&self) {
        self.shutdown.cancelled().await;
        sleep(self.context.grace).await;
    }
}

fn log_abnormal_end(ended: std::result::Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a run was left behind; it will be rescued");
    }
}

/// Does what the run asks for.
async fn dispatch(context: JobContext, history: RunHistory, run: Arc<RunHandle>) -> Result<()> {
    run.require_rights(&context.db).await?;
    match &run.arguments {
        JobSpec::Discover { source } => discover::run(&context, &run, source.as_deref()).await,
        JobSpec::AutoTag {} => auto_tag::run(&context, &run).await,
        JobSpec::Import(spec) => import::run(&context, &run, *spec).await,
        JobSpec::Maintain {} => maintain::run(&context, history, &run).await,
        JobSpec::Seal {} => seal::run(&context, &run).await,
        JobSpec::Decide { decision, reason } => decide::run(&context, &run, *decision, reason.clone()).await,
    }
}

fn panicked(error: JoinError) -> AttemptFailure {
    let what = match error.try_into_panic() {
        Ok(panic) => panic_message(&*panic),
        Err(error) => error.to_string(),
    };
    AttemptFailure {
        error: format!("the job panicked: {what}"),
        permanent: false,
        outage: false,
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
