//! Runs of jobs. The row in `scheduler_jobs` is the truth: status, attempts, progress, backoff, cancelling and rescue
//! are decided on it, in statements that any number of replicas may make at the same time. The queue only wakes a
//! worker, through [`JobNotifier`].
//!
//! A run goes QUEUED -> RUNNING -> SUCCEEDED, FAILED or CANCELLED; back to QUEUED by a failure that has attempts
//! left, by a worker that shuts down, dies or makes room for a run of a higher priority, and by a retry by hand. Only
//! attempts that got no further than the one before count: after `max_attempts` of them the run is FAILED.

mod backoff;
mod claim;
mod cron;
mod fence;
mod finish;
mod helper;
mod history;
mod job_spec;
pub mod list;
mod principal;
mod reclaim;
mod request;
mod schedules;
mod throughput;
mod watcher;

pub use crate::entities::{schedule::Model as Schedule, scheduler_job::Model as Run};
pub use claim::{ControlFlow, Lease, Progress, RunHandle, WorkerId, claim, claim_next};
pub use cron::{Cron, time_zone};
pub use fence::{Fence, add_progress_to};
pub use finish::{AttemptFailure, RunEnd, finish_run, release};
pub use helper::spawn_helper;
pub use history::prune;
pub use job_spec::JobSpec;
pub use reclaim::{HEARTBEAT_TIMEOUT, LEASE_TIMEOUT, ReclaimedRuns, reclaim_orphans};
pub use request::{NewRun, Requested, cancel, request, request_discovery, retry};
pub(crate) use request::{add, find};
pub use schedules::{ScheduleEdit, next_run_at, pause, resume, sync, tick, trigger, update};
pub use throughput::{Throughput, throughput};
pub use watcher::{RunWatcher, WatchedRun};

use crate::db::Transaction;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};

/// Tells the queue that a run waits.
#[async_trait::async_trait]
pub trait JobNotifier: Send + Sync {
    /// Has some worker look for runs at `run_at` or soon after, once the transaction has committed.
    ///
    /// A wake-up carries no meaning of its own: the worker takes the run that comes first, one wake-up too many finds
    /// nothing to claim, and one that was lost costs a second, for idle workers also look by themselves.
    async fn wake(&self, txn: &Transaction, run_id: i64, run_at: DateTime<Utc>) -> Result<()>;
}

fn not_found(id: i64) -> Error {
    Error::not_found("id", format!("run {id}"))
}
