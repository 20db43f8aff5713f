//! Forgetting what is old.

use crate::db::sql;
use crate::error::Result;
use sea_orm::{DatabaseConnection, FromQueryResult};

/// Inferences of a resource that are kept: enough to see what changed, and why.
pub const KEPT: i64 = 10;

/// Resources looked at in one statement.
const SPAN: i64 = 5_000;

/// Deletes what a few thousand resources, in the order of keys from `from` on, have beyond their newest [`KEPT`].
///
/// Gives how many went, and where to go on; `None` at the end.
pub async fn inferences(db: &DatabaseConnection, from: i64) -> Result<(u64, Option<i64>)> {
    #[derive(FromQueryResult)]
    struct Row {
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
    let next: Option<Row> = sql::row(db, next, [(from + SPAN).into()]).await?;
    Ok((pruned, next.and_then(|row| row.next)))
}
