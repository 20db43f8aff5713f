//! Ranking of values: logistic regression of whether a value is right on the votes for and against it.
//!
//! The sum of votes takes each vote for half a witness and each rival for four fifths of an objection. What votes of
//! one origin are worth beside all the others, this estate's labels tell: coefficients begin with that sum, and leave
//! it as far as hidden labels ask for it. Crates for regression have no prior to begin with, or no weights of examples.

use serde::{Deserialize, Serialize};

use super::calibration::{logit, sigmoid};
use super::groups::GroupKind;
use super::linear_system::solve;
use super::votes::{RIVAL, ValueScore, Vote};

/// Origins of votes that are told apart: kinds of groups, words, and the words of an account.
pub(super) const ORIGINS: usize = GroupKind::COUNT + 2;
/// Values of one resource that are ranked; others are far behind.
pub(super) const RANKED: usize = 3;

const SUM: usize = 0;
const CONSTANT: usize = 1;
const FOR: usize = 2;
const AGAINST: usize = FOR + ORIGINS;
const VOTES_FOR: usize = AGAINST + ORIGINS;
const VOTES_AGAINST: usize = VOTES_FOR + 1;
const BEST: usize = VOTES_AGAINST + 1;
const OBJECTION: usize = BEST + 1;
const FEATURES: usize = OBJECTION + 1;

/// Examples below which the sum of votes is believed.
const FEW_EXAMPLES: usize = 40;
/// Strength of the prior: labels that one unit of a coefficient has to explain.
const PRIOR: f64 = 10.0;
/// Steps of Newton's method, and halvings of one step.
const MAX_STEPS: usize = 30;
const MAX_HALVINGS: usize = 14;
/// Gain of a step below which the coefficients are found.
const ENOUGH: f64 = 1e-3;

type Features = [f64; FEATURES];

/// Value that was voted for in place of a hidden label.
pub(super) struct RankedExample {
    features: Features,
    right: bool,
    weight: f64,
}

/// Coefficients of the features of a value, as far as they were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ValueRanking {
    coefficients: Vec<f64>,
}

impl ValueRanking {
    /// The sum of votes as it is.
    pub(super) fn young() -> Self {
        Self {
            coefficients: prior().to_vec(),
        }
    }

    /// Coefficients that explain the examples best.
    pub(super) fn fit(examples: &[RankedExample]) -> Self {
        let mut coefficients = prior();
        if examples.len() < FEW_EXAMPLES {
            return Self::young();
        }
        let mut loss = loss_of(&coefficients, examples);
        for _ in 0..MAX_STEPS {
            let Some((next, less)) = newton_step(&coefficients, loss, examples) else {
                break;
            };
            let gain = loss - less;
            (coefficients, loss) = (next, less);
            if gain < ENOUGH {
                break;
            }
        }
        Self {
            coefficients: coefficients.to_vec(),
        }
    }

    /// Scores the first values anew, best first. `votes` are in order, surest first.
    pub(super) fn rank(&self, votes: &[Vote], scores: &mut [ValueScore]) {
        let ranked = scores.len().min(RANKED);
        let mut found = [0.0; RANKED];
        for (at, score) in found.iter_mut().enumerate().take(ranked) {
            for_each_feature(votes, scores, at, |feature, value| {
                *score += self.coefficients.get(feature).copied().unwrap_or_default() * value;
            });
        }
        for (score, found) in scores.iter_mut().zip(found).take(ranked) {
            score.score = found;
        }
        // Stable: of equal values, the one of more votes comes first.
        scores[..ranked].sort_by(|a, b| b.score.total_cmp(&a.score));
    }
}

/// Examples of the values that were voted for in place of a hidden label.
pub(super) fn examples<'a>(
    votes: &'a [Vote],
    scores: &'a [ValueScore],
    right: u32,
    weight: f64,
) -> impl Iterator<Item = RankedExample> + 'a {
    (0..scores.len().min(RANKED)).map(move |at| {
        let mut features = [0.0; FEATURES];
        for_each_feature(votes, scores, at, |feature, value| features[feature] = value);
        RankedExample {
            features,
            right: scores[at].value == right,
            weight,
        }
    })
}

/// Features of the value at that place, each at most once; those that are left out are zero.
fn for_each_feature(votes: &[Vote], scores: &[ValueScore], at: usize, mut feature: impl FnMut(usize, f64)) {
    let value = scores[at];
    let rival = scores[usize::from(at == 0)..].first();
    let objection = rival
        .filter(|rival| rival.value != value.value)
        .map_or(0.0, |rival| rival.score);
    feature(SUM, value.score - RIVAL * objection);
    feature(CONSTANT, 1.0);
    let (mut seen_for, mut seen_against) = (0u32, 0u32);
    for vote in votes.iter().take_while(|vote| vote.weight > 0.5) {
        let origin = vote.origin.index();
        let (first, seen) = if vote.value == value.value {
            (FOR, &mut seen_for)
        } else {
            (AGAINST, &mut seen_against)
        };
        if *seen & (1 << origin) == 0 {
            *seen |= 1 << origin;
            feature(first + origin, vote.odds);
        }
    }
    feature(VOTES_FOR, (value.voted as f64).ln_1p());
    feature(VOTES_AGAINST, ((votes.len() - value.voted) as f64).ln_1p());
    feature(BEST, logit(value.best));
    feature(OBJECTION, objection);
}

fn prior() -> Features {
    let mut prior = [0.0; FEATURES];
    prior[SUM] = 1.0;
    prior
}

fn score_of(coefficients: &Features, example: &RankedExample) -> f64 {
    let terms = coefficients.iter().zip(&example.features);
    terms.map(|(coefficient, feature)| coefficient * feature).sum()
}

/// Negative logarithm of the likelihood, and of the prior's.
fn loss_of(coefficients: &Features, examples: &[RankedExample]) -> f64 {
    let of_examples = examples.iter().map(|example| {
        let score = score_of(coefficients, example);
        let surprise = if example.right { -score } else { score };
        example.weight * (surprise.max(0.0) + (-surprise.abs()).exp().ln_1p())
    });
    let of_prior = coefficients
        .iter()
        .zip(prior())
        .map(|(found, prior)| (found - prior).powi(2));
    of_examples.sum::<f64>() + 0.5 * PRIOR * of_prior.sum::<f64>()
}

/// Coefficients that explain the examples better, and their loss; `None` when there are none.
fn newton_step(coefficients: &Features, loss: f64, examples: &[RankedExample]) -> Option<(Features, f64)> {
    let mut gradient: Vec<f64> = coefficients
        .iter()
        .zip(prior())
        .map(|(found, prior)| PRIOR * (found - prior))
        .collect();
    let mut curvature = vec![vec![0.0; FEATURES]; FEATURES];
    for (at, row) in curvature.iter_mut().enumerate() {
        row[at] = PRIOR;
    }
    for example in examples {
        let probability = sigmoid(score_of(coefficients, example));
        let error = example.weight * (probability - f64::from(u8::from(example.right)));
        let curve = example.weight * probability * (1.0 - probability);
        for (at, feature) in example
            .features
            .iter()
            .enumerate()
            .filter(|(_, feature)| **feature != 0.0)
        {
            gradient[at] += error * feature;
            let part = curve * feature;
            for (sum, other) in curvature[at][..=at].iter_mut().zip(&example.features) {
                *sum += part * other;
            }
        }
    }
    let step = solve(curvature, gradient)?;
    let mut part = 1.0;
    for _ in 0..MAX_HALVINGS {
        let mut next = *coefficients;
        next.iter_mut()
            .zip(&step)
            .for_each(|(coefficient, step)| *coefficient -= part * step);
        let less = loss_of(&next, examples);
        if less < loss {
            return Some((next, less));
        }
        part /= 2.0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::reliability::GroupBucket;
    use super::super::tally::TallyVote;
    use super::super::votes::{VoteOrigin, sum_up};
    use super::*;

    fn vote(kind: GroupKind, value: u32, weight: f64) -> Vote {
        let tally = TallyVote {
            value,
            voters: 9,
            agreeing: 9,
        };
        let bucket = GroupBucket::new(kind, tally);
        Vote {
            value,
            origin: VoteOrigin::Group {
                index: 0,
                bucket,
                kind,
            },
            voters: 9,
            agreeing: 9,
            weight,
            odds: logit(weight),
        }
    }

    /// Containers say 1, other tags say 2 and are surer of it.
    fn split() -> (Vec<Vote>, Vec<ValueScore>) {
        let mut votes = vec![vote(GroupKind::Container, 1, 0.9), vote(GroupKind::Tag, 2, 0.95)];
        let mut scores = Vec::new();
        sum_up(&mut votes, &mut scores);
        (votes, scores)
    }

    fn first(ranking: &ValueRanking) -> (u32, f64) {
        let (votes, mut scores) = split();
        ranking.rank(&votes, &mut scores);
        (scores[0].value, scores[0].score)
    }

    #[test]
    fn without_labels_the_sum_of_votes_is_believed() {
        let (value, score) = first(&ValueRanking::fit(&[]));
        assert_eq!(value, 2);
        assert!((score - (logit(0.95) - RIVAL * logit(0.9))).abs() < 1e-9);
    }

    #[test]
    fn origins_that_are_right_against_others_come_to_win() {
        let (votes, scores) = split();
        let hidden = (0..400).flat_map(|_| examples(&votes, &scores, 1, 1.0));
        let (value, score) = first(&ValueRanking::fit(&hidden.collect::<Vec<_>>()));
        assert_eq!(value, 1);
        assert!(sigmoid(score) > 0.9, "{score}");
    }

    #[test]
    fn what_is_right_half_the_time_is_no_more_likely_than_that() {
        let (votes, scores) = split();
        let hidden = (0..400).flat_map(|n| examples(&votes, &scores, 1 + n % 2, 1.0));
        let (_, score) = first(&ValueRanking::fit(&hidden.collect::<Vec<_>>()));
        assert!((sigmoid(score) - 0.5).abs() < 0.03, "{score}");
    }
}
