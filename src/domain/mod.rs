//! Domain: the product's verbs and queries. They take the database, the actor and an input, and do not depend on HTTP,
//! GraphQL or the job queue.

// Lists of the domain are pages with totals, so their types are part of its interface.
pub use crate::db::{estimate, keyset, projection};
// Whoever calls verbs says over which connections they read.
pub use crate::db::ReadPool;
pub use crate::entities::{
    AccountCoverage, ApprovalStatus, AuditAction, Cloud, DecisionMode, JobName, Outcome, RunStatus, TagSource,
};

pub mod account_pages;
pub mod admin_changes;
pub mod approvals;
pub mod audit;
pub mod calibration;
pub mod cluster_stats;
pub mod cost;
pub mod counters;
pub mod coverage;
pub mod csv;
pub mod dashboard;
pub mod discovery;
pub mod downloads;
pub mod evaluation;
pub mod events;
pub mod exports;
pub mod imports;
pub mod inventory;
pub mod maintenance;
pub mod models;
pub mod revision;
pub mod rules;
pub mod schedules;
pub mod sources;
pub mod subject;
pub mod suggestions;
pub mod tokens;
pub mod vocabulary;
