//! Runs of jobs. The row in `scheduler_jobs` is the truth: status, attempts, progress, backoff, cancelling and rescue
//! are decided on it, in statements that any number of replicas may make at the same time. The queue only wakes a
//! worker, through [`Wake`].
//!
//! A run goes QUEUED -> RUNNING -> SUCCEEDED, FAILED or CANCELLED; back to QUEUED by a failure that has attempts
//! left, by a worker that shuts down or dies, and by a retry by hand.

mod arguments;
mod backoff;
mod claim;
mod cron;
pub mod list;
mod request;
mod rescue;
mod schedules;
mod settle;

pub use crate::entities::{schedule::Model as Schedule, scheduler_job::Model as Run};
pub use arguments::Arguments;
pub use claim::{Flow, Progress, RunHandle, claim};
pub use cron::Cron;
pub use request::{NewRun, Requested, cancel, request, request_discovery, retry};
pub use rescue::{Rescued, prune, rescue};
pub use schedules::{next_run_at, pause, resume, sync, tick};
pub use settle::{Failure, Settled, release, settle};

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;

/// Tells the queue that a run waits.
#[async_trait::async_trait]
pub trait Wake: Send + Sync {
    /// Has some worker claim the run at `run_at` or soon after, once the transaction has committed.
    ///
    /// A wake-up carries no meaning of its own: one too many finds nothing to claim, and [`rescue`] repeats one that
    /// was lost.
    async fn wake(&self, txn: &DatabaseTransaction, run_id: i64, run_at: DateTime<Utc>) -> Result<()>;
}

fn not_found(id: i64) -> Error {
    Error::not_found("id", format!("run {id}"))
}
