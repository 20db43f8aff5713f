//! The trail of administration: who changed rules, schedules and tokens of scripts, from what to what.
//!
//! Whoever changes one of them calls [`record`] in the transaction of the change, so that neither is there without the other.

pub use crate::entities::admin_change::Model as AdminChange;
pub use crate::entities::{AdminAction, AdminSubject};

use crate::auth::{AccountScope, Actor, Role};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::db::{Transaction, sql};
use crate::entities::admin_change::{self, Column, Entity};
use crate::error::Result;
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, Select};
use serde_json::Value;

/// What was changed, and how.
pub struct Change {
    pub action: AdminAction,
    pub subject: AdminSubject,
    /// The id of what was changed; nothing for an order.
    pub subject_id: Option<String>,
    /// Its name, by which people know it when it is gone.
    pub subject_name: String,
    /// What it said before; nothing when it is new.
    pub before: Option<Value>,
    /// What it says now; nothing when it is gone.
    pub after: Option<Value>,
}

/// Writes a change to the trail, in its transaction.
pub async fn record(txn: &Transaction, actor: &Actor, change: Change) -> Result<()> {
    let insert =
        "INSERT INTO admin_changes (actor, action, subject_type, subject_id, subject_name, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        actor.subject.clone().into(),
        change.action.to_value().into(),
        change.subject.to_value().into(),
        change.subject_id.into(),
        change.subject_name.into(),
        change.before.into(),
        change.after.into(),
    ];
    sql::execute(txn, insert, values).await.map(drop)
}

/// Which changes to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminChangeFilter {
    pub subject: Option<AdminSubject>,
    pub actor: Option<String>,
}

impl AdminChangeFilter {
    fn select(&self, actor: &Actor) -> Select<Entity> {
        let mut select = admin_change::find(&actor.scope);
        if let Some(subject) = &self.subject {
            select = select.filter(Column::SubjectType.eq(*subject));
        }
        if let Some(actor) = &self.actor {
            select = select.filter(Column::Actor.eq(actor.as_str()));
        }
        select
    }
}

/// The newest change first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AdminChangeOrder;

impl Keyset for AdminChangeOrder {
    type Row = AdminChange;

    fn name(self) -> &'static str {
        "adminChanges"
    }

    fn descending(self) -> bool {
        true
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &AdminChange) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// A page of the changes. Needs [`Role::Admin`] and access to all accounts.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &AdminChangeFilter,
    window: &Window,
) -> Result<Page<AdminChange>> {
    require(actor)?;
    let statement = window.statement(filter.select(actor), AdminChangeOrder);
    Ok(window.page(AdminChange::find_by_statement(statement).all(db).await?))
}

/// How many there are. Needs the same.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &AdminChangeFilter) -> Result<Total> {
    require(actor)?;
    estimate::of(db, filter.select(actor)).await
}

/// The changes with these keys, within the scope. For [`Role::Admin`].
pub async fn by_ids(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<Vec<AdminChange>> {
    let any = PgFunc::any(Expr::val(ids));
    let found = admin_change::find(scope).filter(Column::Id.into_expr().eq(any));
    Ok(found.all(db).await?)
}

fn require(actor: &Actor) -> Result<()> {
    actor.require(Role::Admin)?;
    actor.require_all_accounts()
}
