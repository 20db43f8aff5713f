//! Invented resources: they make room for real ones, and go when they are no longer wanted.

use super::reconciler::Reconciler;
use crate::db::sql;
use crate::error::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection};

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
pub async fn remove_invented(db: &DatabaseConnection, source: &str) -> Result<u64> {
    // A report of nothing: what is not reported is retired.
    Reconciler::new(db, source, None).retire_missing().await
}
