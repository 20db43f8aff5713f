//! Suggestions: patterns of resources, and the keys that one decision would settle for all of them.
//!
//! - `pattern.rs`  what the resources have in common: condition, words, look-up
//! - `terms.rs`    what a resource may have in common with others
//! - `miner.rs`    from resources to patterns and their members
//! - `index.rs`    the patterns of an estate, their members, and what holds
//! - `spread.rs`   how far the members of patterns are spread over families of names, accounts and tags
//! - `tally.rs`    what holds and is guessed among the members of each pattern
//! - `prior.rs`    how likely the members of a pattern share a value
//! - `derive.rs`   values that the text of a pattern names
//! - `rated.rs`    patterns with the probability that their keys are accepted
//! - `rank.rs`     what a decision settles per unit of work
//! - `evidence.rs` whether the evidence behind a decided suggestion changed
//!
//! [`SuggestionMiner`] takes each resource once and becomes a [`SuggestionIndex`], which ranks. What holds may change
//! afterwards ([`SuggestionIndex::set_cells`]); ranking again does not mine again.

mod cell_table;
mod derive;
mod evidence;
mod index;
mod interner;
mod members;
mod miner;
mod number_hash;
mod pattern;
mod prior;
mod rank;
mod rated;
mod spread;
mod tally;
mod terms;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use index::SuggestionIndex;
pub use miner::SuggestionMiner;
pub use pattern::{IndexablePart, Pattern, PatternTerm};

use crate::Subject;

/// Certainty of a value that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Applied by the engine, not decided.
    Applied,
    /// Stated by the resource's own tags.
    Native,
    /// Decided by a person.
    Approved,
}

/// Value that holds for a key of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldValue {
    /// Canonical key.
    pub key: String,
    /// Canonical value.
    pub value: String,
    pub certainty: Certainty,
}

/// Value that the engine would give a key where nothing holds.
#[derive(Clone, Debug, PartialEq)]
pub struct GuessedValue {
    /// Canonical key.
    pub key: String,
    /// Canonical value.
    pub value: String,
    /// Probability that it is right, 0 to 1.
    pub confidence: f64,
}

/// Resource as the miner sees it.
#[derive(Clone, Debug)]
pub struct MinerInput {
    pub subject: Subject,
    pub holds: Vec<HeldValue>,
    pub guesses: Vec<GuessedValue>,
    /// Cost in some currency; resources count instead where none has one.
    pub cost: Option<f64>,
}

/// Decision of a person on one key of a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyDecision {
    /// This value was accepted, as suggested or typed.
    Accepted(String),
    /// The key was left out, or the whole suggestion dismissed.
    LeftOut,
}

/// Suggestion that was decided in this estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedSuggestion {
    pub pattern: Pattern,
    /// [`MinedSuggestion::signature`] at the time of the decision.
    pub signature: String,
    /// Each key that was suggested.
    pub keys: BTreeMap<String, KeyDecision>,
}

/// Limits and seed of mining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinerSettings {
    /// Fewer resources than these are no pattern.
    pub min_resources: usize,
    /// Most suggestions of one ranking.
    pub max_suggestions: usize,
    /// Random resources shown of each suggestion.
    pub samples: usize,
    pub seed: u64,
}

impl Default for MinerSettings {
    fn default() -> Self {
        Self {
            min_resources: 5,
            max_suggestions: 500,
            samples: 10,
            seed: 1,
        }
    }
}

/// Key that a suggestion can settle.
#[derive(Clone, Debug, PartialEq)]
pub struct SuggestedTag {
    /// Canonical key.
    pub key: String,
    /// Canonical value; empty when nothing tells it, and the approver types it.
    pub value: String,
    /// Resources of the pattern for which this value holds.
    pub agreeing: usize,
    /// Resources of the pattern for which another value holds, or people denied this one.
    pub contradicting: usize,
    /// Resources of the pattern for which no value holds, and nobody denied this one.
    pub open: usize,
    /// Lower bound of the share of the open resources for which the value is right, at 95 %.
    pub precision_lower_bound: f64,
    /// Other values that hold within the pattern, with their resources, most frequent first.
    pub conflicts: Vec<(String, usize)>,
}

/// Pattern of resources, and the keys that one decision would settle for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct MinedSuggestion {
    pub pattern: Pattern,
    /// CEL condition that holds for the members and for nothing else.
    pub condition: String,
    /// Pattern in words.
    pub description: String,
    pub resource_count: usize,
    /// Sum of the members' costs; `None` when no member has one.
    pub cost: Option<f64>,
    /// Weight of the open cells that the decision is expected to settle, per unit of work.
    pub gain: f64,
    pub tags: Vec<SuggestedTag>,
    /// Members, by the order in which they were added to the miner.
    pub members: Vec<u32>,
    /// Random members, those first for which the engine is least sure.
    pub samples: Vec<u32>,
    /// Evidence of the tags. A dismissed suggestion comes back only when it really changed.
    pub signature: String,
}

#[cfg(test)]
mod tests;
