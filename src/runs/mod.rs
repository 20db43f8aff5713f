//! Runs of jobs. The row in `scheduler_jobs` is the truth: status, attempts, progress, backoff, cancelling and reclaiming
//! are decided on it, in statements that any number of replicas may make at the same time. The queue only wakes
//! a worker, see [`enqueue_missing`].
//!
//! A run goes QUEUED -> RUNNING -> SUCCEEDED, FAILED or CANCELLED; back to QUEUED by a failure that has attempts
//! left, by a worker that shuts down, dies or makes room for a run of a higher priority, and by a retry by hand. Only
//! attempts that got no further than the one before count: after `max_attempts` of them the run is FAILED.

mod backoff;
mod claim;
mod cron;
mod definition;
mod fence;
mod finish;
mod handle;
mod helper;
mod history;
mod job;
pub mod list;
mod principal;
mod queue;
mod reclaim;
mod request;
mod schedules;
mod throughput;
mod watcher;

pub use crate::entities::{schedule::Model as Schedule, scheduler_job::Model as Run};
pub use claim::{WorkerId, claim_next};
pub use cron::{Cron, time_zone};
pub use definition::{JobDefinition, JobDefinitions, NewRun};
pub use fence::{Fence, add_progress_to};
pub use finish::{AttemptFailure, RunEnd, finish_run, release};
pub use handle::{ControlFlow, Lease, Progress, RunHandle};
pub use helper::spawn_helper;
pub use history::prune;
pub use job::{Job, JobRegistry};
pub use queue::{QUEUE, enqueue_missing, prune_tasks};
pub use reclaim::{HEARTBEAT_TIMEOUT, LEASE_TIMEOUT, ReclaimedRuns, reclaim_orphans};
pub use request::{Requested, add, cancel, find, may_request, request, request_within, retry};
pub use schedules::{ScheduleChange, ScheduleEdit, next_run_at, pause, resume, sync, tick, trigger, update};
pub use throughput::{Throughput, throughput};
pub use watcher::{RunWatcher, WatchedRun};
