//! `tag_audit`: what happened to every tag. Append-only, partitioned by month.

use super::{AccountScope, ApprovalStatus, AuditAction, Cloud, TagSource};
use sea_orm::entity::prelude::*;

/// One change to one tag.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tag_audit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(primary_key)]
    pub timestamp: DateTimeUtc,
    pub resource_id: i64,
    /// The provider's id of the resource, for the time after the resource is gone.
    #[sea_orm(column_type = "Text")]
    pub resource_ref: String,
    pub cloud: Cloud,
    #[sea_orm(column_type = "Text")]
    pub account_id: String,
    #[sea_orm(column_type = "Text")]
    pub resource_type: String,
    pub virtual_tag_id: i64,
    pub action: AuditAction,
    #[sea_orm(column_type = "Text")]
    pub tag_key: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub old_value: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub new_value: Option<String>,
    pub old_status: Option<ApprovalStatus>,
    pub new_status: Option<ApprovalStatus>,
    pub source: TagSource,
    #[sea_orm(column_type = "Double")]
    pub confidence: f64,
    pub auto_applied: bool,
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub run_id: Option<i64>,
}

/// None: audit rows outlive what they speak of.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The audit rows of accounts within the scope.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    Entity::find().filter(scope.on((Entity, Column::AccountId)))
}
