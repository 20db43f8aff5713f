//! Types of the query `calibration`.

use crate::domain::calibration::{
    CalibrationBand, CalibrationBands, ChosenTally, DecisionTally, KeyCalibration, PrecisionThreshold,
    SourceCalibration,
};
use crate::graphql::types::enums::TagSourceEnum;
use async_graphql::SimpleObject;

/// Decisions of persons on proposals. A proposal counts once: as approved, or as denied if it was denied or another value
/// of its key was approved in its place.
#[derive(SimpleObject)]
#[graphql(name = "DecisionTally")]
pub struct DecisionTallyObject {
    /// Number of decisions.
    decided: i64,
    /// Number of approved proposals.
    approved: i64,
    /// Number of proposals that were denied, or lost to another value.
    denied: i64,
    /// Share of approved proposals, from 0 to 1; null without decisions.
    observed_rate: Option<f64>,
    /// Lower end of the 95 % interval (Wilson) of the share; null without decisions.
    lower_bound: Option<f64>,
    /// Upper end of the 95 % interval (Wilson) of the share; null without decisions.
    upper_bound: Option<f64>,
    /// Mean confidence of these proposals; null without decisions. Confidence is calibrated where it equals the observed
    /// rate.
    mean_confidence: Option<f64>,
}

impl From<&DecisionTally> for DecisionTallyObject {
    fn from(tally: &DecisionTally) -> Self {
        let interval = tally.interval();
        Self {
            decided: tally.decided,
            approved: tally.approved,
            denied: tally.denied(),
            observed_rate: tally.observed_rate(),
            lower_bound: interval.map(|interval| interval.lower),
            upper_bound: interval.map(|interval| interval.upper),
            mean_confidence: tally.mean_confidence(),
        }
    }
}

/// Lowest confidence from which on proposals had the target precision.
#[derive(SimpleObject)]
#[graphql(name = "PrecisionThreshold")]
pub struct PrecisionThresholdObject {
    /// Confidence, a multiple of 0.05.
    confidence: f64,
    /// Decisions on proposals with at least this confidence. Their lower bound is at least the target precision.
    decisions: DecisionTallyObject,
}

impl From<PrecisionThreshold> for PrecisionThresholdObject {
    fn from(threshold: PrecisionThreshold) -> Self {
        Self {
            confidence: threshold.confidence,
            decisions: (&threshold.tally).into(),
        }
    }
}

/// Decisions of all buckets, and how far the confidence can be believed by them.
#[derive(SimpleObject)]
pub struct CalibrationSummary {
    /// Sum of the decisions.
    #[graphql(flatten)]
    tally: DecisionTallyObject,
    /// Expected calibration error, from 0 to 1: the mean distance of the observed rate of a bucket from its mean confidence,
    /// weighted by decisions; null without decisions.
    expected_calibration_error: Option<f64>,
    /// Lowest confidence from which on the target precision is reached; null if the decisions do not prove any.
    threshold: Option<PrecisionThresholdObject>,
}

/// Proposals with a confidence from `from` on, below `to`.
#[derive(SimpleObject)]
pub struct CalibrationBucket {
    /// Lowest confidence of the bucket.
    from: f64,
    /// Upper bound of the confidences; exclusive, unless it is 1.
    to: f64,
    /// Number of proposals: those that wait, and those that persons decided.
    proposed: i64,
    /// All decisions.
    overall: DecisionTallyObject,
    /// Decisions on one tag each, named by its id.
    single: DecisionTallyObject,
    /// Decisions on several tags at once: by several ids, by a filter, or by a group.
    bulk: DecisionTallyObject,
    /// Decisions on tags of the audit sample that were taken singly.
    audited: DecisionTallyObject,
}

impl From<&CalibrationBand> for CalibrationBucket {
    fn from(band: &CalibrationBand) -> Self {
        let tallies = &band.tallies;
        Self {
            from: band.from(),
            to: band.to(),
            proposed: band.pending + tallies.overall.decided,
            overall: (&tallies.overall).into(),
            single: (&tallies.single).into(),
            bulk: (&tallies.bulk).into(),
            audited: (&tallies.audited).into(),
        }
    }
}

/// Counts and rates of the proposals of a key, or of one of its sources.
#[derive(SimpleObject)]
pub struct CalibrationReport {
    /// Number of proposals: those that wait, and those that persons decided.
    proposed: i64,
    /// All decisions.
    overall: CalibrationSummary,
    /// Decisions on one tag each, named by its id.
    single: CalibrationSummary,
    /// Decisions on several tags at once: by several ids, by a filter, or by a group. Where their observed rate is much
    /// higher than that of `audited`, they were made without a look.
    bulk: CalibrationSummary,
    /// Decisions on tags of the audit sample (`VirtualTag.auditSample`) that were taken singly: the least biased estimate.
    audited: CalibrationSummary,
    /// Buckets of 0.05 that have proposals, from the lowest: the data of a reliability diagram.
    buckets: Vec<CalibrationBucket>,
}

impl CalibrationReport {
    fn new(bands: &CalibrationBands, precision: f64) -> Self {
        let summary = |chosen: ChosenTally| CalibrationSummary {
            tally: (&bands.total(chosen)).into(),
            expected_calibration_error: bands.expected_calibration_error(chosen),
            threshold: bands.threshold(chosen, precision).map(Into::into),
        };
        Self {
            proposed: bands.proposed(),
            overall: summary(|tallies| &tallies.overall),
            single: summary(|tallies| &tallies.single),
            bulk: summary(|tallies| &tallies.bulk),
            audited: summary(|tallies| &tallies.audited),
            buckets: bands.0.iter().map(Into::into).collect(),
        }
    }
}

/// Calibration of the proposals of one source.
#[derive(SimpleObject)]
#[graphql(name = "SourceCalibration")]
pub struct SourceCalibrationObject {
    /// Source of the proposals.
    source: TagSourceEnum,
    /// Counts and rates of the proposals of this source.
    #[graphql(flatten)]
    report: CalibrationReport,
}

/// Calibration of the proposals for one tag key.
#[derive(SimpleObject)]
#[graphql(name = "Calibration")]
pub struct CalibrationObject {
    /// Tag key.
    tag_key: String,
    /// Counts and rates of all sources together.
    #[graphql(flatten)]
    report: CalibrationReport,
    /// Sources of the proposals, each with its own figures.
    sources: Vec<SourceCalibrationObject>,
}

impl CalibrationObject {
    /// Counts and rates of a key, with the thresholds that reach a precision.
    pub fn new(key: KeyCalibration, precision: f64) -> Self {
        let source = |of_source: SourceCalibration| SourceCalibrationObject {
            source: of_source.source.into(),
            report: CalibrationReport::new(&of_source.bands, precision),
        };
        Self {
            tag_key: key.tag_key,
            report: CalibrationReport::new(&key.bands, precision),
            sources: key.sources.into_iter().map(source).collect(),
        }
    }
}
