//! Votes about one key of one resource, and their sum.

use super::calibration::Nearest;
use super::groups::GroupKind;
use super::reliability::{GroupBucket, WordBucket};
use super::tally::TallyVote;

/// A rival's score takes so much of the winner's away.
pub(super) const RIVAL: f64 = 0.8;
/// Votes that count for one value, each half as much as the one before: votes of one resource repeat each other.
const COUNTED: usize = 4;

/// Origin of a vote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum VoteOrigin {
    /// Index of the group among those of the observation.
    Group {
        index: u16,
        bucket: GroupBucket,
        kind: GroupKind,
    },
    /// Index of the word among those of the observation.
    Word { index: u16, bucket: WordBucket },
    /// Words of the other names of the account.
    AccountWords { bucket: WordBucket },
    /// Index of the run of tokens among those of the observation.
    KnownValue { index: u16, bucket: GroupBucket },
}

impl VoteOrigin {
    /// Index of the origin: kinds of groups come first.
    pub(super) fn index(&self) -> usize {
        match self {
            Self::Group { kind, .. } => *kind as usize,
            Self::KnownValue { bucket, .. } => bucket.kind(),
            Self::Word { .. } => GroupKind::COUNT,
            Self::AccountWords { .. } => GroupKind::COUNT + 1,
        }
    }
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
    /// Log-odds of the reliability.
    pub odds: f64,
}

impl Vote {
    /// The vote of a group.
    pub(crate) fn of_group(index: u16, kind: GroupKind, vote: TallyVote) -> Self {
        Self {
            value: vote.value,
            origin: VoteOrigin::Group {
                index,
                bucket: GroupBucket::new(kind, vote),
                kind,
            },
            voters: vote.voters,
            agreeing: vote.agreeing,
            weight: 0.0,
            odds: 0.0,
        }
    }

    fn is_of(&self, group: impl Fn(GroupKind) -> bool) -> bool {
        matches!(self.origin, VoteOrigin::Group { kind, .. } if group(kind))
    }

    fn is_of_word(&self) -> bool {
        matches!(
            self.origin,
            VoteOrigin::Word { .. } | VoteOrigin::AccountWords { .. }
        )
    }
}

/// Nearest evidence for a value among `votes`.
pub(crate) fn nearest(votes: &[Vote], value: u32) -> Nearest {
    let is_near = |vote: &Vote| vote.is_of(GroupKind::is_in_account) || vote.is_of_word();
    if !votes.iter().any(|vote| vote.value == value && is_near(vote)) {
        Nearest::Elsewhere
    } else if votes.iter().any(|vote| vote.is_of(GroupKind::is_family)) {
        Nearest::Family
    } else {
        Nearest::Account
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
    /// Votes for the value.
    pub voted: usize,
}

/// Sums up `votes`, which it sorts: surest votes first, then best values first. Votes below one half count for nothing.
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
                voted: 0,
            });
        }
        let score = &mut scores[at];
        if score.voted < COUNTED && vote.weight > 0.5 {
            score.score += vote.odds * 0.5f64.powi(score.voted as i32);
        }
        score.voted += 1;
    }
    // Stable: of equal scores, the surest single vote comes first.
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
}
