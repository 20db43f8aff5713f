//! `ml_inferences`: every evaluation of a resource, with all that was considered.

use super::{AccountScope, resource};
use sea_orm::{JoinType, QuerySelect, entity::prelude::*};

/// One evaluation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ml_inferences")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub resource_id: i64,
    #[sea_orm(column_type = "Text")]
    pub model_version: String,
    pub revision: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub predictions: Json,
    pub predicted_at: DateTimeUtc,
}

/// An evaluation is of a resource.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::resource::Entity",
        from = "Column::ResourceId",
        to = "super::resource::Column::Id"
    )]
    Resource,
}

impl ActiveModelBehavior for ActiveModel {}

/// The evaluations of resources within the scope.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    match scope {
        AccountScope::All => Entity::find(),
        AccountScope::Only(_) => Entity::find()
            .join(JoinType::InnerJoin, Relation::Resource.def())
            .filter(scope.on((resource::Entity, resource::Column::AccountId))),
    }
}
