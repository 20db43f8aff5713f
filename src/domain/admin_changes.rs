//! Trail of administration: changes of rules, schedules and API tokens, with the states before and after.
//!
//! Every change calls [`record`] in its transaction, so that neither exists without the other.

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

/// Change to record.
pub struct NewAdminChange {
    pub action: AdminAction,
    pub subject: AdminSubject,
    /// Id of the rule, schedule, token or model; `None` for a change of order.
    pub subject_id: Option<String>,
    /// Name, by which people recognise it when it is deleted.
    pub subject_name: String,
    /// State before; `None` when it is new.
    pub before: Option<Value>,
    /// State after; when it is deleted, the reason if there is one.
    pub after: Option<Value>,
}

/// Records a change, in its transaction.
pub async fn record(txn: &Transaction, actor: &Actor, change: NewAdminChange) -> Result<()> {
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

/// Filter of changes; an unset field does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminChangeConditions {
    pub subject: Option<AdminSubject>,
    pub actor: Option<String>,
}

impl AdminChangeConditions {
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

/// Order of changes: newest first.
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

/// Page of the changes. Needs [`Role::Admin`] and access to all accounts.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &AdminChangeConditions,
    window: &Window,
) -> Result<Page<AdminChange>> {
    require(actor)?;
    let statement = window.statement(filter.select(actor), AdminChangeOrder);
    Ok(window.page(AdminChange::find_by_statement(statement).all(db).await?))
}

/// Counts the changes of [`list`], which needs the same rights.
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &AdminChangeConditions) -> Result<Total> {
    require(actor)?;
    estimate::of(db, filter.select(actor)).await
}

/// Changes with these ids within the scope. The caller checks that the actor is an admin.
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
