//! Allocation of a month's cost: by the values of a tag, and what cannot be allocated.

use super::monthly::{CostMonth, reference};
use crate::auth::Actor;
use crate::db::sql;
use crate::domain::inventory::HeldKey;
use crate::error::{Error, Result};
use chrono::NaiveDate;
use sea_orm::{DatabaseConnection, FromQueryResult, Value};
use tagging::Vocabulary;

/// Values of one allocation at most, the most costly first.
pub const MAX_VALUES: usize = 1_000;

/// Rows of [`unallocated`] at most, the most costly first.
const MAX_UNALLOCATED: usize = 1_000;

/// Filter of cost; an unset field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CostFilter {
    /// The latest complete month if unset.
    pub month: Option<CostMonth>,
    pub currency: Option<String>,
    pub account_id: Option<String>,
    /// Service, as the provider names it.
    pub service: Option<String>,
}

impl CostFilter {
    /// Binds of [`CONDITION`], to which the rest is added.
    fn binds(&self, actor: &Actor) -> Result<Vec<Value>> {
        let texts = [&self.currency, &self.account_id, &self.service];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Err(Error::BadInput(
                "the filter must not contain NUL characters".into(),
            ));
        }
        Ok(vec![
            actor.scope.as_bind().into(),
            self.month.map(CostMonth::first_day).into(),
            self.currency
                .as_ref()
                .map(|currency| currency.to_uppercase())
                .into(),
            self.account_id.clone().into(),
            self.service.clone().into(),
        ])
    }
}

/// Lines `l` of the filter, of a month `r`.
const CONDITION: &str = "l.month = r.month AND ($1::text[] IS NULL OR l.account_id = ANY($1))
    AND ($3::text IS NULL OR l.currency = $3) AND ($4::text IS NULL OR l.account_id = $4)
    AND ($5::text IS NULL OR l.service = $5)";

/// Cost of a month in a currency, by the values of a tag. The parts add up to the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct CostAllocation {
    pub month: NaiveDate,
    pub is_complete: bool,
    pub currency: String,
    /// Whole cost, an exact decimal number as all amounts.
    pub total: String,
    /// Cost of resources on which a value holds.
    pub allocated: String,
    /// Cost of resources on which no value holds.
    pub untagged: String,
    /// Cost that belongs to no resource of the inventory.
    pub unallocated: String,
    /// Share of the whole that is allocated, from 0 to 1; `None` of nothing.
    pub allocated_share: Option<f64>,
    /// The most costly values first.
    pub values: Vec<AllocatedValue>,
}

/// Cost of the resources on which a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocatedValue {
    pub value: String,
    pub amount: String,
    pub resources: i64,
}

#[derive(FromQueryResult)]
struct AllocationRow {
    month: NaiveDate,
    is_complete: bool,
    currency: String,
    total: String,
    allocated: String,
    untagged: String,
    unallocated: String,
    allocated_share: Option<f64>,
    /// NULL where no value holds on any resource.
    value: Option<String>,
    amount: Option<String>,
    resources: Option<i64>,
}

/// Reads the cost of a month by the values that hold for a key, one allocation a currency, the largest first.
pub async fn allocate(
    db: &DatabaseConnection,
    vocabulary: &Vocabulary,
    actor: &Actor,
    tag_key: &str,
    filter: &CostFilter,
) -> Result<Vec<CostAllocation>> {
    if tag_key.contains('\0') {
        return Err(Error::BadInput(
            "the tag key must not contain NUL characters".into(),
        ));
    }
    let key = HeldKey::new(tag_key, vocabulary);
    let mut binds = filter.binds(actor)?;
    binds.push(key.name().into());
    let rows: Vec<AllocationRow> = sql::rows(db, &statement(&key), binds).await?;
    let mut found: Vec<CostAllocation> = Vec::new();
    for row in rows {
        if found.last().is_none_or(|last| last.currency != row.currency) {
            found.push(CostAllocation {
                month: row.month,
                is_complete: row.is_complete,
                currency: row.currency,
                total: row.total,
                allocated: row.allocated,
                untagged: row.untagged,
                unallocated: row.unallocated,
                allocated_share: row.allocated_share,
                values: Vec::new(),
            });
        }
        if let (Some(last), Some(value), Some(amount), Some(resources)) =
            (found.last_mut(), row.value, row.amount, row.resources)
        {
            last.values.push(AllocatedValue {
                value,
                amount,
                resources,
            });
        }
    }
    Ok(found)
}

/// Statement of an allocation by the key `$6`: an approved virtual tag comes before an applied one, and that before what the
/// resource's own tags state, as everywhere.
fn statement(key: &HeldKey) -> String {
    let (source, stated) = match key {
        HeldKey::Canonical(_) => (
            "LEFT JOIN evaluations e ON e.resource_id = c.resource_id",
            "e.stated ->> $6",
        ),
        HeldKey::Raw(_) => (
            "LEFT JOIN resources e ON e.id = c.resource_id
             LEFT JOIN virtual_tags d ON d.resource_id = c.resource_id AND d.tag_key = $6
                  AND d.tag_value = e.native_tags ->> $6 AND d.approval_status = 'DENIED' AND d.source = 'NATIVE'",
            "CASE WHEN d.id IS NULL THEN e.native_tags ->> $6 END",
        ),
    };
    format!(
        "WITH {},
         charged AS (
            SELECT l.resource_id, l.currency, l.amount FROM reference r JOIN cost_lines l ON {CONDITION}),
         held AS MATERIALIZED (
            SELECT DISTINCT ON (resource_id) resource_id, tag_value FROM virtual_tags
             WHERE tag_key = $6 AND (approval_status = 'APPROVED' OR approval_status = 'PENDING' AND auto_applied)
               AND ($1::text[] IS NULL OR account_id = ANY($1))
             ORDER BY resource_id, approval_status = 'APPROVED' DESC),
         valued AS (
            SELECT c.resource_id, c.currency, c.amount, coalesce(h.tag_value, {stated}) AS value
              FROM charged c LEFT JOIN held h ON h.resource_id = c.resource_id {source}),
         cells AS MATERIALIZED (
            SELECT currency, value, resource_id IS NULL AS is_unallocated, sum(amount) AS amount,
                   count(DISTINCT resource_id) AS resources
              FROM valued GROUP BY 1, 2, 3),
         sums AS (
            SELECT currency, sum(amount) AS total,
                   coalesce(sum(amount) FILTER (WHERE value IS NOT NULL), 0) AS allocated,
                   coalesce(sum(amount) FILTER (WHERE value IS NULL AND NOT is_unallocated), 0) AS untagged,
                   coalesce(sum(amount) FILTER (WHERE is_unallocated), 0) AS unallocated
              FROM cells GROUP BY 1),
         ranked AS (
            SELECT currency, value, amount, resources,
                   row_number() OVER (PARTITION BY currency ORDER BY amount DESC, value) AS rank
              FROM cells WHERE value IS NOT NULL)
         SELECT r.month, r.is_complete, s.currency, trim_scale(s.total)::text AS total,
                trim_scale(s.allocated)::text AS allocated, trim_scale(s.untagged)::text AS untagged,
                trim_scale(s.unallocated)::text AS unallocated,
                (s.allocated / nullif(s.total, 0))::float8 AS allocated_share,
                v.value, trim_scale(v.amount)::text AS amount, v.resources
           FROM reference r CROSS JOIN sums s LEFT JOIN ranked v ON v.currency = s.currency AND v.rank <= {MAX_VALUES}
          ORDER BY s.total DESC, s.currency, v.rank",
        reference("$1", "$2")
    )
}

/// Cost that belongs to no resource of the inventory, by account and service.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct UnallocatedCost {
    pub month: NaiveDate,
    pub is_complete: bool,
    pub account_id: String,
    pub service: Option<String>,
    pub currency: String,
    pub amount: String,
    /// Resources that the bill names and the inventory lacks; 0 for charges of no resource, such as taxes.
    pub unknown_resources: i64,
}

/// Reads the unallocated cost of a month, at most 1,000 rows, the most costly first.
pub async fn unallocated(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &CostFilter,
) -> Result<Vec<UnallocatedCost>> {
    let statement = format!(
        "WITH {}
         SELECT r.month, r.is_complete, l.account_id, l.service, l.currency, trim_scale(sum(l.amount))::text AS amount,
                count(DISTINCT l.billed_id) AS unknown_resources
           FROM reference r JOIN cost_lines l ON {CONDITION} AND l.resource_id IS NULL
          GROUP BY 1, 2, 3, 4, 5, l.billed_id IS NULL
          ORDER BY sum(l.amount) DESC, 3, 4, 5, 7 LIMIT {MAX_UNALLOCATED}",
        reference("$1", "$2")
    );
    sql::rows(db, &statement, filter.binds(actor)?).await
}
