//! Sources of candidates.
//!
//! - `native.rs`   NATIVE: the resource's own tags, normalised
//! - `pattern.rs`  PATTERN: environment words in names
//! - `rule.rs`     RULE: the users' rules in strict order

pub(crate) mod native;
pub(crate) mod pattern;
pub(crate) mod rule;
