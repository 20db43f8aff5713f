//! What the product knows and does. Nothing here knows of HTTP, GraphQL or the queue.

pub use crate::entities::{ApprovalStatus, AuditAction, Cloud, JobName, RunStatus, TagSource};

pub mod auth;
pub mod runs;
pub mod tagging;
