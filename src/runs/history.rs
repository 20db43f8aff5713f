//! Retention of the history of runs.

use crate::db::sql;
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;

/// Runs deleted by one statement, with what refers to them.
const BATCH: i64 = 100;

/// Deletes some of the runs that ended before `older_than`, and of those beyond the newest `keep` of each job and
/// outcome; so the failures of a job that runs each minute are not washed away by its successes. The last run of each
/// job and outcome stays, however old it is. Gives how many went; none when all are gone.
pub async fn prune(db: &DatabaseConnection, older_than: DateTime<Utc>, keep: u32) -> Result<u64> {
    sql::execute(
        db,
        "DELETE FROM scheduler_jobs WHERE id = ANY(ARRAY(
             SELECT id FROM (SELECT id, finished_at,
                                    row_number() OVER (PARTITION BY job_name, status ORDER BY id DESC) AS rank
                               FROM scheduler_jobs WHERE status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) ended
              WHERE rank > $2 OR (rank > 1 AND finished_at < $1) ORDER BY id LIMIT $3))
           AND status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
        [older_than.into(), i64::from(keep.max(1)).into(), BATCH.into()],
    )
    .await
}
