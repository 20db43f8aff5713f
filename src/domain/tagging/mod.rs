//! The tagging engine: pure functions from a resource to proposals.
//!
//! - `vocabulary.rs`     canonical keys and values, and the spellings they go by (`vocabulary.json`)
//! - `tokens.rs`         splits names at token borders
//! - `candidate.rs`      what a source sees and what it proposes
//! - `native.rs`         NATIVE: the resource's own tags, normalised
//! - `pattern.rs`        PATTERN: environment words in names
//! - `resource_type.rs`  TYPE: what the resource's type says
//! - `rule.rs`           RULE: the users' rules in strict order
//! - `merge.rs`          one winner per key, and why the others lost
//! - `engine.rs`         runs the sources, merges, decides by confidence
//! - `revision.rs`      what makes resources due for another evaluation
//! - `plan.rs`          what an evaluation changes on a resource
//! - `auto_tag.rs`      works off the resources that are due
//! - `backlog.rs`       how many resources are due
//! - `tally.rs`         what that comes to, in numbers
//! - `infer.rs`         a dry run on one resource
//!
//! A new source implements [`CandidateSource`] and is added with [`Engine::with_source`].

pub mod auto_tag;
mod backlog;
mod candidate;
mod chunk_result;
pub mod dry_run;
mod engine;
mod merge;
mod native;
mod pattern;
mod plan;
mod resource_type;
pub mod revision;
mod rule;
mod tokens;
mod vocabulary;

#[cfg(test)]
mod corpus_tests;

pub use crate::entities::{Cloud, TagSource};
pub use candidate::{Candidate, CandidateSource, Subject};
pub use engine::{
    Disposition, Engine, Evaluation, Outcome, Prediction, Proposal, ThresholdError, Thresholds,
};
pub use merge::{Alternative, Evidence, Merged, Signal, merge};
pub use tokens::{Token, tokens};
pub use vocabulary::{Key, KeyMatch, KnownValue, Vocabulary, VocabularyError};
