//! Figures of a model: how well it does on tags that were hidden from it.

use serde::{Deserialize, Serialize};

/// Figures of one key, measured by hiding each label in turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyMetrics {
    /// Canonical key.
    pub key: String,
    /// Labels that were hidden and inferred again; labels of one approving rule count as one.
    pub support: u64,
    /// Share of them that gets a value at a confidence of 0.90 or more, 0 to 1.
    pub coverage90: f64,
    /// Share of those values that are right; `None` when there are none.
    pub precision90: Option<f64>,
    /// Share that gets a value at 0.70 or more but below 0.90.
    pub coverage70: f64,
    /// Share of those values that are right; `None` when there are none.
    pub precision70: Option<f64>,
    /// Expected calibration error: mean distance of confidence and observed share.
    pub ece: f64,
    /// Mean squared distance of confidence and truth.
    pub brier: f64,
    /// Confidence against truth, from low confidences to high ones.
    pub reliability: Vec<ReliabilityBin>,
}

/// Inferences of similar confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean confidence, 0 to 1.
    pub confidence: f64,
    /// Share that was right, 0 to 1.
    pub observed: f64,
    /// Inferences in the bin.
    pub count: u64,
}
