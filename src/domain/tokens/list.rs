//! Reading tokens; what is secret of them cannot be read.

use super::ApiToken;
use crate::auth::{AccountScope, Actor, Role};
use crate::db::estimate::{self, Total};
use crate::db::keyset::{Key, KeyKind, Keyset, Page, Window};
use crate::entities::api_token::{self, Column};
use crate::error::Result;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, FromQueryResult, QueryFilter};

/// The newest token first.
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

/// A page of the tokens that reach no further than the actor; for admins.
pub async fn list(db: &DatabaseConnection, actor: &Actor, window: &Window) -> Result<Page<ApiToken>> {
    actor.require(Role::Admin)?;
    let found = ApiToken::find_by_statement(window.statement(api_token::find(&actor.scope), TokenOrder));
    Ok(window.page(found.all(db).await?))
}

/// How many there are; for admins.
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

/// The tokens with these keys, in no order. Who asks must be an admin.
pub async fn by_ids(db: &DatabaseConnection, scope: &AccountScope, ids: Vec<i64>) -> Result<Vec<ApiToken>> {
    let any = PgFunc::any(Expr::val(ids));
    Ok(api_token::find(scope)
        .filter(Column::Id.into_expr().eq(any))
        .all(db)
        .await?)
}
