//! The types `Prediction` and `Alternative`: the values that the engine concluded for a resource.

use crate::domain::TagSource;
use crate::graphql::types::enums::TagSourceEnum;
use crate::graphql::types::row::db_enum;
use async_graphql::SimpleObject;
use tagging::{KeyOutcome, KeyPrediction, LosingCandidate};

db_enum! {
    /// Outcome of a prediction.
    pub enum PredictionOutcomeEnum("PredictionOutcome") mirrors KeyOutcome {
        /// The tag is applied immediately and waits for a decision.
        AutoApply,
        /// The tag is suggested and waits for a decision.
        Suggest,
        /// The confidence is too low for a suggestion.
        Discard,
        /// An accepted suggestion gives the value, or it is sure and the key is approved automatically: the tag is approved.
        Approve,
        /// An approved tag or a native tag has the same value.
        AlreadyHolds,
    }
}

/// Winning value of one key.
#[derive(Clone, Debug, SimpleObject)]
pub struct Prediction {
    /// Tag key.
    pub key: String,
    /// Tag value.
    pub value: String,
    /// Source of the value.
    pub source: TagSourceEnum,
    /// Probability that the value is right, from 0 to 1.
    pub confidence: f64,
    /// Outcome of the prediction.
    pub outcome: PredictionOutcomeEnum,
    /// Reason for the value.
    pub reason: String,
    /// Other values that were proposed for the key.
    pub alternatives: Vec<Alternative>,
}

/// Value that lost against the winning value of the key.
#[derive(Clone, Debug, SimpleObject)]
pub struct Alternative {
    /// Tag value.
    pub value: String,
    /// Source of the value.
    pub source: TagSourceEnum,
    /// Confidence of this value alone, from 0 to 1.
    pub confidence: f64,
    /// Reason for the value.
    pub reason: String,
    /// Reason for which the winning value was preferred.
    pub lost_because: String,
}

impl From<KeyPrediction> for Prediction {
    fn from(prediction: KeyPrediction) -> Self {
        Self {
            key: prediction.key,
            value: prediction.value,
            source: TagSource::from(prediction.source).into(),
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
            source: TagSource::from(alternative.source).into(),
            confidence: alternative.confidence,
            reason: alternative.reason,
            lost_because: alternative.lost_because,
        }
    }
}
