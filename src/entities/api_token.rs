//! `api_tokens`: what lets scripts in, and who let them.

use super::AccountScope;
use sea_orm::entity::prelude::*;

/// A token of a script.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique, column_type = "Text")]
    pub public_id: String,
    pub secret_hash: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub role: String,
    pub accounts: Option<Vec<String>>,
    pub created_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub created_by: String,
    pub expires_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub revoked_by: Option<String>,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The tokens that reach no further than the scope.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let find = Entity::find();
    match scope {
        AccountScope::All => find,
        AccountScope::Only(accounts) => find.filter(Expr::cust_with_values(
            "api_tokens.accounts <@ $1",
            [accounts.clone()],
        )),
    }
}

/// The token of this public id, for one who shows its secret and has no scope yet.
pub fn find_shown(public_id: &str) -> Select<Entity> {
    Entity::find().filter(Column::PublicId.eq(public_id))
}
