//! Workers: apalis executes the tasks of its queue, and each task claims runs and works on them.
//!
//! A task says that there is work; which run it is, the rows decide. So a run of a high priority overtakes those before
//! it in the queue. A process takes no task for which it has no free slot, so no run waits behind one busy worker while
//! another is idle.
//!
//! apalis 1.0 shapes three things here; each was seen in its source and by the tests of this module, no issue is known
//! upstream.
//!
//! - Its worker ends at the first error of the database, and drops the tasks that it executes (`Worker::run` in
//!   apalis-core). Work would be lost by an outage of a second. So a task works on a tokio task of its own, which
//!   survives; slots are counted across apalis' workers, and a new one is started.
//! - A failed task is fetched again at once, and one that panicked, or that its timeout ended, stays `Running` for ever.
//!   So tasks always succeed; panics, timeouts and retries are decided on the run.
//! - It forgets an announcement that comes while it fetches, see [`QueuePoller`].

use super::context::JobContext;
use super::liveness_lock::LivenessLock;
use super::poll_strategy::QueuePoller;
use super::registry::registry;
use crate::config::JobsConfig;
use crate::error::Result;
use crate::runs::{
    self, AttemptFailure, JobDefinitions, JobRegistry, Lease, QUEUE, RunEnd, RunHandle, WorkerId,
};
use crate::telemetry::names;
use apalis::prelude::{BackendExt, Data, Monitor, WorkerBuilder, WorkerBuilderExt};
use apalis_postgres::{Config, PostgresStorage};
use sea_orm::ActiveEnum;
use serde_json::Value;
use std::any::Any;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument;

/// Pause between two heartbeats of a run, by which the worker also learns of a cancellation.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A job that has not stopped so long after its cancellation is cut off.
const CANCEL_GRACE: Duration = Duration::from_secs(10);
/// Time for apalis to acknowledge its last tasks.
const ACKNOWLEDGE_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between two heartbeats of apalis' worker.
const QUEUE_HEARTBEAT: Duration = Duration::from_secs(10);
/// Pause before another worker of apalis is started after one broke.
const RESTART_PAUSE: Duration = Duration::from_secs(2);
/// Pause before the end of a run is stored again, when the database is away.
const STORE_RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Works on as many runs at a time as configured, until shutdown.
pub(super) async fn run(context: JobContext, config: JobsConfig, shutdown: CancellationToken) {
    let liveness_lock = LivenessLock::new(context.db.clone());
    let registry = registry();
    let worker = Arc::new(RunWorker {
        context,
        jobs: registry.definitions(),
        registry,
        id: WorkerId {
            name: format!("worker-{}-{:08x}", std::process::id(), rand::random::<u32>()),
            key: Some(liveness_lock.key),
        },
        slots: Semaphore::new(config.concurrency),
        tasks: TaskTracker::new(),
        config,
        shutdown,
        aborted: CancellationToken::new(),
    });
    let _abort = worker.aborted.clone().drop_guard();
    let ended = CancellationToken::new();
    let working = async {
        consume(&worker).await;
        worker.tasks.wait().await;
        ended.cancel();
    };
    tokio::join!(working, liveness_lock.hold(ended.clone()));
}

/// Consumes the queue until shutdown.
async fn consume(worker: &Arc<RunWorker>) {
    let mut starts = 0;
    while !worker.shutdown.is_cancelled() {
        consume_once(worker, starts).await;
        starts += 1;
        worker.shutdown.run_until_cancelled(sleep(RESTART_PAUSE)).await;
    }
    worker.tasks.close();
}

/// Ends when apalis' worker does: by an error of the database, or when all tasks have ended after the shutdown.
async fn consume_once(worker: &Arc<RunWorker>, starts: usize) {
    let (shutdown, tasks) = (worker.shutdown.clone(), worker.tasks.clone());
    let closing = tasks.clone();
    let worker = Arc::clone(worker);
    let monitor = Monitor::new()
        .register(move |_| {
            let config = Config::default()
                .queue(QUEUE)
                // A task more would wait here while another process is idle.
                .batch_size(1)
                .heartbeat_interval(QUEUE_HEARTBEAT)
                .missed_heartbeats(6);
            let pool = worker.context.db.get_postgres_connection_pool();
            let storage = PostgresStorage::<Value>::new(pool)
                .with_config(config)
                .poll_with_strategy(QueuePoller::of_queue(pool, QUEUE));
            WorkerBuilder::new(format!("{}-{starts}", worker.id.name))
                .backend(storage)
                .concurrency(worker.config.concurrency)
                .data(Arc::clone(&worker))
                .build(execute_task)
        })
        .should_restart(|_, error| {
            tracing::debug!(%error, "the queue cannot be read");
            false
        })
        .with_terminator(async move {
            tasks.wait().await;
            sleep(ACKNOWLEDGE_TIMEOUT).await;
        });
    let signal = async move {
        shutdown.cancelled().await;
        closing.close();
        Ok(())
    };
    if let Err(error) = monitor.run_with_signal(signal).await {
        tracing::error!(%error, "the queue's worker ended abnormally");
    }
}

/// Executes a task of the queue. Takes any JSON, for what apalis cannot decode would end its worker.
async fn execute_task(_: Value, worker: Data<Arc<RunWorker>>) {
    let worker = Arc::clone(&worker);
    let tasks = worker.tasks.clone();
    if let Err(error) = tasks.spawn(worker.work_off()).await {
        tracing::error!(%error, "a run was left behind; it will be reclaimed");
    }
}

/// The worker of this process.
struct RunWorker {
    context: JobContext,
    /// Unique for each start of a process.
    id: WorkerId,
    config: JobsConfig,
    registry: JobRegistry<JobContext>,
    jobs: JobDefinitions,
    /// One for each run at a time.
    slots: Semaphore,
    /// The work of apalis' tasks, which outlives apalis' worker.
    tasks: TaskTracker,
    shutdown: CancellationToken,
    /// Cancelled when nobody waits for the worker any more.
    aborted: CancellationToken,
}

impl RunWorker {
    /// Claims runs and works on them, one after the other, until none can be claimed or the process shuts down.
    async fn work_off(self: Arc<Self>) {
        let work = async {
            let Ok(_slot) = self.slots.acquire().await else {
                return;
            };
            while let Some(run) = self.claim().await {
                let span = tracing::info_span!("run", id = run.run_id, job_name = run.job.name.to_value());
                self.run_to_completion(Arc::new(run)).instrument(span).await;
            }
        };
        self.aborted.run_until_cancelled(work).await;
    }

    async fn claim(&self) -> Option<RunHandle> {
        if self.shutdown.is_cancelled() {
            return None;
        }
        let claimed = runs::claim_next(&self.context.db, &self.jobs, &self.id, self.shutdown.clone()).await;
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
                tracing::error!(%error, "the end of a run could not be stored; it will be reclaimed");
                "not_stored"
            }
        };
        let job_name = run.job.name.to_value();
        metrics::histogram!(names::RUN_SECONDS, "job_name" => job_name, "outcome" => outcome)
            .record(started.elapsed());
    }

    async fn execute(&self, run: &Arc<RunHandle>) -> Result<RunEnd> {
        let db = &self.context.db;
        let work = self.registry.execute(&self.context, Arc::clone(run));
        let (rights, pool) = (Arc::clone(run), db.clone());
        let job = async move {
            rights.require_rights(&pool).await?;
            work.await
        };
        let job = tokio::spawn(job.in_current_span());
        let job = AbortOnDropHandle::new(job);
        let limit = self.config.run_time_limit.min(run.job.time_limit);
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
            () = self.grace_elapsed() => return runs::release(db, run).await,
            () = self.keep_alive(run) => return Ok(RunEnd::Lost),
        };
        if let Err(failure) = &outcome {
            if failure.outage {
                tracing::debug!(error = failure.error, "an attempt was broken off by an outage");
            } else {
                tracing::warn!(error = failure.error, "an attempt failed");
            }
        }
        self.retry_while_unavailable(|| runs::finish_run(db, run, outcome.clone()))
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
                        () = sleep(STORE_RETRY_PAUSE) => {}
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
