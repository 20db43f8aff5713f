//! Pruning of old inferences.

use crate::db::sql;
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult};

/// Inferences of a resource that are kept: enough to explain recent changes.
pub const KEPT: i64 = 10;

/// Range of resource ids of one statement.
const SPAN: i64 = 5_000;

/// Deletes all but the newest [`KEPT`] inferences of each of a few thousand resources, from the id `from` on.
///
/// Returns the number of deleted rows, and the id to continue from; `None` at the end.
pub async fn inferences(db: &DatabaseConnection, from: i64) -> Result<(u64, Option<i64>)> {
    #[derive(FromQueryResult)]
    struct NextIdRow {
        next: Option<i64>,
    }
    let pruned = sql::execute(
        db,
        "DELETE FROM ml_inferences m USING
             (SELECT id, row_number() OVER (PARTITION BY resource_id ORDER BY id DESC) AS rank
                FROM ml_inferences WHERE resource_id >= $1 AND resource_id < $2) ranked
         WHERE m.id = ranked.id AND ranked.rank > $3",
        [from.into(), (from + SPAN).into(), KEPT.into()],
    )
    .await?;
    let next = "SELECT min(resource_id) AS next FROM ml_inferences WHERE resource_id >= $1";
    let next: Option<NextIdRow> = sql::row(db, next, [(from + SPAN).into()]).await?;
    Ok((pruned, next.and_then(|row| row.next)))
}
