//! One file per table: the model, its relations, and finders that demand the actor's scope.

mod enums;

pub use enums::{ApprovalStatus, Cloud, TagSource};
