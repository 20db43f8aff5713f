//! `engine_state`: the revision under which resources are evaluated, and the generation under which engines are loaded. One row.

use sea_orm::entity::prelude::*;

/// The present revision and generation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "engine_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub singleton: bool,
    pub revision: i64,
    /// Rises with every change that engines must load.
    pub generation: i64,
    /// Fingerprint of vocabulary, model and thresholds, as the replica that started last had them.
    #[sea_orm(column_type = "Text")]
    pub fingerprint: String,
    pub updated_at: DateTimeUtc,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Condition for the only row.
pub fn find() -> Select<Entity> {
    Entity::find()
}
