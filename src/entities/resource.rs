//! `resources`: what the clouds report.

use super::{AccountScope, Cloud, virtual_tag};
use sea_orm::entity::prelude::*;

/// A cloud resource.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "resources")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique, column_type = "Text")]
    pub resource_id: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub cloud: Cloud,
    #[sea_orm(column_type = "Text")]
    pub account_id: String,
    #[sea_orm(column_type = "Text")]
    pub resource_type: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub region: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub native_tags: Json,
    pub created_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub discovered_by: String,
    pub first_seen_at: DateTimeUtc,
    pub last_seen_at: DateTimeUtc,
    pub retired_at: Option<DateTimeUtc>,
    pub changed_at: DateTimeUtc,
}

/// A resource has virtual tags.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::virtual_tag::Entity")]
    VirtualTags,
}

impl Related<virtual_tag::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::VirtualTags.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// The resources within the scope, retired ones included.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    Entity::find().filter(scope.on((Entity, Column::AccountId)))
}
