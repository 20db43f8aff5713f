//! A worker's hold on a run.

use super::{Arguments, Run};
use crate::db::sql;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

/// What one chunk of work adds to a run.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Units of work done in this chunk.
    pub done_delta: i64,
    /// How many there are in all, where that is known.
    pub total: Option<i64>,
    /// What came of them, by name, in this chunk.
    pub counts: BTreeMap<&'static str, i64>,
}

/// Whether to go on after a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// Take the next chunk.
    Continue,
    /// Commit this chunk and return `Ok`: a person cancelled the run, or this process shuts down.
    Cancelled,
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
    pub arguments: Arguments,
    /// The moment that the run stands for: its schedule's tick, or when it was asked for. The same in all attempts.
    pub asked_at: DateTime<Utc>,
    /// Who asked for it.
    pub requested_by: String,
    /// Units of work that earlier attempts committed.
    pub done_before: i64,
    pub(super) fence: i64,
    pub(super) stopped: OnceLock<Stop>,
    pub(super) stop: CancellationToken,
}

/// Why a checkpoint told the job to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Cancelled,
    Shutdown,
}

/// Takes a run that is queued and due, for a worker of the given name. `None` when there is nothing to take: another
/// worker has it, it has ended, or it is not due.
///
/// `stop` ends the work at the next checkpoint when this process shuts down. A run whose arguments cannot be read
/// fails for good.
pub async fn claim(
    db: &DatabaseConnection,
    id: i64,
    worker: &str,
    stop: CancellationToken,
) -> Result<Option<RunHandle>> {
    let run: Option<Run> = sql::row(
        db,
        "UPDATE scheduler_jobs SET status = 'RUNNING', attempt = attempt + 1, fence = fence + 1, worker = $2,
             heartbeat_at = now(), started_at = coalesce(started_at, now())
         WHERE id = $1 AND status = 'QUEUED' AND run_at <= now() RETURNING *",
        [id.into(), worker.into()],
    )
    .await?;
    let Some(run) = run else { return Ok(None) };
    match Arguments::from_json(run.job_name, &run.arguments) {
        Ok(arguments) => Ok(Some(RunHandle {
            run_id: run.id,
            attempt: run.attempt,
            arguments,
            asked_at: run.scheduled_for.unwrap_or(run.created_at),
            requested_by: run.requested_by,
            done_before: run.progress_done,
            fence: run.fence,
            stopped: OnceLock::new(),
            stop,
        })),
        Err(error) => {
            sql::execute(
                db,
                "UPDATE scheduler_jobs SET status = 'FAILED', error = $3, finished_at = now()
                 WHERE id = $1 AND fence = $2 AND status = 'RUNNING'",
                [id.into(), run.fence.into(), error.to_string().into()],
            )
            .await?;
            Err(error)
        }
    }
}

impl RunHandle {
    /// Adds a chunk's progress, as the last statement of the chunk's transaction, and tells whether to go on.
    ///
    /// Gives an error when the run is no longer ours, so that the transaction rolls back.
    pub async fn checkpoint(&self, txn: &impl ConnectionTrait, progress: Progress) -> Result<Flow> {
        #[derive(FromQueryResult)]
        struct Row {
            cancelled: bool,
        }
        let row: Option<Row> = sql::row(
            txn,
            "UPDATE scheduler_jobs SET heartbeat_at = clock_timestamp(),
                 progress_done = progress_done + $3, progress_total = coalesce($4, progress_total),
                 counts = counts || (SELECT coalesce(jsonb_object_agg(key,
                     coalesce((counts ->> key)::bigint, 0) + value::bigint), '{}') FROM jsonb_each_text($5))
             WHERE id = $1 AND fence = $2 AND status = 'RUNNING'
             RETURNING cancel_requested_at IS NOT NULL AS cancelled",
            [
                self.run_id.into(),
                self.fence.into(),
                progress.done_delta.into(),
                progress.total.into(),
                serde_json::to_value(&progress.counts)
                    .map_err(Error::internal)?
                    .into(),
            ],
        )
        .await?;
        let row = row.ok_or_else(|| self.lost())?;
        let why = match (row.cancelled, self.stop.is_cancelled()) {
            (true, _) => Stop::Cancelled,
            (false, true) => Stop::Shutdown,
            (false, false) => return Ok(Flow::Continue),
        };
        self.stopped.get_or_init(|| why);
        Ok(Flow::Cancelled)
    }

    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped.get().copied()
    }

    /// Forgets the progress of earlier attempts: for a job that cannot go on where the last one stopped.
    pub async fn start_over(&self, db: &impl ConnectionTrait) -> Result<()> {
        self.update(db, "progress_done = 0, progress_total = NULL, counts = '{}'")
            .await
    }

    /// Shows that the worker is alive. Gives an error when the run is no longer ours.
    pub async fn heartbeat(&self, db: &impl ConnectionTrait) -> Result<()> {
        self.update(db, "heartbeat_at = clock_timestamp()").await
    }

    async fn update(&self, db: &impl ConnectionTrait, set: &str) -> Result<()> {
        let update =
            format!("UPDATE scheduler_jobs SET {set} WHERE id = $1 AND fence = $2 AND status = 'RUNNING'");
        match sql::execute(db, &update, [self.run_id.into(), self.fence.into()]).await? {
            0 => Err(self.lost()),
            _ => Ok(()),
        }
    }

    fn lost(&self) -> Error {
        Error::internal(format!(
            "run {} is no longer held by this worker; what it was doing is rolled back",
            self.run_id
        ))
    }
}
