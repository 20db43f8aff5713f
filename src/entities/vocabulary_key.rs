//! `vocabulary_keys`: what the customer changed in the vocabulary. It holds for all accounts, so every actor may read it.

use super::AccountScope;
use sea_orm::entity::prelude::*;

/// A key that is changed or added.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "vocabulary_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// Fields that differ from the shipped key.
    pub definition: Json,
    pub version: i32,
    pub created_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub created_by: String,
    pub updated_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub updated_by: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The changed keys, which hold for every scope.
pub fn find(_: &AccountScope) -> Select<Entity> {
    Entity::find()
}
