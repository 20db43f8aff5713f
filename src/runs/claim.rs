//! A worker's hold on a run.

use super::principal::{self, LOST_RIGHTS, Principal};
use super::{JobSpec, Run};
use crate::db::sql;
use crate::entities::JobName;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseConnection, FromQueryResult, Iterable, Value};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

/// What one chunk of work adds to a run.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Units of work done in this chunk.
    pub done_delta: i64,
    /// How many there are in all, where that is known. It does not lower what was said before.
    pub total: Option<i64>,
    /// What came of them, by name, in this chunk.
    pub counts: BTreeMap<&'static str, i64>,
}

/// Whether to go on after a checkpoint.
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

/// Who works on runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerId {
    /// The name that the history shows.
    pub name: String,
    /// The advisory lock that the worker's process holds for as long as it lives, if it holds one: by it a death is
    /// noticed within seconds, see [`super::rescue`].
    pub key: Option<i64>,
}

impl From<&str> for WorkerId {
    /// A worker that only its heartbeat shows to be alive.
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: None,
        }
    }
}

/// The hold of one worker on one run. A job works in chunks, each in a transaction that ends with
/// [`RunHandle::checkpoint`]; so a worker that lost its hold cannot commit, and no chunk takes effect twice.
#[derive(Debug)]
pub struct RunHandle {
    /// The run.
    pub run_id: i64,
    /// Which attempt this is; the first is 1.
    pub attempt: i32,
    /// What to do.
    pub arguments: JobSpec,
    /// The moment that the run stands for: its schedule's tick, or when it was asked for. The same in all attempts.
    pub asked_at: DateTime<Utc>,
    /// Who asked for it; see [`RunHandle::subject`] for who acts.
    pub requested_by: String,
    /// Units of work that earlier attempts committed.
    pub done_before: i64,
    /// How many units earlier attempts knew of.
    pub total_before: Option<i64>,
    /// Whether another run asked for this one, to share its work.
    pub(super) is_helper: bool,
    pub(super) fence: i64,
    /// For whom the run works; `None` for the service itself.
    pub(super) principal: Option<Principal>,
    pub(super) stopped: OnceLock<Stop>,
    pub(super) stop: CancellationToken,
    /// Cancelled with `stop`, and when a heartbeat learns that a person cancelled the run.
    pub(super) cancellation: CancellationToken,
}

/// Why a checkpoint told the job to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Cancelled,
    Shutdown,
    Preempted,
}

/// Whether a run is still ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Lease {
    /// It is.
    Ours,
    /// It was taken from us, or has ended: what we do for it is refused.
    Lost,
}

/// What can be claimed: runs that are queued and due, of jobs that this program knows, unless another run has the
/// exclusive key. `$1` is the names of the jobs.
macro_rules! claimable {
    () => {
        "r.status = 'QUEUED' AND r.run_at <= now() AND r.job_name = ANY($1)
         AND NOT EXISTS (SELECT FROM scheduler_jobs o
                          WHERE o.status = 'RUNNING' AND o.exclusive_key = r.exclusive_key)"
    };
}

/// Takes a certain run that is queued and due. `None` when it cannot be taken: another worker has it, it has ended,
/// is not due, or waits for the end of another run with its exclusive key.
///
/// `stop` ends the work at the next checkpoint when this process shuts down. A run whose arguments cannot be read
/// fails for good.
pub async fn claim(
    db: &DatabaseConnection,
    id: i64,
    worker: impl Into<WorkerId>,
    stop: CancellationToken,
) -> Result<Option<RunHandle>> {
    let which = concat!(
        "SELECT r.id FROM scheduler_jobs r WHERE r.id = $4 AND ",
        claimable!()
    );
    take(db, which, Some(id), &worker.into(), stop).await
}

/// Takes the run that comes first: of the highest priority, and of those the one that has been due for longest. As
/// [`claim`] otherwise.
pub async fn claim_next(
    db: &DatabaseConnection,
    worker: &WorkerId,
    stop: CancellationToken,
) -> Result<Option<RunHandle>> {
    let which = concat!(
        "SELECT r.id FROM scheduler_jobs r WHERE $4::bigint IS NULL AND ",
        claimable!(),
        " ORDER BY r.priority DESC, r.run_at, r.id LIMIT 1 FOR UPDATE SKIP LOCKED"
    );
    take(db, which, None, worker, stop).await
}

async fn take(
    db: &DatabaseConnection,
    which: &str,
    id: Option<i64>,
    worker: &WorkerId,
    stop: CancellationToken,
) -> Result<Option<RunHandle>> {
    let take = format!(
        "UPDATE scheduler_jobs SET status = 'RUNNING', attempt = attempt + 1, fence = fence + 1, worker = $2,
             worker_key = $3, heartbeat_at = now(), claimed_at = now(), progress_claimed = progress_done,
             started_at = coalesce(started_at, now())
         WHERE id = ({which}) AND status = 'QUEUED' RETURNING *"
    );
    // Two workers may take two runs with one exclusive key at the same moment; the one that comes second looks again.
    for _ in 0..3 {
        let binds = [
            known_jobs(),
            worker.name.clone().into(),
            worker.key.into(),
            id.into(),
        ];
        match sql::row(db, &take, binds).await {
            Ok(None) => return Ok(None),
            Ok(Some(run)) => return hold(db, run, stop).await.map(Some),
            Err(error) if sql::is_taken(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// A later version's jobs are left to its workers.
fn known_jobs() -> Value {
    let names: Vec<String> = JobName::iter().map(|job| job.to_value()).collect();
    names.into()
}

async fn hold(db: &DatabaseConnection, run: Run, stop: CancellationToken) -> Result<RunHandle> {
    match JobSpec::from_json(run.job_name, &run.arguments) {
        Ok(arguments) => Ok(RunHandle {
            run_id: run.id,
            attempt: run.attempt,
            arguments,
            asked_at: run.scheduled_for.unwrap_or(run.created_at),
            requested_by: run.requested_by,
            done_before: run.progress_done,
            total_before: run.progress_total,
            is_helper: run.recruited_by.is_some(),
            fence: run.fence,
            principal: Principal::load(db, run.id).await?,
            stopped: OnceLock::new(),
            cancellation: stop.child_token(),
            stop,
        }),
        Err(error) => {
            sql::execute(
                db,
                "UPDATE scheduler_jobs SET status = 'FAILED', error = $3, finished_at = now()
                 WHERE id = $1 AND fence = $2 AND status = 'RUNNING'",
                [run.id.into(), run.fence.into(), error.to_string().into()],
            )
            .await?;
            Err(error)
        }
    }
}

impl RunHandle {
    /// Adds a chunk's progress, as the last statement of the chunk's transaction, and tells whether to go on.
    ///
    /// Gives an error when the run is no longer ours, so that the transaction rolls back; [`Error::Forbidden`] when those
    /// for whom it works have lost their rights, see [`RunHandle::require_rights`].
    pub async fn checkpoint(&self, txn: &impl ConnectionTrait, progress: Progress) -> Result<ControlFlow> {
        #[derive(FromQueryResult)]
        struct Row {
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
        let row: Option<Row> = sql::row(txn, &checkpoint, binds).await?;
        let row = row.ok_or_else(|| self.lost())?;
        principal::require_held(row.lost.as_deref())?;
        let why = match (row.cancelled, self.stop.is_cancelled()) {
            (true, _) => Stop::Cancelled,
            (false, true) => Stop::Shutdown,
            (false, false) if self.yields_to_higher_priority(txn).await? => Stop::Preempted,
            (false, false) => return Ok(ControlFlow::Continue),
        };
        self.stopped.get_or_init(|| why);
        Ok(ControlFlow::Cancelled)
    }

    /// Whether this run makes room for one of a higher priority that has waited for a while. Of all runs that could,
    /// one does, for the waiting one is marked as called.
    async fn yields_to_higher_priority(&self, txn: &impl ConnectionTrait) -> Result<bool> {
        if !self.arguments.is_preemptible() {
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
            known_jobs(),
            self.arguments.priority().into(),
            PREEMPT_AFTER_SECONDS.into(),
        ];
        Ok(sql::execute(txn, call, binds).await? > 0)
    }

    /// Whether another run asked for this one, to share its work.
    pub fn is_helper(&self) -> bool {
        self.is_helper
    }

    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped.get().copied()
    }

    /// Is cancelled within about a second when a person cancels the run, and at once when this process shuts down: for
    /// work that is long between two checkpoints. Such work ends with `Ok` after [`RunHandle::should_stop`], or with any
    /// error; what was not committed is rolled back.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// Whether to stop between two checkpoints. Once it said so, the run counts as stopped.
    pub fn should_stop(&self) -> bool {
        let stop = self.cancellation.is_cancelled();
        if stop {
            self.stopped.get_or_init(|| {
                if self.stop.is_cancelled() {
                    Stop::Shutdown
                } else {
                    Stop::Cancelled
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

    /// Shows that the worker is alive, and learns whether a person has cancelled the run, see [`RunHandle::halt`].
    pub async fn heartbeat(&self, db: &impl ConnectionTrait) -> Result<Lease> {
        #[derive(FromQueryResult)]
        struct Row {
            cancelled: bool,
        }
        let row: Option<Row> = sql::row(
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
}
