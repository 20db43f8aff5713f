//! Join of bills with the inventory.

use crate::db::{Begin, Transaction, sql};
use crate::error::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Common table expressions that end in `matched(billed_id, account_id, region, id)`: the resources that the rows of
/// `named(billed_id, account_id, region)` name. A region is '' where there is none.
///
/// An id joins the resource that has it; one that does not say its account joins within its account. Otherwise the last part
/// of an ARN joins the bare id that has the same account and region, on either side, where exactly one resource does.
pub(super) const MATCHED: &str = r#"
    exact AS MATERIALIZED (
        SELECT n.billed_id, n.account_id, n.region, r.id
          FROM named n JOIN resources r ON r.resource_key = n.billed_id COLLATE "C"
         WHERE r.account_id = n.account_id OR n.billed_id ~ '^(arn:|/)'),
    by_end AS (
        SELECT n.billed_id, n.account_id, n.region, min(r.id) AS id
          FROM (SELECT * FROM named EXCEPT ALL SELECT billed_id, account_id, region FROM exact) n
          JOIN resources r ON r.account_id = n.account_id
               AND resource_id_end(r.resource_id) = resource_id_end(n.billed_id)
         WHERE (n.billed_id !~ '[/:]' OR r.resource_id !~ '[/:]') AND r.resource_key <> n.billed_id COLLATE "C"
           AND (r.region = n.region OR n.region IN ('', 'global') OR coalesce(r.region, 'global') = 'global')
         GROUP BY 1, 2, 3 HAVING count(*) = 1),
    matched AS MATERIALIZED (
        SELECT DISTINCT ON (billed_id, account_id, region) billed_id, account_id, region, id
          FROM (TABLE exact UNION ALL TABLE by_end) both_ways ORDER BY billed_id, account_id, region, id)"#;

/// Key of the advisory lock of changing lines; any number that nothing else in the database uses.
const LOCK_KEY: i64 = 0x0076_745f_636f_7374;

/// Prepares a transaction that joins, and changes lines: one at a time, since two would lock lines in different orders. It
/// compares many rows with many, of which the planner has no statistics, and would compare each with each.
pub(super) async fn prepare_join(txn: &Transaction) -> Result<()> {
    sql::execute(txn, "SELECT pg_advisory_xact_lock($1)", [LOCK_KEY.into()]).await?;
    txn.execute_unprepared(
        "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off; SET LOCAL jit = off",
    )
    .await?;
    Ok(())
}

/// Joins cost that is unallocated with resources that came later; gives the number of lines that were joined.
pub async fn match_unallocated(db: &DatabaseConnection) -> Result<u64> {
    let txn = db.begin().await?;
    prepare_join(&txn).await?;
    let join = format!(
        "WITH named AS MATERIALIZED (
             SELECT DISTINCT billed_id, account_id, coalesce(region, '') AS region
               FROM cost_lines WHERE resource_id IS NULL AND billed_id IS NOT NULL),
         {MATCHED}
         UPDATE cost_lines l SET resource_id = m.id FROM matched m
          WHERE l.resource_id IS NULL AND l.billed_id = m.billed_id AND l.account_id = m.account_id
            AND coalesce(l.region, '') = m.region"
    );
    let joined = sql::execute(&txn, &join, []).await?;
    txn.commit().await?;
    Ok(joined)
}
