//! Cost at stake of groups: what the resources of their tags cost in the latest complete month.

use crate::auth::AccountScope;
use crate::db::sql;
use crate::domain::approvals::selection::GroupKey;
use crate::domain::cost::{MonthlyCost, cost_at_stake};
use crate::entities::TagSource;
use crate::error::Result;
use sea_orm::{ActiveEnum, DatabaseConnection, FromQueryResult};
use serde::Serialize;
use std::collections::HashMap;

#[derive(Serialize)]
struct WantedGroup<'a> {
    number: usize,
    tag_key: &'a str,
    tag_value: &'a str,
    source: <TagSource as ActiveEnum>::Value,
    evidence_signature: &'a str,
}

#[derive(FromQueryResult)]
struct StakeRow {
    number: i64,
    #[sea_orm(nested)]
    cost: MonthlyCost,
}

/// Cost at stake of groups, in the currency in which most of the month is billed; nothing for those without known cost.
pub async fn costs(
    db: &DatabaseConnection,
    scope: &AccountScope,
    groups: Vec<GroupKey>,
) -> Result<HashMap<GroupKey, MonthlyCost>> {
    let wanted = groups.iter().enumerate().map(|(number, group)| WantedGroup {
        number,
        tag_key: &group.tag_key,
        tag_value: &group.tag_value,
        source: group.source.to_value(),
        evidence_signature: &group.evidence_signature,
    });
    let wanted = sql::recordset(&wanted.collect::<Vec<_>>())?;
    let statement = format!(
        "WITH {},
         wanted AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset($2)
                AS g(number bigint, tag_key text, tag_value text, source text, evidence_signature text))
         SELECT g.number, s.month, s.is_complete, s.currency, trim_scale(sum(l.amount))::text AS amount
           FROM stake s CROSS JOIN wanted g
           JOIN virtual_tags t ON t.tag_key = g.tag_key AND t.tag_value = g.tag_value AND t.source = g.source
                AND t.evidence_signature = g.evidence_signature AND t.approval_status = 'PENDING'
                AND ($1::text[] IS NULL OR t.account_id = ANY($1))
           JOIN cost_lines l ON l.resource_id = t.resource_id AND l.month = s.month AND l.currency = s.currency
                AND ($1::text[] IS NULL OR l.account_id = ANY($1))
          GROUP BY 1, 2, 3, 4",
        cost_at_stake("$1")
    );
    let rows: Vec<StakeRow> = sql::rows(db, &statement, [scope.as_bind().into(), wanted]).await?;
    let known = rows.into_iter().filter_map(|row| {
        let group = groups.get(usize::try_from(row.number).ok()?)?;
        Some((group.clone(), row.cost))
    });
    Ok(known.collect())
}
