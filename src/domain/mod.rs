//! What the product knows and does. Nothing here knows of HTTP, GraphQL or the queue.

pub use crate::entities::{ApprovalStatus, Cloud, TagSource};

pub mod rules;
pub mod tagging;
