//! Runs of jobs. The row in `scheduler_jobs` is the truth: status, attempts, progress, backoff, cancelling and rescue
//! are decided on it, in statements that any number of replicas may make at the same time. The queue only wakes a
//! worker, through [`Wake`].
//!
//! A run goes QUEUED -> RUNNING -> SUCCEEDED, FAILED or CANCELLED; back to QUEUED by a failure that has attempts
//! left, by a worker that shuts down, dies or makes room for a run of a higher priority, and by a retry by hand. Only
//! attempts that got no further than the one before count: after `max_attempts` of them the run is FAILED.

mod arguments;
mod backoff;
mod claim;
mod cron;
mod history;
pub mod list;
mod pace;
mod principal;
mod recruit;
mod request;
mod rescue;
mod schedules;
mod settle;
mod share;
mod watcher;

pub use crate::entities::{schedule::Model as Schedule, scheduler_job::Model as Run};
pub use arguments::Arguments;
pub use claim::{Flow, Hold, Progress, RunHandle, WorkerId, claim, claim_next};
pub use cron::{Cron, time_zone};
pub use history::prune;
pub use pace::{Pace, pace};
pub use recruit::recruit;
pub use request::{NewRun, Requested, cancel, request, request_discovery, retry};
pub(in crate::domain) use request::{add, find};
pub use rescue::{DEAD_AFTER, QUIET_AFTER, Rescued, rescue};
pub use schedules::{ScheduleEdit, next_run_at, pause, resume, sync, tick, trigger, update};
pub use settle::{Failure, Settled, release, settle};
pub use share::{Fence, contribute};
pub use watcher::{RunWatcher, WatchedRun};

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;

/// Tells the queue that a run waits.
#[async_trait::async_trait]
pub trait Wake: Send + Sync {
    /// Has some worker look for runs at `run_at` or soon after, once the transaction has committed.
    ///
    /// A wake-up carries no meaning of its own: the worker takes the run that comes first, one wake-up too many finds
    /// nothing to claim, and one that was lost costs a second, for idle workers also look by themselves.
    async fn wake(&self, txn: &DatabaseTransaction, run_id: i64, run_at: DateTime<Utc>) -> Result<()>;
}

fn not_found(id: i64) -> Error {
    Error::not_found("id", format!("run {id}"))
}
