//! Metrics of a model: how well it does on tags that were hidden from it.

use serde::{Deserialize, Serialize};

use super::calibration::{CalibrationPoint, Calibrations, Nearest};

/// Metrics of one key, measured by hiding each label in turn.
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

/// Label that was hidden, and what was inferred in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct HiddenLabel {
    pub family: u64,
    pub weight: f64,
    /// The inference, and its nearest evidence; `None` when nothing was inferred.
    pub point: Option<(Nearest, CalibrationPoint)>,
}

/// Calibrations that these inferences give.
pub(super) fn calibrate(hidden: &[HiddenLabel]) -> Calibrations {
    let points: Vec<_> = hidden.iter().filter_map(|hidden| hidden.point).collect();
    Calibrations::fit(&points)
}

/// Bins of [`KeyMetrics::reliability`].
const BINS: usize = 10;

/// Metrics of a key. Each half of the families is judged by a calibration that the other half gave.
pub(super) fn measure(key: String, hidden: &[HiddenLabel]) -> KeyMetrics {
    let half = |hidden: &HiddenLabel| (hidden.family & 1) as usize;
    let calibrations = [1, 0].map(|other| {
        let points: Vec<HiddenLabel> = hidden
            .iter()
            .filter(|hidden| half(hidden) == other)
            .copied()
            .collect();
        calibrate(&points)
    });
    let judged = hidden.iter().filter_map(|hidden| {
        let (nearest, point) = hidden.point?;
        let confidence = calibrations[half(hidden)].of(nearest).probability(point.score);
        Some((confidence, point.right, hidden.weight))
    });
    let support = hidden.iter().map(|hidden| hidden.weight).sum();
    figures_of(key, support, judged.collect())
}

/// Metrics of a key by what was inferred in place of hidden labels: confidence, whether it was right, weight. `support`
/// counts those, too, for which nothing was inferred.
pub(crate) fn figures_of(key: String, support: f64, mut judged: Vec<(f64, bool, f64)>) -> KeyMetrics {
    judged.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let sure = Band::of(&judged, 0.90, f64::INFINITY);
    let likely = Band::of(&judged, 0.70, 0.90);
    let reliability = bins(&judged);
    let total: f64 = judged.iter().map(|(_, _, weight)| weight).sum();
    let distance = |bin: &ReliabilityBin| (bin.confidence - bin.observed).abs() * bin.count as f64;
    let squares = judged
        .iter()
        .map(|(confidence, right, weight)| weight * (confidence - f64::from(u8::from(*right))).powi(2));
    let counted: u64 = reliability.iter().map(|bin| bin.count).sum();
    KeyMetrics {
        key,
        support: support.round() as u64,
        coverage90: share(sure.asked, support).unwrap_or_default(),
        precision90: share(sure.right, sure.asked),
        coverage70: share(likely.asked, support).unwrap_or_default(),
        precision70: share(likely.right, likely.asked),
        ece: share(reliability.iter().map(distance).sum(), counted as f64).unwrap_or_default(),
        brier: share(squares.sum(), total).unwrap_or_default(),
        reliability,
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[derive(Default)]
struct Band {
    asked: f64,
    right: f64,
}

impl Band {
    fn of(judged: &[(f64, bool, f64)], from: f64, to: f64) -> Self {
        let inside = judged
            .iter()
            .filter(|(confidence, ..)| (from..to).contains(confidence));
        inside.fold(Self::default(), |band, (_, right, weight)| Self {
            asked: band.asked + weight,
            right: band.right + if *right { *weight } else { 0.0 },
        })
    }
}

/// Bins of equal numbers, from low confidences to high ones.
fn bins(judged: &[(f64, bool, f64)]) -> Vec<ReliabilityBin> {
    let size = judged.len().div_ceil(BINS).max(1);
    let bin = |inside: &[(f64, bool, f64)]| {
        let weight: f64 = inside.iter().map(|(_, _, weight)| weight).sum();
        let claimed: f64 = inside
            .iter()
            .map(|(confidence, _, weight)| confidence * weight)
            .sum();
        let right: f64 = inside
            .iter()
            .filter(|(_, right, _)| *right)
            .map(|(_, _, weight)| weight)
            .sum();
        ReliabilityBin {
            confidence: share(claimed, weight).unwrap_or_default(),
            observed: share(right, weight).unwrap_or_default(),
            count: inside.len() as u64,
        }
    };
    judged.chunks(size).map(bin).collect()
}
