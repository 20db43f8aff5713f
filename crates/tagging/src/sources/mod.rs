//! Sources of candidates.
//!
//! - `native.rs`         NATIVE: the resource's own tags, normalised
//! - `pattern.rs`        PATTERN: environment words in names
//! - `resource_type.rs`  TYPE: the category of the resource's type
//! - `rule.rs`           RULE: the users' rules in strict order

pub(crate) mod native;
pub(crate) mod pattern;
pub(crate) mod resource_type;
pub(crate) mod rule;
