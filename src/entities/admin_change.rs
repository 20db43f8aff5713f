//! `admin_changes`: who changed rules, schedules and tokens of scripts. Append-only.

use super::{AccountScope, AdminAction, AdminSubject};
use sea_orm::entity::prelude::*;

/// One change.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_changes")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub changed_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    pub action: AdminAction,
    pub subject_type: AdminSubject,
    #[sea_orm(column_type = "Text", nullable)]
    pub subject_id: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub subject_name: String,
    pub before: Option<Json>,
    pub after: Option<Json>,
}

/// None: changes outlive what they speak of.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The changes, which concern all accounts: none for who is limited to some.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let find = Entity::find();
    match scope {
        AccountScope::All => find,
        AccountScope::Only(_) => find.filter(Expr::val(false)),
    }
}
