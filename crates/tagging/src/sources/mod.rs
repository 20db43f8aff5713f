//! Sources of candidates, and of the evidence that the estate model weighs.
//!
//! - `native.rs`       NATIVE: the resource's own tags, normalised
//! - `rule.rs`         RULE: the users' rules in strict order
//! - `inferred.rs`     what the estate model makes of the evidence of the sources below
//! - `pattern.rs`      PATTERN: words of the vocabulary in names, tags and identifiers
//! - `inherited.rs`    INHERITED: account, type within it, resource group, project, namespace, parent
//! - `neighbour.rs`    NEIGHBOUR: alike names, words in common, the same other tags
//! - `known_value.rs`  MODEL: values of this estate that occur in names

pub(crate) mod inferred;
pub(crate) mod inherited;
pub(crate) mod known_value;
pub(crate) mod native;
pub(crate) mod neighbour;
pub(crate) mod pattern;
pub(crate) mod rule;
