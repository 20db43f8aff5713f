//! Thresholds of confidence, and what becomes of a value by them.

use serde::{Deserialize, Serialize};

/// Lowest confidences of automatic application and of review; both bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    auto_apply: f64,
    manual_review: f64,
}

/// The thresholds do not satisfy `0 <= review <= auto <= 1`.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("thresholds must satisfy 0 <= review ({manual_review}) <= auto-apply ({auto_apply}) <= 1")]
pub struct ThresholdError {
    pub auto_apply: f64,
    pub manual_review: f64,
}

impl Default for Thresholds {
    /// 0.90 and 0.70.
    fn default() -> Self {
        Self {
            auto_apply: 0.90,
            manual_review: 0.70,
        }
    }
}

impl Thresholds {
    /// Takes both bounds as probabilities; refuses anything but `0 <= manual_review <= auto_apply <= 1`.
    pub fn new(auto_apply: f64, manual_review: f64) -> Result<Self, ThresholdError> {
        let ordered = 0.0 <= manual_review && manual_review <= auto_apply && auto_apply <= 1.0;
        if ordered {
            Ok(Self {
                auto_apply,
                manual_review,
            })
        } else {
            Err(ThresholdError {
                auto_apply,
                manual_review,
            })
        }
    }

    /// From this confidence on, values are applied before anyone looked.
    pub fn auto_apply(&self) -> f64 {
        self.auto_apply
    }

    /// From this confidence on, values are put before reviewers.
    pub fn manual_review(&self) -> f64 {
        self.manual_review
    }

    /// Disposition of a value of that confidence.
    pub fn decide(&self, confidence: f64) -> Disposition {
        if confidence >= self.auto_apply {
            Disposition::AutoApply
        } else if confidence >= self.manual_review {
            Disposition::Suggest
        } else {
            Disposition::Discard
        }
    }
}

/// Disposition of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Disposition {
    AutoApply,
    Suggest,
    Discard,
    /// A rule that a person accepted gives the value: it is approved in that person's name. Or it would be applied, and the
    /// key is approved automatically: it is approved in the name of that policy.
    Approve,
}
