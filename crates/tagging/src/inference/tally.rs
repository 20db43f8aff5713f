//! Votes of a group's tagged members for one key.

use serde::{Deserialize, Serialize};

/// Value and the number of members that have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ValueCount {
    pub value: u32,
    pub count: u32,
}

/// Tagged members of a group: how many, and the two values that most of them have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub total: u32,
    pub top: ValueCount,
    pub second: ValueCount,
}

/// Vote of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TallyVote {
    pub value: u32,
    pub voters: u32,
    pub agreeing: u32,
}

impl Tally {
    /// Tally of counts, each value once, in order of values. `None` when nobody is counted.
    pub(crate) fn of(counts: impl Iterator<Item = ValueCount>) -> Option<Self> {
        let mut tally = Self::default();
        for found in counts.filter(|found| found.count > 0) {
            tally.total += found.count;
            if found.count > tally.top.count {
                tally.second = tally.top;
                tally.top = found;
            } else if found.count > tally.second.count {
                tally.second = found;
            }
        }
        (tally.total > 0).then_some(tally)
    }

    /// Value that most members have; without one member of value `own`, the resource that is asked about itself, if there is
    /// one.
    pub(crate) fn vote(&self, own: Option<u32>) -> Option<TallyVote> {
        let mut top = self.top;
        let mut voters = self.total;
        if let Some(own) = own.filter(|own| self.may_have(*own)) {
            voters = voters.checked_sub(1)?;
            if top.value == own {
                top.count = top.count.saturating_sub(1);
                if self.second.count > top.count {
                    top = self.second;
                }
            }
        }
        (top.count > 0).then_some(TallyVote {
            value: top.value,
            voters,
            agreeing: top.count,
        })
    }

    /// True if a member may have the value.
    fn may_have(&self, value: u32) -> bool {
        let others = self.total.saturating_sub(self.top.count + self.second.count);
        let of = |known: ValueCount| known.value == value && known.count > 0;
        others > 0 || of(self.top) || of(self.second)
    }
}

/// Sizes of groups that are told apart.
pub(crate) const COUNT_BUCKETS: usize = 6;
/// Shares of the top value that are told apart.
pub(crate) const PURITY_BUCKETS: usize = 6;

pub(crate) fn count_bucket(count: u32) -> u8 {
    match count {
        0 | 1 => 0,
        2 => 1,
        3..=4 => 2,
        5..=9 => 3,
        10..=29 => 4,
        _ => 5,
    }
}

pub(crate) fn purity_bucket(agreeing: u32, voters: u32) -> u8 {
    match f64::from(agreeing) / f64::from(voters.max(1)) {
        share if share >= 0.999 => 5,
        share if share >= 0.95 => 4,
        share if share >= 0.85 => 3,
        share if share >= 0.7 => 2,
        share if share >= 0.5 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(counts: &[(u32, u32)]) -> Tally {
        let counts = counts.iter().map(|&(value, count)| ValueCount { value, count });
        Tally::of(counts).unwrap()
    }

    #[test]
    fn a_resource_does_not_vote_for_itself() {
        let groups = tally(&[(1, 3), (2, 2)]);
        let vote = |own| {
            groups
                .vote(own)
                .map(|vote| (vote.value, vote.voters, vote.agreeing))
        };
        assert_eq!(vote(None), Some((1, 5, 3)));
        assert_eq!(vote(Some(1)), Some((1, 4, 2)));
        assert_eq!(vote(Some(2)), Some((1, 4, 3)));
        assert_eq!(tally(&[(1, 1)]).vote(Some(1)), None);
    }

    #[test]
    fn a_resource_that_was_not_counted_takes_no_vote_away() {
        let vote = tally(&[(1, 3)]).vote(Some(2)).unwrap();
        assert_eq!((vote.voters, vote.agreeing), (3, 3));
    }

    #[test]
    fn the_runner_up_wins_without_ones_own_vote() {
        assert_eq!(
            tally(&[(1, 2), (2, 2)]).vote(Some(1)).map(|vote| vote.value),
            Some(2)
        );
    }
}
