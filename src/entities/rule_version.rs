//! `rule_versions`: each version of each rule, those of deleted rules among them. A trigger on `rules` writes them.

use super::AccountScope;
use sea_orm::entity::prelude::*;

/// Version of a rule.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_versions")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub rule_id: i64,
    pub version: i32,
    /// Columns of the rule that people set, by their names.
    pub definition: Json,
    pub changed_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub changed_by: String,
}

/// None: versions outlive their rule.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All versions. Like rules they hold for all accounts.
pub fn find(_scope: &AccountScope) -> Select<Entity> {
    Entity::find()
}
