//! Coverage by cost: what the resources in each state cost in a month.

use super::report::check_text;
use super::{STATES, keys};
use crate::auth::Actor;
use crate::db::sql;
use crate::domain::cost::{CostMonth, reference};
use crate::error::Result;
use chrono::NaiveDate;
use sea_orm::{DatabaseConnection, FromQueryResult};
use tagging::Vocabulary;

/// Filter of coverage by cost; an unset field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CostCoverageFilter {
    /// The latest complete month if unset.
    pub month: Option<CostMonth>,
    /// Governed key, in any spelling.
    pub tag_key: Option<String>,
    pub account_id: Option<String>,
}

/// Cost of the resources in each state of a governed key. Amounts are exact decimal numbers, and add up to the total.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct CostCoverage {
    pub month: NaiveDate,
    pub is_complete: bool,
    pub tag_key: String,
    pub currency: String,
    pub total: String,
    pub native: String,
    pub approved: String,
    pub pending: String,
    pub suggested: String,
    pub missing: String,
    pub invalid: String,
    pub contradicted: String,
    /// Cost of resources that are not asked for the key, or are retired.
    pub not_asked: String,
    /// Cost that belongs to no resource of the inventory.
    pub unallocated: String,
    /// Share of the cost of the resources that are asked for which a valid value holds, from 0 to 1; `None` of nothing.
    pub covered_share: Option<f64>,
}

/// Reads the coverage of governed keys by cost, one row a key and currency. Resources are grouped by their states first, of
/// which there are few, whatever the number of resources and keys.
pub async fn report_by_cost(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    filter: &CostCoverageFilter,
) -> Result<Vec<CostCoverage>> {
    check_text([&filter.tag_key, &filter.account_id])?;
    let binds = [
        actor.scope.as_bind().into(),
        filter.month.map(CostMonth::first_day).into(),
        filter.account_id.clone().into(),
        keys::names(vocabulary, filter.tag_key.as_deref()).into(),
    ];
    sql::rows(db, &statement(), binds).await
}

fn statement() -> String {
    let sum = |condition: &str| format!("coalesce(sum(amount) FILTER (WHERE {condition}), 0)");
    let states = STATES.map(|(name, letter)| format!("{} AS {name}", sum(&format!("state = '{letter}'"))));
    let names = STATES.map(|(name, _)| format!("trim_scale({name})::text AS {name}"));
    let asked = STATES.map(|(name, _)| name).join(" + ");
    format!(
        "WITH {},
         by_states AS MATERIALIZED (
            SELECT l.currency, c.states, l.resource_id IS NULL AS is_unallocated, sum(l.amount) AS amount
              FROM reference r JOIN cost_lines l ON l.month = r.month
              LEFT JOIN coverage_cells c ON c.resource_id = l.resource_id
             WHERE ($1::text[] IS NULL OR l.account_id = ANY($1)) AND ($3::text IS NULL OR l.account_id = $3)
             GROUP BY 1, 2, 3),
         cells AS (
            SELECT k.tag_key, s.currency, s.amount, s.is_unallocated,
                   coalesce(nullif(substr(s.states, k.position, 1), ''), '-') AS state
              FROM coverage_keys k CROSS JOIN by_states s WHERE k.tag_key = ANY($4)),
         sums AS (
            SELECT tag_key, currency, sum(amount) AS total, {}, {} AS not_asked, {} AS unallocated
              FROM cells GROUP BY 1, 2)
         SELECT r.month, r.is_complete, tag_key, currency, trim_scale(total)::text AS total, {},
                trim_scale(not_asked)::text AS not_asked, trim_scale(unallocated)::text AS unallocated,
                ((native + approved + pending + contradicted) / nullif({asked}, 0))::float8 AS covered_share
           FROM reference r CROSS JOIN sums ORDER BY currency, tag_key",
        reference("$1", "$2"),
        states.join(", "),
        sum("state = '-' AND NOT is_unallocated"),
        sum("is_unallocated"),
        names.join(", "),
    )
}
