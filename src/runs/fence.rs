//! Work that several runs do for one of them.

use super::{Progress, RunHandle};
use crate::db::sql;
use crate::error::{Error, Result};
use sea_orm::ConnectionTrait;
use sqlx::PgConnection;

/// Proof that a run is ours still, apart from its handle: for work on a connection or a task of its own.
#[derive(Clone, Copy, Debug)]
pub struct Fence {
    run_id: i64,
    fence: i64,
}

impl Fence {
    /// The run.
    pub fn run_id(self) -> i64 {
        self.run_id
    }

    /// As the last statement of a transaction with work that no later attempt has to do again, though it counts as
    /// nothing done, such as reading: the attempt has got further. Gives an error when the run is no longer ours, so
    /// that the transaction rolls back. Nobody takes the run from us between this and the commit.
    pub async fn advance(self, connection: &mut PgConnection) -> Result<()> {
        let advance = "UPDATE scheduler_jobs SET heartbeat_at = clock_timestamp(),
                 progress_claimed = CASE WHEN progress_claimed >= progress_done THEN progress_done - 1
                                         ELSE progress_claimed END
             WHERE id = $1 AND fence = $2 AND status = 'RUNNING'";
        let advance = sqlx::query(advance).bind(self.run_id).bind(self.fence);
        match advance.execute(connection).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(Error::internal(format!(
                "run {} is no longer held by this worker; what it was doing is rolled back",
                self.run_id
            ))),
        }
    }
}

impl RunHandle {
    /// Proof that the run is ours.
    pub fn fence(&self) -> Fence {
        Fence {
            run_id: self.run_id,
            fence: self.fence,
        }
    }
}

/// Adds progress that another run made for the run `run_id`, in the transaction of the work. False when that run has
/// ended or is to end: then the work is not wanted.
pub async fn add_progress_to(txn: &impl ConnectionTrait, run_id: i64, progress: &Progress) -> Result<bool> {
    let add_progress_to = "UPDATE scheduler_jobs SET progress_done = progress_done + $2,
             counts = counts || (SELECT coalesce(jsonb_object_agg(key,
                 coalesce((counts ->> key)::bigint, 0) + value::bigint), '{}') FROM jsonb_each_text($3))
         WHERE id = $1 AND status IN ('QUEUED', 'RUNNING') AND cancel_requested_at IS NULL";
    let counts = serde_json::to_value(&progress.counts).map_err(Error::internal)?;
    let binds = [run_id.into(), progress.done_delta.into(), counts.into()];
    Ok(sql::execute(txn, add_progress_to, binds).await? == 1)
}
