//! Lists of the audit trail.

use super::AuditRow;
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::AccountRows;
use crate::entities::AuditAction;
use crate::entities::tag_audit::{self, Column};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, FromQueryResult, IdenStatic, QueryFilter};
use std::collections::HashMap;

/// Filter of audit rows; an unset field does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuditFilter {
    /// Resource of the tag.
    pub resource_id: Option<i64>,
    /// Virtual tag that changed.
    pub virtual_tag_id: Option<i64>,
    /// Key of the tag.
    pub tag_key: Option<String>,
    /// Kind of change.
    pub action: Option<AuditAction>,
    /// Actor who made the change.
    pub actor: Option<String>,
    /// Changes at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Changes before this time.
    pub to: Option<DateTime<Utc>>,
}

impl AuditFilter {
    fn condition(&self) -> Condition {
        Condition::all().add(self.parent()).add(self.others())
    }

    /// True if it names the resource or the tag, which has few rows.
    fn names_parent(&self) -> bool {
        self.resource_id.is_some() || self.virtual_tag_id.is_some()
    }

    /// Condition on the resource and the tag.
    fn parent(&self) -> Condition {
        Condition::all()
            .add_option(self.resource_id.map(|id| Column::ResourceId.eq(id)))
            .add_option(self.virtual_tag_id.map(|id| Column::VirtualTagId.eq(id)))
    }

    /// All other conditions.
    fn others(&self) -> Condition {
        let equalities = self.equalities().into_iter();
        equalities.fold(self.bounds(), |all, (column, value)| all.add(column.eq(value)))
    }

    /// Equalities on columns that have an index followed by the order of the trail.
    fn equalities(&self) -> Vec<(Column, String)> {
        let columns = [
            (Column::Actor, self.actor.clone()),
            (Column::TagKey, self.tag_key.clone()),
            (Column::Action, self.action.as_ref().map(ActiveEnum::to_value)),
        ];
        columns
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)))
            .collect()
    }

    fn bounds(&self) -> Condition {
        Condition::all()
            .add_option(self.from.map(|from| Column::Timestamp.gte(from)))
            .add_option(self.to.map(|to| Column::Timestamp.lt(to)))
    }

    /// Same condition, in a form that bounds the range of the index that begins with this column.
    fn led_by(&self, lead: Column, value: &str) -> Condition {
        let others = self
            .equalities()
            .into_iter()
            .filter(|(column, _)| column.as_str() != lead.as_str());
        let rest = self.parent().add(self.bounds());
        let others = others.fold(rest, |all, (column, value)| all.add(column.eq(value)));
        let row = || Expr::tuple([lead.into_expr(), Column::Timestamp.into_expr()]);
        let bound = |moment: DateTime<Utc>| Expr::tuple([Expr::val(value), Expr::val(moment)]);
        let lowest = match self.from {
            Some(from) => row().gte(bound(from)),
            None => lead.gte(value),
        };
        let highest = match self.to {
            Some(to) => row().lt(bound(to)),
            None => lead.lte(value),
        };
        others.add(lowest).add(highest)
    }

    /// Column whose index finds the rows, for callers that may see all accounts: the one whose value the fewest rows have.
    /// `None` where the planner can choose.
    async fn lead(&self, db: &impl ConnectionTrait) -> Result<Option<(Column, String)>> {
        if self.names_parent() {
            return Ok(None);
        }
        let mut leads = self.equalities();
        if leads.len() < 2 {
            return Ok(leads.pop());
        }
        let mut fewest: Option<(u64, (Column, String))> = None;
        for (column, value) in leads {
            let rows = tag_audit::find(&AccountScope::All).filter(column.eq(&value));
            let rows = estimate::estimate(db, rows).await?;
            if fewest.as_ref().is_none_or(|(least, _)| rows < *least) {
                fewest = Some((rows, (column, value)));
            }
        }
        Ok(fewest.map(|(_, lead)| lead))
    }
}

/// Order of the trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuditOrder {
    /// Newest change first.
    #[default]
    Newest,
    /// Oldest change first.
    Oldest,
}

impl Keyset for AuditOrder {
    type Row = AuditRow;

    fn name(self) -> &'static str {
        match self {
            Self::Newest => "tagAudit.newest",
            Self::Oldest => "tagAudit.oldest",
        }
    }

    fn descending(self) -> bool {
        self == Self::Newest
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![
            (Column::Timestamp.into_expr(), KeyKind::Time),
            (Column::Id.into_expr(), KeyKind::Int),
        ]
    }

    fn key(self, row: &AuditRow) -> Vec<Key> {
        vec![Key::Time(row.timestamp), Key::Int(row.id)]
    }
}

/// Page of the audit rows in the actor's scope.
pub async fn list(
    db: &impl ConnectionTrait,
    actor: &Actor,
    filter: &AuditFilter,
    order: AuditOrder,
    window: &Window,
) -> Result<Page<AuditRow>> {
    let found = tag_audit::find(&actor.scope);
    if let Some(accounts) = actor.scope.accounts(None) {
        let found = if filter.names_parent() {
            found.filter(filter.parent()).filter(opaque(filter.others()))
        } else {
            let rows = AccountRows {
                all: found,
                wanted: tag_audit::find(&AccountScope::All).filter(opaque(filter.others())),
                account: Column::AccountId,
                key: &[Column::Timestamp, Column::Id],
            };
            rows.scan_ordered(accounts, order, window)
        };
        let found = AuditRow::find_by_statement(window.statement(found, order));
        return Ok(window.page(found.all(db).await?));
    }
    let found = match filter.lead(db).await? {
        Some((lead, value)) => {
            let found = found.filter(filter.led_by(lead, &value));
            window.statement_led(found, order, &(lead.into_expr(), Key::Text(value)))
        }
        None => window.statement(found.filter(filter.condition()), order),
    };
    let found = AuditRow::find_by_statement(found);
    Ok(window.page(found.all(db).await?))
}

/// Audit rows that are counted exactly for a caller limited to accounts; there is no counter of its rows.
const COUNT_LIMIT: u64 = 100_000;

/// Counts the audit rows of the filter.
pub async fn count(db: &impl ConnectionTrait, actor: &Actor, filter: &AuditFilter) -> Result<Total> {
    let found = tag_audit::find(&actor.scope);
    if actor.scope == AccountScope::All {
        return estimate::of(db, found.filter(filter.condition())).await;
    }
    estimate::of_part(
        db,
        found.filter(filter.parent()),
        filter.others(),
        &[],
        COUNT_LIMIT,
        None,
    )
    .await
}

/// Audit rows with these keys within the scope; both parts of a key are needed to find its partition.
pub async fn by_keys(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    keys: Vec<(DateTime<Utc>, i64)>,
) -> Result<Vec<AuditRow>> {
    let (timestamps, ids): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let found = tag_audit::find(scope)
        .filter(
            Column::Timestamp
                .into_expr()
                .eq(PgFunc::any(Expr::val(timestamps))),
        )
        .filter(Column::Id.into_expr().eq(PgFunc::any(Expr::val(ids))));
    Ok(found.all(db).await?)
}

/// Pages of audit rows of each of the resources, by one statement.
pub async fn of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
    order: AuditOrder,
    window: &Window,
) -> Result<HashMap<i64, Page<AuditRow>>> {
    keyset::per_parent(db, tag_audit::find(scope), Column::ResourceId, ids, order, window).await
}

/// Counts the audit rows of each of the resources.
pub async fn count_of_resources(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    keyset::count_per_parent(db, tag_audit::find(scope), Column::ResourceId, ids).await
}
