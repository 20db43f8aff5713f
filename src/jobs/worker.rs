//! The workers: claim the run that comes first, work on it, settle it.
//!
//! The queue says when to look; which run it is, the rows decide. So a run of a high priority overtakes those before it
//! in the queue, and no run waits behind one busy worker while another is idle.
//!
//! apalis only hears success: a failed task it would fetch again at once, and a panic or a timeout of its own
//! would leave the task running for ever. Retries, panics and timeouts are ours.

use super::presence::Presence;
use super::wakeups::Wakeups;
use super::{JobContext, auto_tag, decide, discover, import, maintain, queue, seal};
use crate::config::{JobsConfig, RunHistory};
use crate::domain::runs::{self, Arguments, Failure, Hold, RunHandle, Settled, WorkerId};
use crate::error::Result;
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
const LOOK: Duration = Duration::from_secs(1);
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
    let presence = Presence::new(context.db.clone());
    let worker = Arc::new(Worker {
        context,
        id: WorkerId {
            name: format!("worker-{}-{:08x}", std::process::id(), rand::random::<u32>()),
            key: Some(presence.key),
        },
        config,
        looking: Arc::new(Notify::new()),
        shutdown,
    });
    let ended = CancellationToken::new();
    let working = async {
        Arc::clone(&worker).work().await;
        ended.cancel();
    };
    tokio::join!(listen(&worker), working, presence.hold(ended.clone()));
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
            let wakeups = Wakeups::of_queue(pool, queue::NAME, Arc::clone(&worker.looking));
            let storage = PostgresStorage::<Value>::new(pool)
                .with_config(config)
                .poll_with_strategy(wakeups);
            WorkerBuilder::new(format!("{}-{starts}", worker.id.name))
                .backend(storage)
                .concurrency(BATCH)
                .data(Arc::clone(&worker.looking))
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
async fn handle(_: Value, looking: Data<Arc<Notify>>) {
    looking.notify_one();
}

/// This process's worker.
struct Worker {
    context: JobContext,
    /// Unique for each start of a process.
    id: WorkerId,
    config: JobsConfig,
    /// Told when there may be a run to claim.
    looking: Arc<Notify>,
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
                working.spawn(async move { worker.see_through(Arc::new(run)).await }.instrument(span));
            }
            let idle = working.len() < concurrency;
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                Some(ended) = working.join_next() => tell(ended),
                () = self.looking.notified(), if idle => {}
                () = sleep(LOOK), if idle => {}
            }
        }
        while let Some(ended) = working.join_next().await {
            tell(ended);
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

    async fn see_through(&self, run: Arc<RunHandle>) {
        let started = Instant::now();
        tracing::info!(
            attempt = run.attempt,
            requested_by = run.requested_by,
            "run starts"
        );
        let outcome = match self.perform(&run).await {
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

    async fn perform(&self, run: &Arc<RunHandle>) -> Result<Settled> {
        let (db, wake) = (&self.context.db, &*self.context.wake);
        let job = perform(self.context.clone(), self.config.run_history, Arc::clone(run));
        let job = tokio::spawn(job.in_current_span());
        let job = AbortOnDropHandle::new(job);
        let limit = self.config.run_time_limit.min(run.arguments.time_limit());
        let outcome = tokio::select! {
            ended = job => match ended {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Failure::from(error)),
                Err(error) => Err(panicked(error)),
            },
            () = sleep(limit) => Err(Failure {
                error: format!("cut off after {} s", limit.as_secs_f64()),
                permanent: false,
                outage: false,
            }),
            () = self.cancel_is_overdue(run) => {
                run.must_stop();
                Ok(())
            }
            () = self.grace_is_over() => return runs::release(db, wake, run).await,
            () = self.keep_alive(run) => return Ok(Settled::Lost),
        };
        if let Err(failure) = &outcome {
            if failure.outage {
                tracing::debug!(error = failure.error, "an attempt was broken off by an outage");
            } else {
                tracing::warn!(error = failure.error, "an attempt failed");
            }
        }
        self.insist(|| runs::settle(db, wake, run, outcome.clone())).await
    }

    /// Does something again for as long as the database is away: a job broken by that comes to its end in the same
    /// moment. Should the run be another's by then, its fence refuses.
    async fn insist<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        loop {
            match work().await {
                Err(error) if error.is_outage() => {
                    error.log("a run waits for the database");
                    tokio::select! {
                        () = sleep(STORE_AGAIN) => {}
                        () = self.grace_is_over() => return Err(error),
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
                Ok(Hold::Ours) => {}
                Ok(Hold::Lost) => return,
                Err(error) => error.log("no heartbeat"),
            }
        }
    }

    async fn cancel_is_overdue(&self, run: &RunHandle) {
        run.halt().cancelled().await;
        if self.shutdown.is_cancelled() {
            return pending().await;
        }
        sleep(CANCEL_GRACE).await;
    }

    async fn grace_is_over(&self) {
        self.shutdown.cancelled().await;
        sleep(self.context.grace).await;
    }
}

fn tell(ended: std::result::Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a run was left behind; it will be rescued");
    }
}

/// Does what the run asks for.
async fn perform(context: JobContext, history: RunHistory, run: Arc<RunHandle>) -> Result<()> {
    run.require_rights(&context.db).await?;
    match &run.arguments {
        Arguments::Discover { source } => discover::run(&context, &run, source.as_deref()).await,
        Arguments::AutoTag {} => auto_tag::run(&context, &run).await,
        Arguments::Import(spec) => import::run(&context, &run, *spec).await,
        Arguments::Maintain {} => maintain::run(&context, history, &run).await,
        Arguments::Seal {} => seal::run(&context, &run).await,
        Arguments::Decide { decision, reason } => {
            decide::run(&context, &run, *decision, reason.clone()).await
        }
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
        outage: false,
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
