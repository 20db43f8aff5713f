//! The rule language: when a rule applies and what value it gives.
//!
//! - `condition.rs`  CEL conditions: compiling with limits, matching against one resource
//! - `guard.rs`      the cheap look at a condition's text before any parser sees it
//! - `check.rs`      the type check of a parsed condition
//! - `template.rs`   tag values: literal text, or text with captures of the resource's name
//! - `edit.rs`       making, changing and ordering rules
//! - `list.rs`       reading them
//! - `preview.rs`    what a rule would do, before it is saved

mod check;
mod condition;
mod edit;
mod guard;
pub mod list;
mod preview;
mod template;

pub use crate::entities::rule::Model as RuleRow;
pub use condition::{Condition, ConditionError, Facts, RuleInput};
pub use edit::{RuleDraft, create, delete, reorder, update};
pub use preview::{Example, Overlap, Preview, PreviewOutcome, preview};
pub use template::{TemplateError, ValueTemplate};

/// One user's rule, compiled and ready to run.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Identifier of the stored rule; breaks ties between equal priorities.
    pub id: i64,
    /// What people call it; shown in evidence.
    pub name: String,
    /// Smaller numbers are asked first.
    pub priority: i32,
    /// Another one for another condition, key or value; the same whatever else is edited. What it proposed and
    /// somebody denied comes back only with another one.
    pub digest: String,
    /// When the rule applies.
    pub condition: Condition,
    /// The canonical tag key that it sets.
    pub key: String,
    /// The value that it gives.
    pub value: ValueTemplate,
    /// How sure its author is, 0 to 1.
    pub confidence: f64,
}
