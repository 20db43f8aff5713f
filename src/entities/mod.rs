//! One file per table: the model, its relations, and finders that demand the actor's scope.

mod enums;
mod scope;

pub mod admin_change;
pub mod api_token;
pub mod decision_item;
pub mod discovery_account;
pub mod engine_state;
pub mod import_file;
pub mod import_rejection;
pub mod ml_inference;
pub mod resource;
pub mod rule;
pub mod rule_suggestion;
pub mod rule_version;
pub mod schedule;
pub mod scheduler_job;
pub mod tag_audit;
pub mod trained_model;
pub mod virtual_tag;
pub mod vocabulary_key;

pub use enums::{
    AccountCoverage, AdminAction, AdminSubject, ApprovalStatus, AuditAction, Cloud, DecisionMode, JobName,
    ModelStatus, Outcome, RunStatus, SuggestionStatus, TagSource,
};
pub use scope::AccountScope;
