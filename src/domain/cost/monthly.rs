//! Cost of a month: the month that is shown unless another is asked for, and the cost of resources in it.

use crate::auth::AccountScope;
use crate::db::sql;
use crate::error::{Error, Result};
use chrono::NaiveDate;
use sea_orm::{DatabaseConnection, FromQueryResult};
use std::collections::HashMap;

/// Month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CostMonth(NaiveDate);

impl CostMonth {
    /// Month such as `2024-09`; [`Error::BadInput`] for another text.
    pub fn parse(text: &str) -> Result<Self> {
        let has_form = text.len() == 7
            && text.bytes().enumerate().all(|(at, byte)| {
                if at == 4 {
                    byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            });
        let first = format!("{text}-01").parse().ok().filter(|_| has_form);
        let refusal = || Error::BadInput("the month must be like 2024-09".into());
        first.map(Self).ok_or_else(refusal)
    }

    /// Month of optional text.
    pub fn parse_optional(text: Option<&str>) -> Result<Option<Self>> {
        text.map(Self::parse).transpose()
    }

    /// First day, as statements take it.
    pub fn first_day(self) -> NaiveDate {
        self.0
    }
}

/// Cost in a month and a currency.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct MonthlyCost {
    /// First day of the month.
    pub month: NaiveDate,
    /// All bills of the month were imported after it had ended.
    pub is_complete: bool,
    pub currency: String,
    /// Exact decimal number.
    pub amount: String,
}

/// Common table expression `reference(month, is_complete)`: the month of the second bind or, where that is NULL, the latest
/// complete month that has cost, and the latest of all where none is complete. The first bind is the accounts in scope.
/// Reads the totals, of which there are few.
pub fn reference(accounts: &str, month: &str) -> String {
    format!(
        "reference AS MATERIALIZED (
            SELECT month, bool_and(is_complete) AS is_complete FROM cost_totals
             WHERE ({accounts}::text[] IS NULL OR account_id = ANY({accounts}::text[])) AND ({month}::date IS NULL OR month = {month}::date)
             GROUP BY month ORDER BY bool_and(is_complete) DESC, month DESC LIMIT 1)"
    )
}

/// Common table expressions that end in `stake(month, currency, is_complete)`: the reference month, and the currency in which
/// most of it is billed. The bind is the accounts in scope.
pub fn cost_at_stake(accounts: &str) -> String {
    let reference = reference(accounts, "NULL");
    format!(
        "{reference},
         stake AS MATERIALIZED (
            SELECT t.month, t.currency, r.is_complete FROM cost_totals t JOIN reference r USING (month)
             WHERE {accounts}::text[] IS NULL OR t.account_id = ANY({accounts}::text[])
             GROUP BY 1, 2, 3 ORDER BY sum(t.amount) DESC, 2 LIMIT 1)"
    )
}

/// Cost of resources, the largest currency of each first.
pub async fn of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
    month: Option<CostMonth>,
) -> Result<HashMap<i64, Vec<MonthlyCost>>> {
    #[derive(FromQueryResult)]
    struct ResourceCost {
        resource_id: i64,
        #[sea_orm(nested)]
        cost: MonthlyCost,
    }
    let statement = format!(
        "WITH {}
         SELECT l.resource_id, r.month, r.is_complete, l.currency, trim_scale(sum(l.amount))::text AS amount
           FROM reference r JOIN cost_lines l ON l.month = r.month
          WHERE l.resource_id = ANY($3) AND ($1::text[] IS NULL OR l.account_id = ANY($1))
          GROUP BY 1, 2, 3, 4 ORDER BY 1, sum(l.amount) DESC, 4",
        reference("$1", "$2")
    );
    let binds = [
        scope.as_bind().into(),
        month.map(CostMonth::first_day).into(),
        ids.into(),
    ];
    let rows: Vec<ResourceCost> = sql::rows(db, &statement, binds).await?;
    let mut found: HashMap<i64, Vec<MonthlyCost>> = HashMap::new();
    for row in rows {
        found.entry(row.resource_id).or_default().push(row.cost);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::CostMonth;

    #[test]
    fn months_have_one_form() {
        let month = CostMonth::parse("2024-09").unwrap();
        assert_eq!(month.first_day().to_string(), "2024-09-01");
        for text in [
            "2024-9",
            "2024-13",
            "2024-00",
            "+024-09",
            "2024-09-01",
            "2024/09",
            "now",
            "２０２４-09",
            "",
        ] {
            assert!(CostMonth::parse(text).is_err(), "{text}");
        }
    }
}
