//! Predictions: the values that the engine concluded for a resource.

use crate::domain::TagSource as DomainTagSource;
use crate::graphql::types::enums::TagSource;
use async_graphql::{Enum, SimpleObject};
use tagging::{KeyOutcome, KeyPrediction, LosingCandidate};

/// What is done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "KeyOutcome")]
pub enum PredictionOutcome {
    /// Applied at once, and put before people.
    AutoApply,
    /// Put before people.
    Suggest,
    /// Not sure enough to be shown.
    Discard,
    /// An approved value or a native tag says this already.
    AlreadyHolds,
}

/// The winner of one key.
#[derive(Clone, Debug, SimpleObject)]
pub struct Prediction {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// Where the value comes from.
    pub source: TagSource,
    /// The probability that the value is right, from 0 to 1.
    pub confidence: f64,
    /// What would be done with it.
    pub outcome: PredictionOutcome,
    /// Why.
    pub reason: String,
    /// What else was proposed for the key.
    pub alternatives: Vec<Alternative>,
}

/// A value that lost.
#[derive(Clone, Debug, SimpleObject)]
pub struct Alternative {
    /// The value.
    pub value: String,
    /// Where it comes from.
    pub source: TagSource,
    /// Its own confidence, from 0 to 1.
    pub confidence: f64,
    /// What speaks for it.
    pub reason: String,
    /// Why the winner was preferred.
    pub lost_because: String,
}

impl From<KeyPrediction> for Prediction {
    fn from(prediction: KeyPrediction) -> Self {
        Self {
            key: prediction.key,
            value: prediction.value,
            source: DomainTagSource::from(prediction.source).into(),
            confidence: prediction.confidence,
            outcome: prediction.outcome.into(),
            reason: prediction.reason,
            alternatives: prediction.alternatives.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<LosingCandidate> for Alternative {
    fn from(alternative: LosingCandidate) -> Self {
        Self {
            value: alternative.value,
            source: DomainTagSource::from(alternative.source).into(),
            confidence: alternative.confidence,
            reason: alternative.reason,
            lost_because: alternative.lost_because,
        }
    }
}
