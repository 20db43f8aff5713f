//! `discovery_accounts`: what reports of sources cover of each account.

use super::{AccountCoverage, AccountScope};
use sea_orm::entity::prelude::*;

/// Account, as a report of a provider covers it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "discovery_accounts")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub run_id: i64,
    pub source_id: i64,
    #[sea_orm(column_type = "Text")]
    pub provider: String,
    #[sea_orm(column_type = "Text")]
    pub account_id: String,
    pub coverage: AccountCoverage,
    pub reasons: Vec<String>,
    pub resource_count: i64,
    pub reported_at: DateTimeUtc,
    pub is_current: bool,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Accounts within the scope, of all reports.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let find = Entity::find();
    match scope {
        AccountScope::All => find,
        AccountScope::Only(accounts) => find.filter(Column::AccountId.is_in(accounts)),
    }
}
