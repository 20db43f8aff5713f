//! `rules`: the users' rules. They hold for all accounts, so every actor may read them.

use super::AccountScope;
use sea_orm::entity::prelude::*;

/// A rule: where its condition holds, it proposes its tag.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rules")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique, column_type = "Text")]
    pub rule_name: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    #[sea_orm(column_type = "Text")]
    pub condition: String,
    #[sea_orm(column_type = "Text")]
    pub tag_key: String,
    #[sea_orm(column_type = "Text")]
    pub tag_value: String,
    pub priority: i32,
    #[sea_orm(column_type = "Double")]
    pub confidence: f64,
    pub enabled: bool,
    /// The value overrides what native tags state.
    pub corrects: bool,
    pub effective_from: Option<DateTimeUtc>,
    pub effective_to: Option<DateTimeUtc>,
    /// The time is between the two, as far as it was looked at; engines leave out rules of which it is not.
    pub in_effect: bool,
    pub version: i32,
    pub created_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub created_by: String,
    pub updated_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub updated_by: String,
    /// The rule's tags are approved in the name of who accepted it.
    pub approves: bool,
    /// Suggestion that the rule was made of.
    pub suggestion_id: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub accepted_by: Option<String>,
    pub accepted_at: Option<DateTimeUtc>,
    /// Reason that was given with the acceptance.
    #[sea_orm(column_type = "Text", nullable)]
    pub accepted_reason: Option<String>,
}

/// None: who needs a rule's tags asks for them by `rule_id`.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All rules. The scope is asked for so that a later rule for some accounts changes no caller.
pub fn find(_scope: &AccountScope) -> Select<Entity> {
    Entity::find()
}
