//! The report on coverage, from the counts.

use super::{CoverageCounts, keys, sums};
use crate::auth::{AccountScope, Actor};
use crate::db::sql;
use crate::domain::discovery::written_type;
use crate::entities::Cloud;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, DatabaseConnection, FromQueryResult, Value};
use tagging::Vocabulary;

/// Groups of one report at most, the largest first.
const MAX_GROUPS: usize = 1_000;

/// Column by which coverage is grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoverageDimension {
    Key,
    Cloud,
    Account,
    ResourceType,
}

/// Filter of coverage; an unset field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CoverageFilter {
    /// Governed key, in any spelling.
    pub tag_key: Option<String>,
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
}

/// Coverage of a group.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct CoverageGroup {
    pub tag_key: Option<String>,
    pub cloud: Option<Cloud>,
    pub account_id: Option<String>,
    pub resource_type: Option<String>,
    #[sea_orm(nested)]
    pub counts: CoverageCounts,
    /// Changes that were committed before this time are counted.
    pub computed_at: DateTime<Utc>,
}

/// Reads the coverage of governed keys in the actor's scope, by the dimensions, at most 1,000 groups.
pub async fn report(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    dimensions: &[CoverageDimension],
    filter: &CoverageFilter,
) -> Result<Vec<CoverageGroup>> {
    check_text([&filter.tag_key, &filter.account_id, &filter.resource_type])?;
    let binds: [Value; 5] = [
        actor.scope.as_bind().into(),
        filter.cloud.map(|cloud| cloud.to_value()).into(),
        filter.account_id.clone().into(),
        filter.resource_type.as_deref().map(written_type).into(),
        keys::names(vocabulary, filter.tag_key.as_deref()).into(),
    ];
    sql::rows(db, &statement(&actor.scope, dimensions, filter), binds).await
}

/// Refuses texts that PostgreSQL cannot hold.
pub(super) fn check_text<const N: usize>(texts: [&Option<String>; N]) -> Result<()> {
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(Error::BadInput(
            "the filter must not contain NUL characters".into(),
        ));
    }
    Ok(())
}

/// Statement of a report, on the smallest counts that have its columns.
fn statement(scope: &AccountScope, dimensions: &[CoverageDimension], filter: &CoverageFilter) -> String {
    use CoverageDimension::{Account, Cloud, Key, ResourceType};
    let has = |dimension| dimensions.contains(&dimension);
    let by_account = *scope != AccountScope::All || has(Account) || filter.account_id.is_some();
    let by_type = has(ResourceType) || filter.resource_type.is_some();
    let counts = match (by_account, by_type) {
        (false, _) => "(SELECT *, NULL::text AS account_id FROM coverage_totals)",
        (true, false) => "(SELECT *, NULL::text AS resource_type FROM coverage_accounts)",
        (true, true) => "coverage_counts",
    };
    let columns = [
        (Key, "tag_key"),
        (Cloud, "cloud"),
        (Account, "account_id"),
        (ResourceType, "resource_type"),
    ];
    let columns = columns.map(|(dimension, column)| {
        let read = if has(dimension) { column } else { "NULL::text" };
        format!("{read} AS {column}")
    });
    format!(
        "SELECT {}, {}, (SELECT coalesce(min(noted_at), now()) FROM coverage_unsure) AS computed_at
           FROM {counts} counts
          WHERE tag_key = ANY ($5) AND ($1::text[] IS NULL OR account_id = ANY ($1))
            AND ($2::text IS NULL OR cloud = $2) AND ($3::text IS NULL OR account_id = $3)
            AND ($4::text IS NULL OR resource_type = $4)
          GROUP BY 1, 2, 3, 4 HAVING sum(resources) > 0 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT {MAX_GROUPS}",
        columns.join(", "),
        sums()
    )
}
