//! Scores as probabilities: isotonic regression by pooling adjacent violators.

use serde::{Deserialize, Serialize};

/// Inferences that a prior is worth in each bin.
const PRIOR: f64 = 5.0;
/// Labels below which scores are taken at their word.
const YOUNG: f64 = 40.0;
/// Labels from which measurements are believed altogether.
const GROWN: f64 = 400.0;
/// Doubt about what labels of other accounts alone say.
const DOUBT_ELSEWHERE: f64 = 0.5;
/// Confidence that is never reached, and its counterpart.
const CERTAIN: f64 = 0.999;

/// Inference of a value that was hidden.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CalibrationPoint {
    pub score: f64,
    pub right: bool,
    /// Weight of the point: labels that are one decision share 1.
    pub weight: f64,
}

/// Nearest tagged resources, or words, that an inference rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nearest {
    /// Resources of the same family of names.
    Family,
    /// Resources of the same account, or a word that names the value.
    Account,
    /// Resources of other accounts only: labels of a few accounts say nothing about all the others.
    Elsewhere,
}

/// Calibrations of one key, by the nearest evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibrations {
    family: Calibration,
    account: Calibration,
    elsewhere: Calibration,
}

impl Calibrations {
    /// Calibrations where nothing is measured.
    pub(crate) fn young() -> Self {
        Self::fit(&[])
    }

    /// Fits each calibration to the points of its kind. Where one has too few points, family and account speak together.
    pub(crate) fn fit(points: &[(Nearest, CalibrationPoint)]) -> Self {
        let of = |kinds: &[Nearest]| -> Vec<CalibrationPoint> {
            let points = points.iter().filter(|(nearest, _)| kinds.contains(nearest));
            points.map(|(_, point)| *point).collect()
        };
        let near = |nearest| {
            let calibration = Calibration::fit(of(&[nearest]), 0.0);
            if calibration.is_young() {
                Calibration::fit(of(&[Nearest::Family, Nearest::Account]), 0.0)
            } else {
                calibration
            }
        };
        Self {
            family: near(Nearest::Family),
            account: near(Nearest::Account),
            elsewhere: Calibration::fit(of(&[Nearest::Elsewhere]), DOUBT_ELSEWHERE),
        }
    }

    /// Calibration for inferences of that evidence.
    pub(crate) fn of(&self, nearest: Nearest) -> &Calibration {
        match nearest {
            Nearest::Family => &self.family,
            Nearest::Account => &self.account,
            Nearest::Elsewhere => &self.elsewhere,
        }
    }
}

/// Map from scores (log-odds of votes that are no independent witnesses) to probabilities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// Scores with the probability from there on, both rising.
    steps: Vec<(f64, f64)>,
    /// Weight of the points it was made of.
    support: f64,
    /// Part of its word that a score is not taken at, 0 to 1.
    doubt: f64,
}

pub(crate) fn logit(probability: f64) -> f64 {
    let probability = probability.clamp(0.001, 0.9995);
    (probability / (1.0 - probability)).ln()
}

pub(crate) fn sigmoid(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

struct Pool {
    from: f64,
    right: f64,
    asked: f64,
}

impl Calibration {
    /// `doubt` is the part of their word that scores are not taken at while there is too little to measure.
    fn fit(mut points: Vec<CalibrationPoint>, doubt: f64) -> Self {
        points.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.right.cmp(&b.right)));
        let size = (points.len() / 80).max(20);
        let mut pools: Vec<Pool> = Vec::new();
        let mut rest = points.as_slice();
        while !rest.is_empty() {
            let mut end = size.min(rest.len());
            while end < rest.len() && rest[end].score <= rest[end - 1].score {
                end += 1;
            }
            let (bin, after) = rest.split_at(end);
            rest = after;
            pools.push(pool(bin, doubt));
            pool_violators(&mut pools);
        }
        let steps = pools.iter().map(|pool| (pool.from, pool.right / pool.asked));
        Self {
            steps: steps.collect(),
            support: points.iter().map(|point| point.weight).sum(),
            doubt,
        }
    }

    /// True while there is too little to measure, and scores are taken at their word.
    pub(crate) fn is_young(&self) -> bool {
        self.support < YOUNG
    }

    /// Probability that an inference of that score is right.
    pub(crate) fn probability(&self, score: f64) -> f64 {
        // An account that was hidden whole is worth more than a label that others repeat.
        let grown = if self.doubt > 0.0 { YOUNG } else { GROWN };
        let trust = if self.is_young() {
            0.0
        } else {
            (self.support / grown).min(1.0)
        };
        let prior = sigmoid(score) * (1.0 - self.doubt * (1.0 - trust));
        let at = self.steps.partition_point(|(from, _)| *from <= score);
        let lowest = self.steps.first().map_or(prior, |(_, lowest)| prior.min(*lowest));
        let measured = at.checked_sub(1).map_or(lowest, |at| self.steps[at].1);
        let unmeasured = if self.is_young() {
            prior
        } else {
            measured.min(prior)
        };
        let probability = trust * measured + (1.0 - trust) * unmeasured;
        probability.clamp(1.0 - CERTAIN, CERTAIN)
    }
}

fn pool(bin: &[CalibrationPoint], doubt: f64) -> Pool {
    let asked: f64 = bin.iter().map(|point| point.weight).sum();
    let claimed: f64 = bin.iter().map(|point| point.weight * sigmoid(point.score)).sum();
    let right: f64 = bin
        .iter()
        .filter(|point| point.right)
        .map(|point| point.weight)
        .sum();
    let claim = if asked > 0.0 { claimed / asked } else { 0.5 } * (1.0 - doubt);
    Pool {
        from: bin.first().map_or(0.0, |point| point.score),
        right: right + PRIOR * claim,
        asked: asked + PRIOR,
    }
}

/// Joins the last pool with those before it while it claims no more than they do.
fn pool_violators(pools: &mut Vec<Pool>) {
    while let [.., before, last] = pools.as_mut_slice() {
        if before.right / before.asked < last.right / last.asked {
            return;
        }
        before.right += last.right;
        before.asked += last.asked;
        pools.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_points_scores_are_taken_at_their_word() {
        let calibration = Calibration::fit(Vec::new(), 0.0);
        assert!((calibration.probability(logit(0.8)) - 0.8).abs() < 1e-9);
    }

    #[test]
    fn boasting_scores_are_brought_down_to_what_was_right() {
        let point = |n: u32| CalibrationPoint {
            score: 4.0,
            right: n.is_multiple_of(2),
            weight: 1.0,
        };
        let calibration = Calibration::fit((0..2_000).map(point).collect(), 0.0);
        assert!((calibration.probability(4.0) - 0.5).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn probabilities_rise_with_the_score(
            points in proptest::collection::vec((-5.0..9.0f64, any::<bool>()), 0..900),
            scores in proptest::collection::vec(-6.0..10.0f64, 2..20),
        ) {
            let points = points.into_iter().map(|(score, right)| CalibrationPoint { score, right, weight: 1.0 });
            let calibration = Calibration::fit(points.collect(), 0.0);
            let mut scores = scores;
            scores.sort_by(f64::total_cmp);
            let found: Vec<f64> = scores.iter().map(|score| calibration.probability(*score)).collect();
            prop_assert!(found.iter().all(|p| *p > 0.0 && *p < 1.0));
            if calibration.support >= GROWN {
                let inner = found.iter().zip(&scores).filter(|(_, score)| **score >= calibration.steps[0].0);
                let inner: Vec<f64> = inner.map(|(p, _)| *p).collect();
                prop_assert!(inner.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
            }
        }
    }
}
