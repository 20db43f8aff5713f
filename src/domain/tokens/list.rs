//! Lists of tokens, without their secrets, which are not stored.

use super::ApiToken;
use crate::auth::{AccountScope, Actor, Role};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::entities::api_token::{self, Column};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter};

/// Order of tokens: newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenOrder;

impl Keyset for TokenOrder {
    type Row = ApiToken;

    fn name(self) -> &'static str {
        "apiTokens"
    }

    fn descending(self) -> bool {
        true
    }

    fn columns(self) -> Vec<(Expr, KeyKind)> {
        vec![(Column::Id.into_expr(), KeyKind::Int)]
    }

    fn key(self, row: &ApiToken) -> Vec<Key> {
        vec![Key::Int(row.id)]
    }
}

/// Page of the tokens whose accounts are within the actor's scope; for admins.
pub async fn list(db: &DatabaseConnection, actor: &Actor, window: &Window) -> Result<Page<ApiToken>> {
    actor.require(Role::Admin)?;
    let found = ApiToken::find_by_statement(window.statement(api_token::find(&actor.scope), TokenOrder));
    Ok(window.page(found.all(db).await?))
}

/// Counts the tokens of [`list`]; for admins.
pub async fn count(db: &DatabaseConnection, actor: &Actor) -> Result<Total> {
    actor.require(Role::Admin)?;
    let found = api_token::find(&actor.scope);
    match actor.scope {
        AccountScope::All => estimate::of(db, found).await,
        AccountScope::Only(_) => {
            estimate::of_part(db, found, Condition::all(), &[], estimate::LOOKED_AT, None).await
        }
    }
}

/// Tokens with these ids, in no order. The caller checks that the actor is an admin.
pub async fn by_ids(db: &DatabaseConnection, scope: &AccountScope, ids: Vec<i64>) -> Result<Vec<ApiToken>> {
    let any = PgFunc::any(Expr::val(ids));
    Ok(api_token::find(scope)
        .filter(Column::Id.into_expr().eq(any))
        .all(db)
        .await?)
}
