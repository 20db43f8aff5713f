//! Counts by one column of the counters, for lists of values to filter by.

use super::{
    GROUP_COUNTER_CONDITION, GroupCounterKey, RESOURCE_CONDITION, ResourceCounterKey, TAG_CONDITION,
    TagCounterKey, counters_by,
};
use crate::auth::AccountScope;
use crate::db::sql;
use crate::error::Result;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

/// Value of a column with the number of its rows.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FacetCount {
    pub value: String,
    pub count: i64,
}

/// Search among the values of a column: those with most rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetSearch {
    /// Prefix of the values, without regard to case.
    pub prefix: Option<String>,
    /// Maximum of values.
    pub first: u64,
}

impl FacetSearch {
    /// Statement for the values of the search among rows of `value` and `count`, with the values of its parameters.
    pub fn statement(&self, rows: &str, mut values: Vec<Value>) -> (String, Vec<Value>) {
        values.push(self.prefix.clone().into());
        let prefix = values.len();
        let text = format!(
            "SELECT value, count FROM ({rows}) AS counted
              WHERE ${prefix}::text IS NULL OR lower(value) ^@ lower(${prefix})
              ORDER BY count DESC, value LIMIT {}",
            self.first
        );
        (text, values)
    }

    async fn rows(
        &self,
        db: &impl ConnectionTrait,
        rows: &str,
        values: Vec<Value>,
    ) -> Result<Vec<FacetCount>> {
        let (text, values) = self.statement(rows, values);
        sql::rows(db, &text, values).await
    }
}

fn grouped(column: &str, counters: &str) -> String {
    format!(
        "SELECT {column} AS value, sum(count)::bigint AS count FROM {counters}
          GROUP BY {column} HAVING sum(count) > 0"
    )
}

/// Counts the tags of a key by a column of its counters.
pub async fn of_tags(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    key: &TagCounterKey,
    column: &str,
    search: &FacetSearch,
) -> Result<Vec<FacetCount>> {
    let by_account = *scope != AccountScope::All || key.account_id.is_some() || column == "account_id";
    let counters = counters_by("tag", TAG_CONDITION, by_account);
    search
        .rows(db, &grouped(column, &counters), key.binds(scope).into())
        .await
}

/// Counts the pending tags of all accounts by a column of the counters of groups.
pub async fn of_groups(
    db: &impl ConnectionTrait,
    key: &GroupCounterKey,
    column: &str,
    search: &FacetSearch,
) -> Result<Vec<FacetCount>> {
    let counters = format!("group_counts_now WHERE {GROUP_COUNTER_CONDITION}");
    search
        .rows(db, &grouped(column, &counters), key.binds().into())
        .await
}

/// Counts the resources of a key by a column of its counters.
pub async fn of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    key: &ResourceCounterKey,
    column: &str,
    search: &FacetSearch,
) -> Result<Vec<FacetCount>> {
    let by_account = *scope != AccountScope::All || key.account_id.is_some() || column == "account_id";
    let counters = counters_by("resource", RESOURCE_CONDITION, by_account);
    search
        .rows(db, &grouped(column, &counters), key.binds(scope).into())
        .await
}
