//! The hold of a worker on a run.

use super::definition::{JobDefinition, JobDefinitions, NewRun};
use super::principal::{self, LOST_RIGHTS, Principal};
use crate::auth::AccountScope;
use crate::db::sql;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

/// Progress that one chunk of work adds to a run.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Units of work done in this chunk.
    pub done_delta: i64,
    /// Units in all, where that is known. It does not lower what was said before.
    pub total: Option<i64>,
    /// Outcomes of this chunk, by name.
    pub counts: BTreeMap<&'static str, i64>,
}

/// The answer of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ControlFlow {
    /// Take the next chunk.
    Continue,
    /// Commit this chunk and return `Ok`: a person cancelled the run, this process shuts down, or a run of a higher
    /// priority waits.
    Cancelled,
}

/// A run of a higher priority that has waited for so long, in seconds, finds all workers busy.
const PREEMPT_AFTER_SECONDS: f64 = 1.0;

/// The hold of one worker on one run. A job works in chunks, each in a transaction that ends with
/// [`RunHandle::checkpoint`]; so a worker that lost its hold cannot commit, and no chunk takes effect twice.
pub struct RunHandle {
    /// The run.
    pub run_id: i64,
    /// Number of the attempt; the first is 1.
    pub attempt: i32,
    /// The job.
    pub job: JobDefinition,
    /// The moment that the run stands for: its schedule's tick, or when it was asked for. The same in all attempts.
    pub asked_at: DateTime<Utc>,
    /// Name of the one who asked for it; see [`RunHandle::subject`] for the one who acts.
    pub requested_by: String,
    /// Units of work that earlier attempts committed.
    pub done_before: i64,
    /// Units of work that earlier attempts knew of.
    pub total_before: Option<i64>,
    pub(super) spec: NewRun,
    /// All jobs that this program knows.
    pub(super) jobs: JobDefinitions,
    pub(super) is_helper: bool,
    pub(super) fence: i64,
    /// Principal of the run; `None` for the service itself.
    pub(super) principal: Option<Principal>,
    pub(super) stopped: OnceLock<StopReason>,
    pub(super) stop: CancellationToken,
    /// Cancelled with `stop`, and when a heartbeat learns that a person cancelled the run.
    pub(super) cancellation: CancellationToken,
}

/// The reason for which a job is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    Cancelled,
    Shutdown,
    Preempted,
}

/// The answer of a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Lease {
    /// The run is still held.
    Ours,
    /// It was taken from us, or has ended: what we do for it is refused.
    Lost,
}

/// Condition of runs that can be claimed: those that are queued and due, of jobs that this program knows, unless another run has the
/// exclusive key. `$1` is the names of the jobs.
macro_rules! claimable {
    () => {
        "r.status = 'QUEUED' AND r.run_at <= now() AND r.job_name = ANY($1)
         AND NOT EXISTS (SELECT FROM scheduler_jobs o
                          WHERE o.status = 'RUNNING' AND o.exclusive_key = r.exclusive_key)"
    };
}
pub(super) use claimable;

impl RunHandle {
    /// Adds a chunk's progress, as the last statement of the chunk's transaction.
    ///
    /// Gives an error when the run is no longer ours, so that the transaction rolls back; [`Error::Forbidden`] when those
    /// for whom it works have lost their rights, see [`RunHandle::require_rights`].
    pub async fn checkpoint(&self, txn: &impl ConnectionTrait, progress: Progress) -> Result<ControlFlow> {
        #[derive(FromQueryResult)]
        struct CheckpointRow {
            cancelled: bool,
            lost: Option<String>,
        }
        let checkpoint = format!(
            "UPDATE scheduler_jobs SET heartbeat_at = clock_timestamp(),
                 progress_done = progress_done + $3, progress_total = greatest($4, progress_total),
                 counts = counts || (SELECT coalesce(jsonb_object_agg(key,
                     coalesce((counts ->> key)::bigint, 0) + value::bigint), '{{}}') FROM jsonb_each_text($5))
             WHERE id = $1 AND fence = $2 AND status = 'RUNNING'
             RETURNING cancel_requested_at IS NOT NULL AS cancelled, {LOST_RIGHTS} AS lost"
        );
        let counts = serde_json::to_value(&progress.counts).map_err(Error::internal)?;
        let binds = [
            self.run_id.into(),
            self.fence.into(),
            progress.done_delta.into(),
            progress.total.into(),
            counts.into(),
        ];
        let row: Option<CheckpointRow> = sql::row(txn, &checkpoint, binds).await?;
        let row = row.ok_or_else(|| self.lost())?;
        principal::require_held(row.lost.as_deref())?;
        let why = match (row.cancelled, self.stop.is_cancelled()) {
            (true, _) => StopReason::Cancelled,
            (false, true) => StopReason::Shutdown,
            (false, false) if self.yields_to_higher_priority(txn).await? => StopReason::Preempted,
            (false, false) => return Ok(ControlFlow::Continue),
        };
        self.stopped.get_or_init(|| why);
        Ok(ControlFlow::Cancelled)
    }

    /// True if this run makes room for one of a higher priority that has waited for a while. Of all runs that could, one
    /// does, for the waiting one is marked.
    async fn yields_to_higher_priority(&self, txn: &impl ConnectionTrait) -> Result<bool> {
        if !self.job.is_preemptible {
            return Ok(false);
        }
        let call = concat!(
            "UPDATE scheduler_jobs SET woken_at = clock_timestamp()
             WHERE id = (SELECT r.id FROM scheduler_jobs r WHERE ",
            claimable!(),
            "   AND r.priority > $2
                AND greatest(r.run_at, r.woken_at) < clock_timestamp() - $3 * interval '1 second'
              ORDER BY r.priority DESC, r.run_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
        );
        let binds = [
            self.jobs.names().into(),
            self.spec.priority.into(),
            PREEMPT_AFTER_SECONDS.into(),
        ];
        Ok(sql::execute(txn, call, binds).await? > 0)
    }

    /// True if another run asked for this one, to share its work.
    pub fn is_helper(&self) -> bool {
        self.is_helper
    }

    pub(super) fn stopped(&self) -> Option<StopReason> {
        self.stopped.get().copied()
    }

    /// Is cancelled within about a second when a person cancels the run, and at once when this process shuts down: for
    /// work that is long between two checkpoints. Such work ends with `Ok` after [`RunHandle::should_stop`], or with any
    /// error; what was not committed is rolled back.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// True if the job is to stop between two checkpoints. Once it was, the run counts as stopped.
    pub fn should_stop(&self) -> bool {
        let stop = self.cancellation.is_cancelled();
        if stop {
            self.stopped.get_or_init(|| {
                if self.stop.is_cancelled() {
                    StopReason::Shutdown
                } else {
                    StopReason::Cancelled
                }
            });
        }
        stop
    }

    /// Forgets the progress of earlier attempts: for a job that cannot go on where the last one stopped. So that it
    /// is not tried for ever, the attempt counts however far it gets.
    pub async fn start_over(&self, db: &impl ConnectionTrait) -> Result<()> {
        let updated = sql::execute(
            db,
            "UPDATE scheduler_jobs SET progress_done = 0, progress_total = NULL, progress_claimed = NULL, counts = '{}'
             WHERE id = $1 AND fence = $2 AND status = 'RUNNING'",
            [self.run_id.into(), self.fence.into()],
        );
        match updated.await? {
            0 => Err(self.lost()),
            _ => Ok(()),
        }
    }

    /// Shows that the worker is alive, and learns whether a person has cancelled the run, see [`RunHandle::cancellation`].
    pub async fn heartbeat(&self, db: &impl ConnectionTrait) -> Result<Lease> {
        #[derive(FromQueryResult)]
        struct HeartbeatRow {
            cancelled: bool,
        }
        let row: Option<HeartbeatRow> = sql::row(
            db,
            "UPDATE scheduler_jobs SET heartbeat_at = clock_timestamp()
             WHERE id = $1 AND fence = $2 AND status = 'RUNNING'
             RETURNING cancel_requested_at IS NOT NULL AS cancelled",
            [self.run_id.into(), self.fence.into()],
        )
        .await?;
        match row {
            None => Ok(Lease::Lost),
            Some(row) => {
                if row.cancelled {
                    self.cancellation.cancel();
                }
                Ok(Lease::Ours)
            }
        }
    }

    fn lost(&self) -> Error {
        Error::internal(format!(
            "run {} is no longer held by this worker; what it was doing is rolled back",
            self.run_id
        ))
    }

    /// The name that what the run does carries.
    pub fn subject(&self) -> &str {
        match &self.principal {
            Some(principal) => &principal.subject,
            None => &self.requested_by,
        }
    }

    /// The accounts in which the run may change anything.
    pub fn scope(&self) -> AccountScope {
        let scope = self.principal.as_ref().map(|principal| principal.scope.clone());
        scope.unwrap_or(AccountScope::All)
    }

    /// Passes while those for whom the run works may still have it done; [`Error::Forbidden`] otherwise. For the
    /// beginning of the work; each checkpoint looks again.
    pub async fn require_rights(&self, db: &impl ConnectionTrait) -> Result<()> {
        #[derive(FromQueryResult)]
        struct LostRightsRow {
            lost: Option<String>,
        }
        let lost = format!("SELECT {LOST_RIGHTS} AS lost");
        let row: Option<LostRightsRow> = sql::row(db, &lost, [self.run_id.into()]).await?;
        principal::require_held(row.and_then(|row| row.lost).as_deref())
    }
}
