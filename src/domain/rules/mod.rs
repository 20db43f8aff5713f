//! The users' rules: making, changing, ordering and reading them. Their language is `tagging::rules`.
//!
//! - `edit.rs`  making, changing and ordering rules
//! - `list.rs`  reading them

mod edit;
pub mod list;

use crate::error::{Error, Result};
use tagging::rules::{CompiledRule, allowance};

pub use crate::entities::rule::Model as RuleRow;
pub use edit::{RuleDraft, create, delete, reorder, update};

/// The rules among these that are enabled, compiled. One that no longer compiles is left out, and logged.
pub fn compile(rows: Vec<RuleRow>) -> Result<Vec<CompiledRule>> {
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
