//! Reading the audit trail.

use super::AuditRow;
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{self, Key, KeyKind, Keyset, Page, Window};
use crate::db::opaque::opaque;
use crate::domain::account_pages::Rows;
use crate::entities::AuditAction;
use crate::entities::tag_audit::{self, Column};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseConnection, FromQueryResult, IdenStatic, QueryFilter};
use std::collections::HashMap;

/// Which audit rows; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuditFilter {
    /// Of this resource.
    pub resource_id: Option<i64>,
    /// Of this virtual tag.
    pub virtual_tag_id: Option<i64>,
    /// Of tags with this key.
    pub tag_key: Option<String>,
    /// What happened.
    pub action: Option<AuditAction>,
    /// Who did it.
    pub actor: Option<String>,
    /// At this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

impl AuditFilter {
    fn condition(&self) -> Condition {
        Condition::all().add(self.names()).add(self.others())
    }

    /// Whether it names the resource or the tag, of which there are a few rows.
    fn names_few(&self) -> bool {
        self.resource_id.is_some() || self.virtual_tag_id.is_some()
    }

    /// The resource or the tag that it names.
    fn names(&self) -> Condition {
        Condition::all()
            .add_option(self.resource_id.map(|id| Column::ResourceId.eq(id)))
            .add_option(self.virtual_tag_id.map(|id| Column::VirtualTagId.eq(id)))
    }

    /// All else that it asks for.
    fn others(&self) -> Condition {
        let leads = self.leads().into_iter();
        leads.fold(self.bounds(), |all, (column, value)| all.add(column.eq(value)))
    }

    /// What is asked of columns behind which an index has the trail's order.
    fn leads(&self) -> Vec<(Column, String)> {
        let leads = [
            (Column::Actor, self.actor.clone()),
            (Column::TagKey, self.tag_key.clone()),
            (Column::Action, self.action.as_ref().map(ActiveEnum::to_value)),
        ];
        let asked = leads.into_iter();
        asked
            .filter_map(|(column, value)| Some((column, value?)))
            .collect()
    }

    fn bounds(&self) -> Condition {
        Condition::all()
            .add_option(self.from.map(|from| Column::Timestamp.gte(from)))
            .add_option(self.to.map(|to| Column::Timestamp.lt(to)))
    }

    /// The same condition, saying of this column how far its index is to be read.
    fn led_by(&self, lead: Column, value: &str) -> Condition {
        let others = self
            .leads()
            .into_iter()
            .filter(|(column, _)| column.as_str() != lead.as_str());
        let rest = self.names().add(self.bounds());
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

    /// The column to find the rows by, for who may see all accounts: the one whose value the fewest rows have; `None` where the planner needs no help.
    async fn lead(&self, db: &DatabaseConnection) -> Result<Option<(Column, String)>> {
        if self.names_few() {
            return Ok(None);
        }
        let mut leads = self.leads();
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

/// An order of the trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuditOrder {
    /// The last change first.
    #[default]
    Newest,
    /// The first change first.
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

/// A page of the audit rows that exist for the actor.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &AuditFilter,
    order: AuditOrder,
    window: &Window,
) -> Result<Page<AuditRow>> {
    let found = tag_audit::find(&actor.scope);
    if let Some(accounts) = actor.scope.accounts(None) {
        let found = if filter.names_few() {
            found.filter(filter.names()).filter(opaque(filter.others()))
        } else {
            let rows = Rows {
                all: found,
                wanted: tag_audit::find(&AccountScope::All).filter(opaque(filter.others())),
                account: Column::AccountId,
                key: &[Column::Timestamp, Column::Id],
            };
            rows.walked(accounts, order, window)
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

/// Audit rows that are looked at for a caller limited to accounts, of whose rows nothing tells how many there are.
const LOOKED_AT: u64 = 100_000;

/// How many audit rows the filter takes.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &AuditFilter) -> Result<Total> {
    let found = tag_audit::find(&actor.scope);
    if actor.scope == AccountScope::All {
        return estimate::of(db, found.filter(filter.condition())).await;
    }
    estimate::of_part(
        db,
        found.filter(filter.names()),
        filter.others(),
        &[],
        LOOKED_AT,
        None,
    )
    .await
}

/// The audit rows with these keys that exist within the scope; both parts of a key are needed to find its partition.
pub async fn by_keys(
    db: &DatabaseConnection,
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

/// A page of audit rows for each of the resources, by one statement.
pub async fn of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
    order: AuditOrder,
    window: &Window,
) -> Result<HashMap<i64, Page<AuditRow>>> {
    keyset::per_parent(db, tag_audit::find(scope), Column::ResourceId, ids, order, window).await
}

/// How many audit rows each of the resources has.
pub async fn count_of_resources(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    keyset::count_per_parent(db, tag_audit::find(scope), Column::ResourceId, ids).await
}
