//! `models`: what was learned from this estate, in versions.

use super::{AccountScope, ModelStatus};
use sea_orm::entity::prelude::*;

/// A trained model, without its bytes.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "models")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub version: i64,
    pub created_at: DateTimeUtc,
    pub status: ModelStatus,
    /// Reason for the status.
    #[sea_orm(column_type = "Text")]
    pub status_reason: String,
    pub activated_at: Option<DateTimeUtc>,
    pub window_start: Option<DateTimeUtc>,
    pub window_end: DateTimeUtc,
    pub resource_count: i64,
    pub native_labels: i64,
    pub decided_labels: i64,
    pub rule_labels: i64,
    pub denied_labels: i64,
    pub seed: i64,
    /// Fingerprint of the vocabulary that it was trained with.
    #[sea_orm(column_type = "Text")]
    pub vocabulary: String,
    /// Per key, on labels that were hidden in turn.
    #[sea_orm(column_type = "JsonBinary")]
    pub metrics: Json,
    /// Losses of this model and of the one in use, on the same hidden labels.
    pub comparison: Option<Json>,
    pub byte_count: i64,
}

/// None that are followed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The models, which are of all accounts: none for who is limited to some.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    let find = Entity::find();
    match scope {
        AccountScope::All => find,
        AccountScope::Only(_) => find.filter(Expr::val(false)),
    }
}
