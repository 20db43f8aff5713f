//! What the product knows and does. Nothing here knows of HTTP, GraphQL or the queue.

// Lists of the product are pages with totals: what is above the domain sees them as part of it.
pub use crate::db::{estimate, keyset};
pub use crate::entities::{ApprovalStatus, AuditAction, Cloud, JobName, Outcome, RunStatus, TagSource};

pub mod account_pages;
pub mod admin_changes;
pub mod approvals;
pub mod audit;
pub mod cluster_stats;
pub mod counters;
pub mod csv;
pub mod dashboard;
pub mod discovery;
pub mod evaluation;
pub mod events;
pub mod imports;
pub mod inventory;
pub mod maintenance;
pub mod revision;
pub mod rules;
pub mod schedules;
pub mod subject;
pub mod tokens;
