//! The type `Model`.

use crate::domain::models::{ModelStatus, ModelVersion};
use crate::graphql::scalars::id::{Id, ModelKind};
use crate::graphql::types::row::{db_enum, row_object};
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use tagging::{KeyMetrics, ReliabilityBin};

row_object! {
    /// Model that was trained on the native tags and decisions of this estate.
    pub struct ModelObject("Model") of ModelVersion {
        /// Status.
        status: ModelStatusEnum,
        /// Reason for the status.
        status_reason: &str,
        /// Time of the training.
        created_at: DateTime<Utc>,
        /// Time at which the model was last put into use; null if it never was.
        activated_at: Option<DateTime<Utc>>,
        /// Time at which the oldest resource was first seen that the model learned from.
        window_start: Option<DateTime<Utc>>,
        /// Time at which the training began; later tags and decisions are unknown to the model.
        window_end: DateTime<Utc>,
        /// Number of resources that the model learned from.
        resource_count: i64,
        /// Fingerprint of the vocabulary that the model was trained with.
        vocabulary: &str,
        /// Size of the stored model in bytes.
        byte_count: i64,
    }

    /// Global id.
    pub async fn id(&self) -> Id<ModelKind> {
        Id(self.0.version)
    }

    /// Version, as inferences are marked with it and `ML_MODEL_VERSION` pins it.
    async fn version(&self) -> String {
        self.0.version.to_string()
    }

    /// Seed of the training: the same estate and seed give the same model.
    async fn seed(&self) -> String {
        self.0.seed.to_string()
    }

    /// Labels that the model learned from.
    async fn labels(&self) -> ModelLabels {
        ModelLabels {
            native: self.0.native_labels,
            decided: self.0.decided_labels,
            by_rule: self.0.rule_labels,
            denied: self.0.denied_labels,
        }
    }

    /// Quality per governed key, measured on labels that were hidden in turn.
    async fn metrics(&self) -> Vec<ModelKeyMetrics> {
        let metrics: Vec<KeyMetrics> = serde_json::from_value(self.0.metrics.clone()).unwrap_or_default();
        metrics.into_iter().map(Into::into).collect()
    }
}

db_enum! {
    /// Status of a trained model.
    pub enum ModelStatusEnum("ModelStatus") mirrors ModelStatus {
        /// The model was trained, and nothing was decided about it.
        Candidate,
        /// The model is in use.
        Active,
        /// Another model took its place.
        Retired,
        /// The model was not better than the one in use.
        Rejected,
    }
}

/// Numbers of labels that a model learned from, by their origin.
#[derive(SimpleObject)]
pub struct ModelLabels {
    /// Native tags of resources.
    native: i64,
    /// Tags that people approved.
    decided: i64,
    /// Tags that approving rules gave; those of one rule count as one label.
    by_rule: i64,
    /// Tags that people denied.
    denied: i64,
}

/// Quality of a model for one key.
#[derive(SimpleObject)]
pub struct ModelKeyMetrics {
    /// Canonical key.
    key: String,
    /// Number of labels that were hidden and inferred again.
    support: i64,
    /// Share of them that gets a value with a confidence of 0.90 or more.
    coverage90: f64,
    /// Share of right values among those; null if there are none.
    precision90: Option<f64>,
    /// Share that gets a value with a confidence from 0.70 to 0.90.
    coverage70: f64,
    /// Share of right values among those; null if there are none.
    precision70: Option<f64>,
    /// Expected calibration error: mean distance of confidence and observed share.
    ece: f64,
    /// Brier score: mean squared distance of confidence and truth.
    brier: f64,
    /// Confidence and observed share, from low confidences to high ones.
    reliability: Vec<ModelReliability>,
}

/// Confidence and observed share of inferences of similar confidence.
#[derive(SimpleObject)]
pub struct ModelReliability {
    /// Mean confidence.
    confidence: f64,
    /// Share of right values.
    observed: f64,
    /// Number of inferences.
    count: i64,
}

impl From<KeyMetrics> for ModelKeyMetrics {
    fn from(metrics: KeyMetrics) -> Self {
        Self {
            key: metrics.key,
            support: metrics.support as i64,
            coverage90: metrics.coverage90,
            precision90: metrics.precision90,
            coverage70: metrics.coverage70,
            precision70: metrics.precision70,
            ece: metrics.ece,
            brier: metrics.brier,
            reliability: metrics.reliability.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ReliabilityBin> for ModelReliability {
    fn from(bin: ReliabilityBin) -> Self {
        Self {
            confidence: bin.confidence,
            observed: bin.observed,
            count: bin.count as i64,
        }
    }
}
