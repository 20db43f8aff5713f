//! Tallies of all groups. Most groups are small and pure, so that many have equal tallies, which are kept once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::stable_hash::HashMapOfHashes;
use super::tally::Tally;

/// Tallies of one group, in order of keys.
type GroupTallies = Box<[(u8, Tally)]>;

/// Tallies of all groups and keys.
#[derive(Default)]
pub(super) struct Tallies {
    /// Group to the index of its tallies.
    places: HashMapOfHashes<u32>,
    distinct: Vec<GroupTallies>,
}

/// Tallies as they are stored: the same for equal tallies, whatever the order in which groups came.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredTallies {
    distinct: Vec<GroupTallies>,
    /// Groups in order of their hashes, with the index of their tallies.
    groups: Vec<(u64, u32)>,
}

impl Tallies {
    /// Tallies of groups, each group once.
    pub(super) fn new(groups: impl Iterator<Item = (u64, Vec<(u8, Tally)>)>) -> Self {
        let mut tallies = Self::default();
        let mut known: HashMap<GroupTallies, u32> = HashMap::new();
        for (group, of_group) in groups.filter(|(_, of_group)| !of_group.is_empty()) {
            let of_group = GroupTallies::from(of_group);
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let place = *known.entry(of_group.clone()).or_insert(next);
            if place == next {
                tallies.distinct.push(of_group);
            }
            tallies.places.insert(group, place);
        }
        tallies
    }

    /// Tallies of one group; none for groups that are not known.
    pub(super) fn of(&self, group: u64) -> &[(u8, Tally)] {
        let place = self
            .places
            .get(&group)
            .and_then(|place| self.distinct.get(*place as usize));
        place.map_or(&[], |tallies| tallies)
    }

    pub(super) fn to_stored(&self) -> StoredTallies {
        let mut groups: Vec<(u64, u32)> = self
            .places
            .iter()
            .map(|(group, place)| (*group, *place))
            .collect();
        groups.sort_unstable();
        let mut renumbered: HashMap<u32, u32> = HashMap::new();
        let mut distinct = Vec::with_capacity(self.distinct.len());
        for (_, place) in &mut groups {
            let next = u32::try_from(renumbered.len()).unwrap_or(u32::MAX);
            let number = *renumbered.entry(*place).or_insert(next);
            if number == next {
                distinct.extend(self.distinct.get(*place as usize).cloned());
            }
            *place = number;
        }
        StoredTallies { distinct, groups }
    }

    /// Tallies of keys that are numbered below `keys`.
    pub(super) fn from_stored(stored: StoredTallies, keys: usize) -> Self {
        let known = |of_group: &GroupTallies| of_group.iter().all(|(key, _)| usize::from(*key) < keys);
        let distinct = stored.distinct.into_iter();
        Self {
            distinct: distinct
                .map(|of_group| {
                    if known(&of_group) {
                        of_group
                    } else {
                        GroupTallies::default()
                    }
                })
                .collect(),
            places: stored.groups.into_iter().collect(),
        }
    }
}
