//! Model of one estate: what its tagged resources say about those that lack a tag.
//!
//! - `row.rs`           tagged resources that an estate model learns from
//! - `trainer.rs`       collects rows
//! - `training_row.rs`  rows as training keeps them
//! - `label_counts.rs`  counts of labels, per key and group
//! - `training.rs`      makes a model of them
//! - `hiding.rs`        asks the estate about labels that are hidden
//! - `model.rs`         the model: infers values of governed keys, with a confidence and its evidence
//! - `inferred_value.rs` values that the model infers
//! - `observation.rs`   what sources find in a resource; the trait of sources
//! - `groups.rs`        sets of resources that tend to share values
//! - `group_basis.rs`   what the members of a group have in common, for people
//! - `word_hit.rs`      words that are found in a resource
//! - `lexicon.rs`       words of the vocabulary, as they are looked for in names
//! - `knowledge.rs`     values in use, and the words of each account
//! - `tally.rs`         votes of a group
//! - `tallies.rs`       votes of all groups
//! - `votes.rs`         votes about one key, and their sum
//! - `ranking.rs`       what votes of each origin are worth beside the others
//! - `linear_system.rs` systems of linear equations
//! - `reliability.rs`   how often votes are right in this estate
//! - `calibration.rs`   summed votes as probabilities
//! - `evidence.rs`      votes as evidence for people
//! - `metrics.rs`       how well a model does on tags that were hidden from it
//! - `codec.rs`         the model as bytes

mod calibration;
mod codec;
mod evidence;
mod group_basis;
mod groups;
mod hiding;
mod inferred_value;
mod knowledge;
mod label_counts;
mod lexicon;
mod linear_system;
mod metrics;
mod model;
mod name_tokens;
mod observation;
mod ranking;
mod reliability;
mod row;
mod stable_hash;
mod tallies;
mod tally;
mod trainer;
mod training;
mod training_row;
mod votes;
mod word_hit;

use crate::sources::inherited::InheritedSource;
use crate::sources::known_value::KnownValueSource;
use crate::sources::neighbour::NeighbourSource;
use crate::sources::pattern::PatternSource;

pub(crate) use calibration::{logit, sigmoid};
pub use codec::ModelError;
pub(crate) use groups::{GroupKind, VotingGroup, container_of, parent_of};
pub use inferred_value::Inference;
pub(crate) use lexicon::Lexicon;
pub(crate) use metrics::figures_of;
pub use metrics::{KeyMetrics, ReliabilityBin};
pub use model::EstateModel;
pub(crate) use name_tokens::NameTokens;
pub(crate) use observation::{EvidenceSource, Observation, ValueRun};
pub use row::{EstateRow, Label, LabelOrigin};
pub(crate) use stable_hash::StableHash;
pub use trainer::EstateTrainer;
pub(crate) use word_hit::WordPlace;

/// Sources that the model weighs.
const EVIDENCE_SOURCES: [&dyn EvidenceSource; 4] = [
    &PatternSource,
    &InheritedSource,
    &NeighbourSource,
    &KnownValueSource,
];

#[cfg(test)]
mod tests;
