//! Votes about one key of one resource, and their sum.

use super::calibration::logit;
use super::groups::GroupKind;
use super::reliability::{GroupBucket, WordBucket};
use super::tally::TallyVote;

/// A rival's score takes so much of the winner's away.
const RIVAL: f64 = 0.8;
/// Votes that count for one value, each half as much as the one before: votes of one resource repeat each other.
const COUNTED: usize = 4;

/// Origin of a vote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum VoteOrigin {
    /// Index of the group among those of the observation.
    Group {
        index: u16,
        bucket: GroupBucket,
        of_family: bool,
    },
    /// Index of the word among those of the observation.
    Word { index: u16, bucket: WordBucket },
    /// Words of the other names of the account.
    AccountWords { bucket: WordBucket },
    /// Index of the run of tokens among those of the observation.
    KnownValue { index: u16, bucket: GroupBucket },
}

/// Vote for a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vote {
    pub value: u32,
    pub origin: VoteOrigin,
    pub voters: u32,
    pub agreeing: u32,
    /// Reliability, 0 to 1.
    pub weight: f64,
}

impl Vote {
    /// The vote of a group.
    pub(crate) fn of_group(index: u16, kind: GroupKind, vote: TallyVote) -> Self {
        Self {
            value: vote.value,
            origin: VoteOrigin::Group {
                index,
                bucket: GroupBucket::new(kind, vote),
                of_family: kind.is_family(),
            },
            voters: vote.voters,
            agreeing: vote.agreeing,
            weight: 0.0,
        }
    }

    /// True if tagged resources of the same family of names vote.
    pub(crate) fn is_of_family(&self) -> bool {
        matches!(self.origin, VoteOrigin::Group { of_family: true, .. })
    }
}

/// Sum of the votes for one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ValueScore {
    pub value: u32,
    /// Log-odds.
    pub score: f64,
    /// Weight of the surest vote.
    pub best: f64,
    counted: usize,
}

/// Sums up `votes`, which it sorts: surest votes first, then best values first. The winner's score is less what a
/// credible rival objects; votes below one half count for nothing.
pub(crate) fn sum_up(votes: &mut [Vote], scores: &mut Vec<ValueScore>) {
    scores.clear();
    votes.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.value.cmp(&b.value)));
    for vote in votes.iter() {
        let at = scores
            .iter()
            .position(|score| score.value == vote.value)
            .unwrap_or(scores.len());
        if at == scores.len() {
            scores.push(ValueScore {
                value: vote.value,
                score: 0.0,
                best: vote.weight,
                counted: 0,
            });
        }
        let score = &mut scores[at];
        if score.counted < COUNTED && vote.weight > 0.5 {
            score.score += logit(vote.weight) * 0.5f64.powi(score.counted as i32);
        }
        score.counted += 1;
    }
    // Stable: of equal scores, the surest single vote comes first.
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    if let [winner, rival, ..] = scores.as_mut_slice() {
        winner.score -= RIVAL * rival.score;
    }
}
