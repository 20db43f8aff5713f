//! Totals of sources, for metrics.

use crate::db::sql;
use crate::entities::AccountCoverage;
use crate::error::Result;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};

/// Accounts of a source with the same coverage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct AccountTotalRow {
    pub source: String,
    pub coverage: AccountCoverage,
    pub count: i64,
}

/// Resources of a source whose retirement waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct WithheldTotalRow {
    pub source: String,
    pub count: i64,
}

/// Accounts of each source by the coverage of their last report.
pub async fn account_totals(db: &impl ConnectionTrait) -> Result<Vec<AccountTotalRow>> {
    let totals = "SELECT s.name AS source, a.coverage, count(*) AS count
           FROM discovery_sources s JOIN discovery_accounts a ON a.source_id = s.id AND a.is_current
          GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 1000";
    sql::rows(db, totals, []).await
}

/// Resources of each source whose retirement waits for a person.
pub async fn withheld_totals(db: &impl ConnectionTrait) -> Result<Vec<WithheldTotalRow>> {
    let totals = "SELECT s.name AS source, sum(cardinality(p.withheld))::bigint AS count
           FROM discovery_sources s JOIN discovery_providers p ON p.source_id = s.id
          WHERE p.withheld_at IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 1000";
    sql::rows(db, totals, []).await
}
