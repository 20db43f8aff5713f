//! `rule_suggestions`: patterns of resources, and the tags that one decision would settle for all of them.

use super::{AccountScope, SuggestionStatus};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr};

/// A suggestion.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_suggestions")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name of the pattern, which two open suggestions never share.
    #[sea_orm(column_type = "Text")]
    pub pattern_key: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub pattern: Json,
    /// Condition of rules that holds for the members of the pattern and for nothing else.
    #[sea_orm(column_type = "Text")]
    pub condition: String,
    /// Pattern in words.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// Accounts of all members.
    pub accounts: Vec<String>,
    pub resource_count: i64,
    #[sea_orm(column_type = "Double", nullable)]
    pub cost: Option<f64>,
    #[sea_orm(column_type = "Double")]
    pub gain: f64,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    pub tag_keys: Vec<String>,
    #[sea_orm(column_type = "Text")]
    pub signature: String,
    /// Ids of random members.
    pub samples: Vec<i64>,
    pub status: SuggestionStatus,
    pub mined_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decision_reason: Option<String>,
    /// Decision on each key that was suggested.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub decided_keys: Option<Json>,
}

/// None: rules name the suggestion that they were made of.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The suggestions of which all members are within the scope.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let condition = match scope.as_bind() {
        None => Condition::all(),
        Some(accounts) => Condition::all().add(Expr::cust_with_values(
            "rule_suggestions.accounts <@ $1",
            [accounts],
        )),
    };
    Entity::find().filter(condition)
}

/// The suggestions within the scope that wait for a decision.
pub fn find_open(scope: &AccountScope) -> Select<Entity> {
    find(scope).filter(Expr::cust("rule_suggestions.status = 'OPEN'"))
}
