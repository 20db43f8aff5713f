//! Calibration: how often persons confirmed what was proposed, by key, source and confidence.
//!
//! A proposal is judged by a person who approves it, denies it, or approves another value of its key. Approvals that an
//! accepted suggestion, the policy of a key or an import gives are no judgement, and neither are tags made by hand. Decisions that were undone,
//! and denied values that were proposed again on other evidence, count no longer: the figures are those of the decisions
//! that stand, from maintained counters ([`counters::calibration`]).

mod interval;

pub use interval::{ConfidenceInterval, wilson};

use crate::auth::Actor;
use crate::domain::counters::{self, CalibrationCount};
use crate::entities::{DecisionMode, TagSource};
use crate::error::{Error, Result};
use sea_orm::DatabaseConnection;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Number of bands of confidence, of equal width; the bands of the counters.
pub const BANDS: usize = 20;
/// Keys of one report at most, those with most proposals first.
const MAX_KEYS: usize = 100;

/// Decisions on proposals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionTally {
    /// Number of judged proposals.
    pub decided: i64,
    /// Number of approved proposals among them.
    pub approved: i64,
    /// Sum of their confidences, in millionths.
    confidence: i64,
}

impl DecisionTally {
    fn add(&mut self, other: Self) {
        self.decided += other.decided;
        self.approved += other.approved;
        self.confidence += other.confidence;
    }

    /// Number of proposals that were denied, or lost to another value.
    pub fn denied(&self) -> i64 {
        self.decided - self.approved
    }

    /// Share of approved proposals; `None` without decisions.
    pub fn observed_rate(&self) -> Option<f64> {
        (self.decided > 0).then(|| self.approved as f64 / self.decided as f64)
    }

    /// 95 % interval of the share; `None` without decisions.
    pub fn interval(&self) -> Option<ConfidenceInterval> {
        wilson(self.approved, self.decided)
    }

    /// Mean confidence of the judged proposals; `None` without decisions.
    pub fn mean_confidence(&self) -> Option<f64> {
        (self.decided > 0).then(|| self.confidence as f64 / 1e6 / self.decided as f64)
    }
}

/// Decisions, all of them and by the way in which they were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionTallies {
    /// All decisions.
    pub overall: DecisionTally,
    /// Decisions on one tag, named by its id.
    pub single: DecisionTally,
    /// Decisions on several tags at once.
    pub bulk: DecisionTally,
    /// Decisions on proposals of the audit sample that were taken singly.
    pub audited: DecisionTally,
}

/// Way in which decisions were taken, as a choice among [`DecisionTallies`].
pub type ChosenTally = fn(&DecisionTallies) -> &DecisionTally;

/// Proposals with confidences of one band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CalibrationBand {
    /// Number of the band, from 0.
    pub band: usize,
    /// Number of proposals that wait for a decision.
    pub pending: i64,
    pub tallies: DecisionTallies,
}

impl CalibrationBand {
    /// Lowest confidence of the band.
    pub fn from(&self) -> f64 {
        self.band as f64 / BANDS as f64
    }

    /// Upper bound of the confidences, exclusive unless it is 1.
    pub fn to(&self) -> f64 {
        (self.band + 1) as f64 / BANDS as f64
    }

    fn add(&mut self, count: &CalibrationCount) {
        let (Some(mode), Some(approved)) = (count.decision_mode, count.approved) else {
            self.pending += count.count;
            return;
        };
        let tally = DecisionTally {
            decided: count.count,
            approved: if approved { count.count } else { 0 },
            confidence: count.confidence,
        };
        self.tallies.overall.add(tally);
        match mode {
            DecisionMode::Single => self.tallies.single.add(tally),
            DecisionMode::Bulk => self.tallies.bulk.add(tally),
        }
        if mode == DecisionMode::Single && count.audit_sample == Some(true) {
            self.tallies.audited.add(tally);
        }
    }
}

/// Lowest confidence from which on enough proposals were right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionThreshold {
    /// Confidence, a bound of a band.
    pub confidence: f64,
    /// Decisions on proposals with at least this confidence.
    pub tally: DecisionTally,
}

/// Bands that have proposals or decisions, from the lowest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalibrationBands(pub Vec<CalibrationBand>);

impl CalibrationBands {
    fn of<'a>(counts: impl Iterator<Item = &'a CalibrationCount>) -> Self {
        let mut bands: BTreeMap<usize, CalibrationBand> = BTreeMap::new();
        for count in counts {
            let band = usize::try_from(count.band).unwrap_or_default().min(BANDS - 1);
            let new = CalibrationBand {
                band,
                ..CalibrationBand::default()
            };
            bands.entry(band).or_insert(new).add(count);
        }
        Self(bands.into_values().collect())
    }

    /// Number of proposals that wait, or that persons judged.
    pub fn proposed(&self) -> i64 {
        let proposed = |band: &CalibrationBand| band.pending + band.tallies.overall.decided;
        self.0.iter().map(proposed).sum()
    }

    /// Sum of the decisions of all bands.
    pub fn total(&self, chosen: ChosenTally) -> DecisionTally {
        self.0.iter().fold(DecisionTally::default(), |mut sum, band| {
            sum.add(*chosen(&band.tallies));
            sum
        })
    }

    /// Expected calibration error: mean distance of the observed rate of a band from its mean confidence, weighted by
    /// decisions; `None` without decisions.
    pub fn expected_calibration_error(&self, chosen: ChosenTally) -> Option<f64> {
        let decided = self.total(chosen).decided;
        let distance = |band: &CalibrationBand| {
            let tally = chosen(&band.tallies);
            let rate = tally.observed_rate()?;
            Some((rate - tally.mean_confidence()?).abs() * tally.decided as f64)
        };
        let distances: f64 = self.0.iter().filter_map(distance).sum();
        (decided > 0).then(|| distances / decided as f64)
    }

    /// Lowest bound of a band at which the lower end of the interval reaches the precision; `None` if it does at none.
    pub fn threshold(&self, chosen: ChosenTally, precision: f64) -> Option<PrecisionThreshold> {
        let mut tally = DecisionTally::default();
        let mut lowest = None;
        for band in self.0.iter().rev() {
            tally.add(*chosen(&band.tallies));
            if tally
                .interval()
                .is_some_and(|interval| interval.lower >= precision)
            {
                lowest = Some(PrecisionThreshold {
                    confidence: band.from(),
                    tally,
                });
            }
        }
        lowest
    }
}

/// Calibration of the proposals of one source for a key.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceCalibration {
    pub source: TagSource,
    pub bands: CalibrationBands,
}

/// Calibration of the proposals for a key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyCalibration {
    pub tag_key: String,
    /// All sources together.
    pub bands: CalibrationBands,
    pub sources: Vec<SourceCalibration>,
}

/// Reads the calibration of the proposals in the actor's scope, of one key or source if given, at most 100 keys.
pub async fn report(
    db: &DatabaseConnection,
    actor: &Actor,
    tag_key: Option<&str>,
    source: Option<TagSource>,
) -> Result<Vec<KeyCalibration>> {
    if tag_key.is_some_and(|key| key.contains('\0')) {
        return Err(Error::BadInput("the key must not contain NUL characters".into()));
    }
    let counts = counters::calibration(db, &actor.scope, tag_key, source).await?;
    let mut keys: BTreeMap<&str, Vec<&CalibrationCount>> = BTreeMap::new();
    for count in &counts {
        keys.entry(&count.tag_key).or_default().push(count);
    }
    let mut keys: Vec<KeyCalibration> = keys
        .into_iter()
        .map(|(key, counts)| of_key(key, &counts))
        .collect();
    keys.sort_by_key(|key| Reverse(key.bands.proposed()));
    keys.truncate(MAX_KEYS);
    Ok(keys)
}

fn of_key(tag_key: &str, counts: &[&CalibrationCount]) -> KeyCalibration {
    let mut sources: Vec<TagSource> = counts.iter().map(|count| count.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let of_source = |source| SourceCalibration {
        source,
        bands: CalibrationBands::of(counts.iter().filter(|count| count.source == source).copied()),
    };
    KeyCalibration {
        tag_key: tag_key.to_owned(),
        bands: CalibrationBands::of(counts.iter().copied()),
        sources: sources.into_iter().map(of_source).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(band: i32, approved: bool, count: i64) -> CalibrationCount {
        CalibrationCount {
            tag_key: "environment".into(),
            source: TagSource::Pattern,
            band,
            audit_sample: Some(false),
            decision_mode: Some(DecisionMode::Single),
            approved: Some(approved),
            count,
            confidence: count * (i64::from(band) * 50_000 + 25_000),
        }
    }

    fn overall(tallies: &DecisionTallies) -> &DecisionTally {
        &tallies.overall
    }

    #[test]
    fn the_error_is_the_weighted_distance_of_rates_from_confidences() {
        // 0.975 is right in all of 300, 0.725 in half of 100.
        let counts = [count(19, true, 300), count(14, true, 50), count(14, false, 50)];
        let bands = CalibrationBands::of(counts.iter());
        let error = bands.expected_calibration_error(overall).unwrap();
        assert!(
            (error - (0.025 * 300.0 + 0.225 * 100.0) / 400.0).abs() < 1e-9,
            "{error}"
        );
        assert_eq!(
            CalibrationBands::default().expected_calibration_error(overall),
            None
        );
    }

    #[test]
    fn the_threshold_is_the_lowest_at_which_the_bound_is_reached() {
        let counts = [
            count(19, true, 1000),
            count(18, true, 500),
            count(17, false, 200),
            count(14, true, 100_000),
        ];
        let bands = CalibrationBands::of(counts.iter());
        let threshold = bands.threshold(overall, 0.97).unwrap();
        assert!(
            (threshold.confidence - 0.7).abs() < 1e-9,
            "many right ones outweigh"
        );
        let above = CalibrationBands::of(counts[..3].iter());
        let threshold = above.threshold(overall, 0.97).unwrap();
        assert!((threshold.confidence - 0.9).abs() < 1e-9);
        assert_eq!(threshold.tally.decided, 1500);
        let few = [count(19, true, 100)];
        assert_eq!(
            CalibrationBands::of(few.iter()).threshold(overall, 0.97),
            None,
            "100 of 100 may be 96 %"
        );
    }
}
