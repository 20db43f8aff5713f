//! Training: counts groups, measures what votes are worth by hiding each label in turn, and calibrates their sum.

use std::collections::HashMap;

use super::LabelOrigin;
use super::groups::GroupKind;
use super::hiding::Hiding;
use super::knowledge::{Knowledge, StrongWords, account_key};
use super::lexicon::Lexicon;
use super::metrics::{self, HiddenLabel};
use super::model::{EstateModel, KeyModel};
use super::observation::Observation;
use super::reliability::Reliability;
use super::stable_hash::{HashMapOfHashes, StableHash};
use super::tallies::Tallies;
use super::tally::{Tally, ValueCount};
use super::trainer::TrainingRow;
use super::votes::VoteOrigin;

/// Labels of one key that are hidden in turn; of more, a sample.
const MAX_HIDDEN: usize = 200_000;
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
    hashes: Vec<u64>,
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
    /// Labels of one rule share a weight of 1.
    pub weight: f64,
}

pub(super) fn train(
    lexicon: Lexicon,
    mut knowledge: Knowledge,
    rows: &[TrainingRow],
    seed: u64,
) -> EstateModel {
    let estate = number_groups(rows);
    count_words(&lexicon, &mut knowledge, rows);
    let labels: Vec<Vec<KeyLabel>> = (0u8..)
        .zip(lexicon.keys())
        .map(|(key, _)| labels_of(rows, key))
        .collect();
    for (supports, labels) in knowledge.supports.iter_mut().zip(&labels) {
        *supports = supports_of(labels);
    }
    knowledge.index_values(&lexicon);
    let mut model = EstateModel {
        keys: lexicon.keys().iter().map(|_| KeyModel::young()).collect(),
        lexicon,
        knowledge,
        tallies: Tallies::default(),
        metrics: Vec::new(),
    };
    let mut tallies: Vec<Vec<Option<Tally>>> = Vec::new();
    for (key, labels) in (0u8..).zip(&labels) {
        let of_key = count(&estate, labels);
        learn(&mut model, &estate, key, labels, &of_key, seed);
        tallies.push(of_key.tallies);
    }
    model.tallies = Tallies::new(estate.hashes.iter().enumerate().map(|(at, hash)| {
        let of_group = (0u8..).zip(&tallies);
        let of_group = of_group.filter_map(|(key, of_key)| Some((key, of_key[at]?)));
        (*hash, of_group.collect())
    }));
    model
}

/// Numbers the groups of labelled rows that have more than one member.
fn number_groups(rows: &[TrainingRow]) -> Estate<'_> {
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

/// Counts, per account, the resources whose strong words mean one value.
fn count_words(lexicon: &Lexicon, knowledge: &mut Knowledge, rows: &[TrainingRow]) {
    let mut counts: HashMapOfHashes<HashMap<u32, u32>> = HashMapOfHashes::default();
    let mut seen = Observation::default();
    for row in rows.iter().filter(|row| !row.words.is_empty()) {
        seen.words.clear();
        seen.words.extend(&row.words);
        for (key, _) in (0u8..).zip(lexicon.keys()) {
            if let StrongWords::One(value) = knowledge.strong_words(lexicon, &seen, key) {
                let of_account = counts.entry(account_key(row.account, key)).or_default();
                *of_account.entry(value).or_default() += 1;
            }
        }
    }
    let sorted = counts.into_iter().map(|(account, counts)| {
        let mut counts: Vec<ValueCount> = counts
            .into_iter()
            .map(|(value, count)| ValueCount { value, count })
            .collect();
        counts.sort_by_key(|found| (std::cmp::Reverse(found.count), found.value));
        (account, counts)
    });
    knowledge.account_words = sorted.collect();
}

fn labels_of(rows: &[TrainingRow], key: u8) -> Vec<KeyLabel> {
    let mut labels: Vec<KeyLabel> = Vec::new();
    let mut of_rule: HashMap<i64, u32> = HashMap::new();
    for (row, of_row) in rows.iter().enumerate() {
        for label in of_row.labels.iter().filter(|label| label.key == key) {
            if let LabelOrigin::Rule(rule) = label.origin {
                *of_rule.entry(rule).or_default() += 1;
            }
            labels.push(KeyLabel {
                row,
                value: label.value,
                origin: label.origin,
                weight: 1.0,
            });
        }
    }
    for label in &mut labels {
        if let LabelOrigin::Rule(rule) = label.origin {
            label.weight = of_rule.get(&rule).map_or(1.0, |labels| 1.0 / f64::from(*labels));
        }
    }
    labels
}

fn supports_of(labels: &[KeyLabel]) -> HashMap<u32, u32> {
    let mut supports: HashMap<u32, u32> = HashMap::new();
    let mut rules: Vec<(i64, u32)> = Vec::new();
    for label in labels {
        match label.origin {
            LabelOrigin::Denied => {}
            LabelOrigin::Rule(rule) => rules.push((rule, label.value)),
            LabelOrigin::Native | LabelOrigin::Decided => *supports.entry(label.value).or_default() += 1,
        }
    }
    rules.sort_unstable();
    rules.dedup();
    for (_, value) in rules {
        *supports.entry(value).or_default() += 1;
    }
    supports
}

/// Tallies of one key, per group. All labels of one rule are one vote in a group, and none in groups as large as an
/// account; a denied value takes one vote from those who agree with it.
fn count(estate: &Estate<'_>, labels: &[KeyLabel]) -> KeyCounts {
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

/// Measures what votes about one key are worth, and calibrates their sum.
fn learn(
    model: &mut EstateModel,
    estate: &Estate<'_>,
    key: u8,
    labels: &[KeyLabel],
    counts: &KeyCounts,
    seed: u64,
) {
    let mut hiding = Hiding::new(estate, counts, key);
    let hidden = sample(labels, seed);
    let mut reliability = Reliability::new();
    for label in &hidden {
        hiding.ask_without(model, label);
        for vote in &hiding.votes {
            let right = vote.value == label.value;
            match vote.origin {
                VoteOrigin::Group { bucket, .. } | VoteOrigin::KnownValue { bucket, .. } => {
                    reliability.add_group(bucket, right, label.weight);
                }
                VoteOrigin::Word { bucket, .. } | VoteOrigin::AccountWords { bucket } => {
                    reliability.add_word(bucket, right, label.weight);
                }
            }
        }
    }
    reliability.seal();
    model.keys[usize::from(key)].reliability = reliability;
    let mut points: Vec<HiddenLabel> = Vec::with_capacity(hidden.len());
    for label in &hidden {
        hiding.ask_without(model, label);
        points.push(hiding.judge(model, label, label.weight));
    }
    let name = model.lexicon.keys()[usize::from(key)].clone();
    model.metrics.push(metrics::measure(name, &points));
    points.extend(hiding.hide_families(model, &hidden, seed));
    let [familiar, unfamiliar] = metrics::calibrate(&points);
    let learned = &mut model.keys[usize::from(key)];
    learned.familiar = familiar;
    learned.unfamiliar = unfamiliar;
}

/// Labels that are hidden in turn: all that say what is right, or a sample of them.
fn sample(labels: &[KeyLabel], seed: u64) -> Vec<KeyLabel> {
    let right = labels.iter().filter(|label| label.origin != LabelOrigin::Denied);
    let mut right: Vec<KeyLabel> = right.copied().collect();
    if right.len() > MAX_HIDDEN {
        right.sort_by_key(|label| StableHash::new(0).hash(seed).hash(label.row as u64).finish());
        right.truncate(MAX_HIDDEN);
        right.sort_by_key(|label| label.row);
    }
    right
}

/// True if a label of that origin was counted in groups of that kind.
pub(super) fn counts_in(origin: LabelOrigin, kind: GroupKind) -> bool {
    !(matches!(origin, LabelOrigin::Rule(_)) && kind.is_account_wide())
}
