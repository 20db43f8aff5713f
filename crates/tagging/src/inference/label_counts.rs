//! Counts of labels, per key and group.

use super::LabelOrigin;
use super::groups::GroupKind;
use super::stable_hash::HashMapOfHashes;
use super::tally::{Tally, ValueCount};
use super::training_row::TrainingRow;

/// Number of a group that nobody else shares, or nobody tagged.
pub(super) const NO_GROUP: u32 = u32::MAX;
/// Rows of an estate up to which groups are kept that have one member only: others may join.
const SMALL_ESTATE: usize = 100_000;

/// Rows with their groups by number.
pub(super) struct Estate<'a> {
    pub rows: &'a [TrainingRow],
    /// Per row, numbers of its groups; empty for rows without labels.
    pub groups: Vec<Box<[u32]>>,
    /// Hash of each group.
    pub hashes: Vec<u64>,
}

/// Labels of one key, counted per group.
pub(super) struct KeyCounts {
    /// Group, value and its labels, in that order.
    pub runs: Vec<(u32, ValueCount)>,
    /// Per group.
    pub tallies: Vec<Option<Tally>>,
}

/// A hidden label.
#[derive(Clone, Copy)]
pub(super) struct KeyLabel {
    pub row: usize,
    pub value: u32,
    pub origin: LabelOrigin,
}

impl KeyLabel {
    /// True for what the resource itself says, or a person said about it alone: no rule, no denial.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.origin, LabelOrigin::Native | LabelOrigin::Decided)
    }
}

/// Numbers the groups of labelled rows that have more than one member.
pub(super) fn number_groups(rows: &[TrainingRow]) -> Estate<'_> {
    let least = if rows.len() <= SMALL_ESTATE { 1 } else { 2 };
    // Counts of hashes that may collide: a group that is kept for nothing does no harm.
    let slots = (rows.len() * 16).next_power_of_two().clamp(1 << 10, 1 << 27);
    let slot = |hash: u64| (hash as usize) & (slots - 1);
    let mut members = vec![0u8; slots];
    for group in rows.iter().flat_map(|row| &row.groups) {
        let count = &mut members[slot(*group)];
        *count = count.saturating_add(1);
    }
    let mut numbers: HashMapOfHashes<u32> = HashMapOfHashes::default();
    let mut hashes = Vec::new();
    let numbered = rows.iter().map(|row| {
        if row.labels.is_empty() {
            return Box::default();
        }
        let number = |group: &u64| {
            if members[slot(*group)] < least {
                return NO_GROUP;
            }
            *numbers.entry(*group).or_insert_with(|| {
                hashes.push(*group);
                u32::try_from(hashes.len() - 1).unwrap_or(NO_GROUP)
            })
        };
        row.groups.iter().map(number).collect()
    });
    Estate {
        groups: numbered.collect(),
        rows,
        hashes,
    }
}

/// Tallies of one key, per group. All labels of one rule are one vote in a group, and none in groups as large as an
/// account; a denied value takes one vote from those who agree with it.
pub(super) fn count(estate: &Estate<'_>, labels: &[KeyLabel]) -> KeyCounts {
    let mut votes: Vec<(u32, u32)> = Vec::new();
    let mut denied: Vec<(u32, u32)> = Vec::new();
    let mut of_rules: Vec<(u32, u32, i64)> = Vec::new();
    for label in labels {
        let row = &estate.rows[label.row];
        for (group, kind) in estate.groups[label.row].iter().zip(&row.kinds) {
            match label.origin {
                _ if *group == NO_GROUP => {}
                LabelOrigin::Native | LabelOrigin::Decided => votes.push((*group, label.value)),
                LabelOrigin::Denied => denied.push((*group, label.value)),
                LabelOrigin::Rule(_) if kind.is_account_wide() => {}
                LabelOrigin::Rule(rule) => of_rules.push((*group, label.value, rule)),
            }
        }
    }
    of_rules.sort_unstable();
    of_rules.dedup();
    votes.extend(of_rules.into_iter().map(|(group, value, _)| (group, value)));
    votes.sort_unstable();
    denied.sort_unstable();
    let runs: Vec<(u32, ValueCount)> = votes
        .chunk_by(|a, b| a == b)
        .map(|run| {
            let count = u32::try_from(run.len()).unwrap_or(u32::MAX);
            (
                run[0].0,
                ValueCount {
                    value: run[0].1,
                    count,
                },
            )
        })
        .collect();
    let mut tallies = vec![None; estate.hashes.len()];
    for of_group in runs.chunk_by(|a, b| a.0 == b.0) {
        let group = of_group[0].0;
        let Some(mut tally) = Tally::of(of_group.iter().map(|(_, counted)| *counted)) else {
            continue;
        };
        for counted in [&mut tally.top, &mut tally.second] {
            let against = occurrences(&denied, (group, counted.value));
            counted.count = counted.count.saturating_sub(against);
        }
        if tally.second.count > tally.top.count {
            std::mem::swap(&mut tally.top, &mut tally.second);
        }
        tallies[group as usize] = Some(tally);
    }
    KeyCounts { runs, tallies }
}

fn occurrences(sorted: &[(u32, u32)], wanted: (u32, u32)) -> u32 {
    let from = sorted.partition_point(|found| *found < wanted);
    let to = sorted.partition_point(|found| *found <= wanted);
    u32::try_from(to - from).unwrap_or(u32::MAX)
}

/// True if a label of that origin was counted in groups of that kind.
pub(super) fn counts_in(origin: LabelOrigin, kind: GroupKind) -> bool {
    !(matches!(origin, LabelOrigin::Rule(_)) && kind.is_account_wide())
}
