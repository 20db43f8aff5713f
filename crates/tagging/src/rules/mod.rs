//! The rule language: when a rule applies and what value it gives.
//!
//! - `condition.rs`          CEL conditions: compiling with limits, matching against one resource
//! - `condition_input.rs`    resources as conditions see them
//! - `pattern_value.rs`      patterns as values of CEL
//! - `complexity_limits.rs`  limits on a condition's text before any parser sees it, and on patterns
//! - `type_check.rs`         the type check of a parsed condition
//! - `requirement.rs`        what must be true of a resource for a condition to hold
//! - `necessary.rs`          derivation of the requirement from a condition
//! - `necessary_pattern.rs`  texts that every match of a pattern contains
//! - `doubts.rs`             parts of conditions that are probably not meant as they are
//! - `index.rs`              of many rules, those that can match a resource
//! - `shared_by_text.rs`     compiled conditions in use, which engines share
//! - `language.rs`           the language as a table, for editors and documentation
//! - `expression_type.rs`    types of expressions
//! - `template.rs`           tag values: literal text, or text with placeholders for what the resource says
//! - `allowance.rs`          limits on the time that evaluating rules takes

pub mod allowance;
mod azure_types;
mod complexity_limits;
mod condition;
mod condition_error;
mod condition_input;
mod doubts;
mod expression_type;
pub(crate) mod index;
pub mod language;
mod necessary;
mod necessary_pattern;
mod pattern_value;
mod requirement;
mod shared_by_text;
mod template;
mod type_check;

pub use condition::Condition;
pub use condition_error::ConditionError;
pub(crate) use condition_input::MAX_TAGS;
pub use condition_input::{ConditionInput, FieldSet, ResourceFacts};
pub use doubts::{ConditionDoubt, DoubtKind};
pub use requirement::{
    Comparison, Requirement, ResourceTest, SubjectView, TagMap, TestedText, TextField, TextTest,
};
pub use template::{TemplateError, ValueTemplate, foreign_placeholders};

use crate::Subject;

/// One user's rule, compiled and ready to run.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    /// Identifier of the stored rule; breaks ties between equal priorities.
    pub id: i64,
    /// Name that people gave it; shown in evidence.
    pub name: String,
    /// Smaller numbers are asked first.
    pub priority: i32,
    /// Another one for another condition, key or value; the same whatever else is edited. What it proposed and a
    /// reviewer denied comes back only with another one.
    pub digest: String,
    /// When the rule applies.
    pub condition: Condition,
    /// The canonical tag key that it sets.
    pub key: String,
    /// The value that it gives.
    pub value: ValueTemplate,
    /// Confidence of its author, 0 to 1.
    pub confidence: f64,
    /// The value overrides what the resource's own tags state.
    pub corrects: bool,
    /// Version of the stored rule; shown in evidence.
    pub version: i32,
    /// True for a rule that a person accepted as a decision: its tags are approved, not proposed.
    pub approves: bool,
}

/// Verdict of a rule on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleVerdict {
    /// The rule does not apply, or has no value to give.
    NoMatch,
    /// The rule gives this value.
    Value(String),
    /// The rule took too long and was given up: it does not apply.
    TooExpensive,
}

impl CompiledRule {
    /// Rank among rules: by priority; of equal ones those that approve first, because a decision comes before
    /// proposals; then by age. The first rule of a key that matches gives the value.
    pub fn rank(&self) -> (i32, bool, i64) {
        (self.priority, !self.approves, self.id)
    }

    /// Verdict on a resource, of which `input` is made.
    pub fn apply(&self, input: &ConditionInput, subject: &Subject) -> RuleVerdict {
        let given = allowance::of_rule(|| {
            let holds = self.condition.matches(input);
            holds.then(|| self.value.render(subject)).flatten()
        });
        match given {
            Some(Some(value)) => RuleVerdict::Value(value),
            Some(None) => RuleVerdict::NoMatch,
            None => RuleVerdict::TooExpensive,
        }
    }
}
