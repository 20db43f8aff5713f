//! Lists of rules.

use crate::auth::Actor;
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::entities::{AccountScope, rule};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, FromQueryResult, QueryFilter, QueryOrder, Select,
};

/// Column of the order: 0 for rules that approve, which come first among those of their priority, see `CompiledRule::rank`.
const AFTER_APPROVING: &str = "(NOT rules.approves)::int";

/// All rules in order of evaluation.
pub async fn in_order(db: &impl ConnectionTrait, scope: &AccountScope) -> Result<Vec<rule::Model>> {
    let ordered = rule::find(scope)
        .order_by_asc(rule::Column::Priority)
        .order_by_asc(Expr::cust(AFTER_APPROVING))
        .order_by_asc(rule::Column::Id);
    Ok(ordered.all(db).await?)
}

/// Order of rules: the order of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleOrder;

impl Keyset for RuleOrder {
    type Row = rule::Model;

    fn name(self) -> &'static str {
        "rules"
    }

    fn descending(self) -> bool {
        false
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![
            (rule::Column::Priority.into_expr(), KeyKind::Int),
            (Expr::cust(AFTER_APPROVING), KeyKind::Int),
            (rule::Column::Id.into_expr(), KeyKind::Int),
        ]
    }

    fn key(self, row: &rule::Model) -> Vec<Key> {
        vec![
            Key::Int(row.priority.into()),
            Key::Int((!row.approves).into()),
            Key::Int(row.id),
        ]
    }
}

/// Page of rules; with `enabled`, only of those that are or are not enabled.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    enabled: Option<bool>,
    window: &Window,
) -> Result<Page<rule::Model>> {
    let found = rule::Model::find_by_statement(window.statement(find(actor, enabled), RuleOrder));
    Ok(window.page(found.all(db).await?))
}

/// Counts the rules of [`list`].
pub async fn count(db: &DatabaseConnection, actor: &Actor, enabled: Option<bool>) -> Result<Total> {
    estimate::of(db, find(actor, enabled)).await
}

fn find(actor: &Actor, enabled: Option<bool>) -> Select<rule::Entity> {
    let condition = Condition::all().add_option(enabled.map(|on| rule::Column::Enabled.eq(on)));
    rule::find(&actor.scope).filter(condition)
}

/// Rules with these ids, in no order.
pub async fn by_ids(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<Vec<rule::Model>> {
    let any = PgFunc::any(Expr::val(ids));
    Ok(rule::find(scope)
        .filter(rule::Column::Id.into_expr().eq(any))
        .all(db)
        .await?)
}
