//! Rules of the users, stored in the database: edits and lists. Their language is `tagging::rules`.

mod affected;
pub(in crate::domain) mod approving;
pub mod coarse;
mod draft;
mod edit;
mod effect;
pub mod history;
pub mod list;
pub mod manifest;
mod warnings;

use crate::error::{Error, Result};
use tagging::rules::{CompiledRule, allowance};

pub use crate::entities::rule::Model as RuleRow;
pub use draft::RuleDraft;
pub use edit::{ReorderedRules, SavedRule, create, delete, reorder, update};
pub use effect::switch_due;
pub use warnings::{RuleWarning, RuleWarningCode, warnings};

/// Compiles a stored rule.
pub fn compile_row(row: RuleRow) -> Result<CompiledRule> {
    let (id, version, approves) = (row.id, row.version, row.approves);
    let rule = RuleDraft::from(row).compile(id, version)?;
    Ok(CompiledRule { approves, ..rule })
}

/// Compiles the rules that are enabled and in effect. One that no longer compiles is left out, and logged.
pub fn compile(rows: Vec<RuleRow>) -> Result<Vec<CompiledRule>> {
    let mut compiled = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(|row| row.enabled && row.in_effect) {
        if allowance::is_over() {
            return Err(Error::internal("the caller no longer waits for these rules"));
        }
        let id = row.id;
        match compile_row(row) {
            Ok(rule) => compiled.push(rule),
            Err(error) => tracing::error!(rule = id, %error, "a stored rule does not compile; left out"),
        }
    }
    Ok(compiled)
}
