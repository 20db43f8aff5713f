//! `virtual_tags`: tags kept beside a resource, with their confidence, their evidence and their decision.

use super::{AccountScope, ApprovalStatus, Cloud, DecisionMode, TagSource, resource, rule};
use sea_orm::entity::prelude::*;

/// A virtual tag.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "virtual_tags")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub resource_id: i64,
    #[sea_orm(column_type = "Text")]
    pub tag_key: String,
    #[sea_orm(column_type = "Text")]
    pub tag_value: String,
    pub source: TagSource,
    #[sea_orm(column_type = "Double")]
    pub confidence: f64,
    pub auto_applied: bool,
    pub approval_status: ApprovalStatus,
    pub rule_id: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub evidence: Json,
    #[sea_orm(column_type = "Text")]
    pub evidence_signature: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decision_reason: Option<String>,
    pub superseded_by: Option<i64>,
    pub superseded_from: Option<ApprovalStatus>,
    pub cloud: Cloud,
    #[sea_orm(column_type = "Text")]
    pub account_id: String,
    #[sea_orm(column_type = "Text")]
    pub resource_type: String,
    /// An accepted suggestion or the policy of the key approved the tag, not a decision on the tag itself. On a pending tag:
    /// such an approval was undone.
    pub approved_by_rule: bool,
    /// Way in which a person judged the proposal, or the approval of another value of its key; `None` if none did.
    pub decision_mode: Option<DecisionMode>,
    /// One of the 5 % of proposals that are to be looked at one by one; PostgreSQL computes it.
    pub audit_sample: bool,
    /// The denial of the value before it was proposed again, see `domain::approvals::PastDenial`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub past_denial: Option<Json>,
}

impl Model {
    /// True while the tag is approved because an accepted suggestion or the policy of its key says so: it goes with that.
    pub fn is_approved_by_rule(&self) -> bool {
        self.approved_by_rule && self.approval_status == ApprovalStatus::Approved
    }
}

/// A virtual tag belongs to a resource and may come from a rule.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::resource::Entity",
        from = "Column::ResourceId",
        to = "super::resource::Column::Id"
    )]
    Resource,
    #[sea_orm(
        belongs_to = "super::rule::Entity",
        from = "Column::RuleId",
        to = "super::rule::Column::Id"
    )]
    Rule,
}

impl Related<resource::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Resource.def()
    }
}

impl Related<rule::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Rule.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// The virtual tags of resources within the scope, in any status.
pub fn find(scope: &AccountScope) -> Select<Entity> {
    Entity::find().filter(scope.on((Entity, Column::AccountId)))
}

/// The virtual tags of resources within the scope that wait for a decision. The status is in the text of the
/// statement, not among its parameters, for else the plan of a prepared statement cannot use the queue's indexes.
pub fn find_pending(scope: &AccountScope) -> Select<Entity> {
    find(scope).filter(Expr::cust("virtual_tags.approval_status = 'PENDING'"))
}
