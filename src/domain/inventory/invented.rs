//! Invented resources: they make room for real ones, and go when they are no longer wanted.

use super::reconciler::Reconciler;
use crate::db::sql;
use crate::error::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use std::time::Duration;

/// True if a source of invented resources is not to be asked any more: there are resources of other sources, or all of its
/// own were retired. Ranges of an index: `<>` would read all resources.
pub(super) async fn is_over(db: &DatabaseConnection, source: &str) -> Result<bool> {
    let over = "SELECT 1 WHERE EXISTS (SELECT FROM resources WHERE retired_at IS NULL AND discovered_by < $1)
         OR EXISTS (SELECT FROM resources WHERE retired_at IS NULL AND discovered_by > $1)
         OR EXISTS (SELECT FROM resources WHERE discovered_by = $1)
            AND NOT EXISTS (SELECT FROM resources WHERE discovered_by = $1 AND retired_at IS NULL)";
    let found = db.query_one_raw(sql::statement(over, [source.into()])).await?;
    Ok(found.is_some())
}

/// Retires all resources of a source of invented resources, which is not asked again after that, and returns their number.
/// A discovery that asks it already brings them back: then again, when that has ended.
pub async fn remove_invented(db: &DatabaseConnection, source: &str) -> Result<u64> {
    let asked = "SELECT 1 FROM scheduler_jobs WHERE job_name = 'discover' AND status = 'RUNNING'
                    AND coalesce(arguments ->> 'source', $1) = $1 LIMIT 1";
    loop {
        // A report of nothing: what is not reported is retired.
        Reconciler::new(db, source, None).retire_missing().await?;
        let is_asked = db.query_one_raw(sql::statement(asked, [source.into()])).await?;
        let count = sql::row(db, REMOVED, [source.into()]).await?;
        let RemovedRow { retired, remaining } = count.unwrap_or_default();
        if is_asked.is_none() && remaining == 0 {
            return Ok(retired.unsigned_abs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

const REMOVED: &str = "SELECT count(*) FILTER (WHERE retired_at IS NOT NULL) AS retired,
        count(*) FILTER (WHERE retired_at IS NULL) AS remaining FROM resources WHERE discovered_by = $1";

/// Pause until a discovery is looked at again.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Default, FromQueryResult)]
struct RemovedRow {
    retired: i64,
    remaining: i64,
}
