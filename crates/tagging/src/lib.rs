//! The tagging engine: pure functions from a cloud resource to proposals. It has no runtime and no database, and the same
//! subject gives the same evaluation.
//!
//! - `vocabulary/`      canonical keys and values, the spellings they go by, and the settings of keys
//! - `service_category.rs` what follows from a type alone
//! - `tokens.rs`        splits names at token borders
//! - `candidate.rs`     the subject that a source sees, and the candidates that it proposes
//! - `sources/`         one file per source of candidates
//! - `rules/`           the rule language: CEL conditions, value templates, limits on their work
//! - `inference/`       the model of an estate: what its tagged resources say about the others
//! - `holdout/`         what the engine says of resources whose tags are hidden
//! - `merge.rs`         one winner per key, and why the others lost
//! - `suggestions/`     patterns of resources, and the keys that one decision would settle for all of them
//! - `effective.rs`     what holds for a resource: one value per key
//! - `engine.rs`        runs the sources, merges, decides by confidence
//!
//! A new source implements [`CandidateSource`] and is added to [`Engine::new`].

mod candidate;
mod effective;
mod engine;
pub mod holdout;
mod inference;
mod kinds;
mod merge;
mod native_statements;
pub mod rules;
mod service_category;
mod sources;
pub mod suggestions;
mod tokens;
mod vocabulary;

#[cfg(test)]
mod corpus_tests;

pub use candidate::{Candidate, CandidateSource, Subject, WeighedEvidence};
pub use effective::{DeniedStatement, NativeResolution, ResolvedTag, StatedTag, TagOrigin};
pub use engine::{
    CONTRADICTS, Disposition, Engine, Evaluation, KeyOutcome, KeyPrediction, Proposal, ThresholdError,
    Thresholds,
};
pub use inference::{
    EstateModel, EstateRow, EstateTrainer, Inference, KeyMetrics, Label, LabelOrigin, ModelError,
    ReliabilityBin,
};
pub use kinds::{CloudProvider, SourceKind};
pub use merge::{Evidence, EvidenceBasis, LosingCandidate, Merged, Signal, merge};
pub use service_category::service_category;
pub use tokens::{NameToken, tokens};
pub use vocabulary::{
    ApprovalPolicy, CanonicalKey, CanonicalTag, KeyMatch, KnownValue, Vocabulary, VocabularyError,
    VocabularyFile, VocabularySource,
};
