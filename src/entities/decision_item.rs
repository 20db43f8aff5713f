//! `decision_items`: the tags that a run decides, fixed when they were selected, and what became of each.

use super::{AccountScope, Outcome};
use sea_orm::entity::prelude::*;

/// One tag of one run.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "decision_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub resource_id: Option<i64>,
    pub virtual_tag_id: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub account_id: Option<String>,
    pub seen_at: Option<DateTimeUtc>,
    pub outcome: Option<Outcome>,
    #[sea_orm(column_type = "Text", nullable)]
    pub message: Option<String>,
    pub decided_at: Option<DateTimeUtc>,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The tags within the scope. One that was not found belongs to no account, and is only a number from the request.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let find = Entity::find();
    match scope {
        AccountScope::All => find,
        AccountScope::Only(_) => find.filter(
            sea_orm::Condition::any()
                .add(Column::AccountId.is_null())
                .add(scope.on((Entity, Column::AccountId))),
        ),
    }
}
