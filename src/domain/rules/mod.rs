//! The rule language: when a rule applies and what value it gives.
//!
//! - `allowance.rs`  how much work conditions may be
//! - `condition.rs`  CEL conditions: compiling with limits, matching against one resource
//! - `guard.rs`      the cheap look at a condition's text before any parser sees it
//! - `check.rs`      the type check of a parsed condition
//! - `template.rs`   tag values: literal text, or text with captures of the resource's name
//! - `edit.rs`       making, changing and ordering rules
//! - `list.rs`       reading them
//! - `preview.rs`    what a rule would do, before it is saved
//! - `dry_runs.rs`   how many callers may have rules evaluated at a time

pub mod allowance;
mod check;
mod complexity_limits;
mod condition;
mod dry_runs;
mod edit;
pub mod list;
mod preview;
mod template;

use crate::error::{Error, Result};

pub use crate::entities::rule::Model as RuleRow;
pub use condition::{Condition, ConditionError, Facts, RuleInput};
pub use dry_runs::DryRuns;
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

/// What a rule says of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not apply, or has no value to give.
    NoMatch,
    /// It gives this value.
    Value(String),
    /// It took too long and was given up: it does not apply.
    TooExpensive,
}

impl Rule {
    /// What it says of a resource of this name.
    pub fn apply(&self, input: &RuleInput, name: &str) -> Verdict {
        let given = allowance::of_rule(|| {
            let holds = self.condition.matches(input);
            holds.then(|| self.value.render(name)).flatten()
        });
        match given {
            Some(Some(value)) => Verdict::Value(value),
            Some(None) => Verdict::NoMatch,
            None => Verdict::TooExpensive,
        }
    }
}

/// The rules among these that are enabled, compiled. One that no longer compiles is left out, and logged.
pub fn compile(rows: Vec<RuleRow>) -> Result<Vec<Rule>> {
    let mut compiled = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(|row| row.enabled) {
        if allowance::is_over() {
            return Err(Error::internal("nobody waits for these rules any more"));
        }
        let id = row.id;
        match RuleDraft::from(row).compile(id) {
            Ok(rule) => compiled.push(rule),
            Err(error) => tracing::error!(rule = id, %error, "a stored rule does not compile; left out"),
        }
    }
    Ok(compiled)
}
