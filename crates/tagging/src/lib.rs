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
//! - `evidence.rs`      why a value is proposed, and what lost against it
//! - `evidence_changes.rs` which evidence for a value is new
//! - `evidence_pieces.rs` pieces of evidence, as they are stored
//! - `signature.rs`     signatures of evidence, as they are stored
//! - `merge.rs`         one winner per key, and why the others lost
//! - `suggestions/`     patterns of resources, and the keys that one decision would settle for all of them
//! - `stated_tag.rs`    values that the resource's own tags state, and those that people denied
//! - `effective.rs`     what holds for a resource: one value per key
//! - `thresholds.rs`    dispositions by confidence
//! - `settings.rs`      what the settings of a key make of a confidence
//! - `engine.rs`        runs the sources, merges, decides by confidence
//!
//! A new source implements [`CandidateSource`] and is added to [`Engine::new`].

mod candidate;
mod candidate_source;
mod effective;
mod engine;
mod evidence;
mod evidence_changes;
mod evidence_pieces;
pub mod holdout;
mod inference;
mod kinds;
mod merge;
mod native_statements;
pub mod rules;
mod service_category;
mod settings;
mod signature;
mod sources;
mod stated_tag;
pub mod suggestions;
mod thresholds;
mod tokens;
mod vocabulary;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod explanation_tests;

pub use candidate::{Candidate, Subject, WeighedEvidence};
pub use candidate_source::{CandidateSource, SourceInput};
pub use effective::{NativeResolution, ResolvedTag, TagOrigin};
pub use engine::{CONTRADICTS, Engine, Evaluation, KeyOutcome, KeyPrediction, Proposal};
pub use evidence::{Evidence, EvidenceBasis, LosingCandidate, Signal};
pub use evidence_changes::EvidenceChange;
pub use evidence_pieces::EvidencePieces;
pub use inference::{
    EstateModel, EstateRow, EstateTrainer, Inference, KeyMetrics, Label, LabelOrigin, ModelError,
    ReliabilityBin,
};
pub use kinds::{CloudProvider, SourceKind};
pub use service_category::service_category;
pub use stated_tag::{DeniedStatement, StatedTag};
pub use thresholds::{Disposition, ThresholdError, Thresholds};
pub use tokens::{NameToken, tokens};
pub use vocabulary::{
    ApprovalPolicy, CanonicalKey, CanonicalTag, KeyChange, KeyMatch, KnownValue, Vocabulary, VocabularyError,
    VocabularyFile, VocabularySource,
};
