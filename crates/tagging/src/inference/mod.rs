//! Model of one estate: what its tagged resources say about those that lack a tag.
//!
//! - `row.rs`           tagged resources that an estate model learns from
//! - `trainer.rs`       collects rows
//! - `training.rs`      makes a model of them
//! - `hiding.rs`        asks the estate about labels that are hidden
//! - `model.rs`         the model: infers values of governed keys, with a confidence and its evidence
//! - `observation.rs`   what sources find in a resource; the trait of sources
//! - `groups.rs`        sets of resources that tend to share values
//! - `lexicon.rs`       words of the vocabulary, as they are looked for in names
//! - `knowledge.rs`     values in use, and the words of each account
//! - `tally.rs`         votes of a group
//! - `tallies.rs`       votes of all groups
//! - `votes.rs`         votes about one key, and their sum
//! - `reliability.rs`   how often votes are right in this estate
//! - `calibration.rs`   summed votes as probabilities
//! - `evidence.rs`      votes as evidence for people
//! - `metrics.rs`       how well a model does on tags that were hidden from it
//! - `codec.rs`         the model as bytes

mod calibration;
mod codec;
mod evidence;
mod groups;
mod hiding;
mod knowledge;
mod lexicon;
mod metrics;
mod model;
mod name_tokens;
mod observation;
mod reliability;
mod row;
mod stable_hash;
mod tallies;
mod tally;
mod trainer;
mod training;
mod votes;

use crate::sources::inherited::InheritedSource;
use crate::sources::known_value::KnownValueSource;
use crate::sources::neighbour::NeighbourSource;
use crate::sources::pattern::PatternSource;

pub(crate) use calibration::{logit, sigmoid};
pub use codec::ModelError;
pub(crate) use groups::{GroupKind, VotingGroup, container_of, parent_of};
pub(crate) use lexicon::Lexicon;
pub(crate) use metrics::figures_of;
pub use metrics::{KeyMetrics, ReliabilityBin};
pub use model::{EstateModel, Inference};
pub(crate) use name_tokens::NameTokens;
pub(crate) use observation::{EvidenceSource, Observation, ValueRun, WordPlace};
pub use row::{EstateRow, Label, LabelOrigin};
pub(crate) use stable_hash::StableHash;
pub use trainer::EstateTrainer;

/// Sources that the model weighs.
const EVIDENCE_SOURCES: [&dyn EvidenceSource; 4] = [
    &PatternSource,
    &InheritedSource,
    &NeighbourSource,
    &KnownValueSource,
];

#[cfg(test)]
mod tests;
