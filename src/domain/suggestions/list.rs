//! Lists of suggestions.

use super::Suggestion;
use crate::auth::{AccountScope, Actor};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::entities::rule_suggestion::{self, Column, Entity};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter, Select};

/// Order of suggestions: the most worthwhile first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SuggestionOrder;

impl Keyset for SuggestionOrder {
    type Row = Suggestion;

    fn name(self) -> &'static str {
        "ruleSuggestions"
    }

    fn descending(self) -> bool {
        true
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![
            (Column::Gain.into_expr(), KeyKind::Real),
            (Column::Id.into_expr(), KeyKind::Int),
        ]
    }

    fn key(self, row: &Suggestion) -> Vec<Key> {
        vec![Key::Real(row.gain), Key::Int(row.id)]
    }
}

/// Filter of suggestions; an unset field does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuggestionFilter {
    /// Key that is suggested.
    pub tag_key: Option<String>,
    /// Account of at least one member.
    pub account_id: Option<String>,
    pub min_resources: Option<i64>,
}

impl SuggestionFilter {
    fn select(&self, scope: &AccountScope) -> Select<Entity> {
        let has = |text: &str, value: &String| Expr::cust_with_values(text.to_owned(), [value.clone()]);
        let tag_key = self.tag_key.as_ref();
        let account = self.account_id.as_ref();
        let condition = Condition::all()
            .add_option(tag_key.map(|key| has("$1 = ANY(rule_suggestions.tag_keys)", key)))
            .add_option(account.map(|account| has("$1 = ANY(rule_suggestions.accounts)", account)))
            .add_option(self.min_resources.map(|least| Column::ResourceCount.gte(least)));
        rule_suggestion::find_open(scope).filter(condition)
    }
}

/// Page of the suggestions that wait for a decision. A suggestion is within the scope when all its resources are.
pub async fn list(
    db: &DatabaseConnection,
    actor: &Actor,
    filter: &SuggestionFilter,
    window: &Window,
) -> Result<Page<Suggestion>> {
    let statement = window.statement(filter.select(&actor.scope), SuggestionOrder);
    Ok(window.page(Suggestion::find_by_statement(statement).all(db).await?))
}

/// Counts the suggestions of [`list`].
pub async fn count(db: &DatabaseConnection, actor: &Actor, filter: &SuggestionFilter) -> Result<Total> {
    estimate::of(db, filter.select(&actor.scope)).await
}

/// Suggestions with these ids, whatever became of them, in no order.
pub async fn by_ids(db: &DatabaseConnection, scope: &AccountScope, ids: Vec<i64>) -> Result<Vec<Suggestion>> {
    let any = PgFunc::any(Expr::val(ids));
    let found = rule_suggestion::find(scope).filter(Column::Id.into_expr().eq(any));
    Ok(found.all(db).await?)
}
