//! Rules of the users, stored in the database: edits and lists. Their language is `tagging::rules`.

mod edit;
pub mod list;

use crate::error::{Error, Result};
use tagging::rules::{CompiledRule, allowance};

pub use crate::entities::rule::Model as RuleRow;
pub use edit::{RuleDraft, create, delete, reorder, update};

/// Compiles the enabled rules. One that no longer compiles is left out, and logged.
pub fn compile(rows: Vec<RuleRow>) -> Result<Vec<CompiledRule>> {
    let mut compiled = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(|row| row.enabled) {
        if allowance::is_over() {
            return Err(Error::internal("the caller no longer waits for these rules"));
        }
        let id = row.id;
        match RuleDraft::from(row).compile(id) {
            Ok(rule) => compiled.push(rule),
            Err(error) => tracing::error!(rule = id, %error, "a stored rule does not compile; left out"),
        }
    }
    Ok(compiled)
}
