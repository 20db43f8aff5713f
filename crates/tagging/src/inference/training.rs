//! Training: counts groups, measures what votes are worth by hiding each label in turn, and calibrates their sum.

use std::collections::HashMap;

use super::LabelOrigin;
use super::hiding::Hiding;
use super::knowledge::{Knowledge, StrongWords, account_key};
use super::label_counts::{Estate, KeyCounts, KeyLabel, count, number_groups};
use super::lexicon::Lexicon;
use super::metrics::{self, HiddenLabel};
use super::model::{EstateModel, KeyModel};
use super::observation::Observation;
use super::ranking::{RankedExample, ValueRanking};
use super::reliability::Reliability;
use super::stable_hash::{HashMapOfHashes, StableHash};
use super::tallies::Tallies;
use super::tally::{Tally, ValueCount};
use super::training_row::TrainingRow;
use super::votes::VoteOrigin;

/// Labels of one key that are hidden in turn; of more, a sample.
const MAX_HIDDEN: usize = 200_000;
/// Labels of one key that the ranking of values learns from; of more, a sample.
const MAX_RANKED: usize = 30_000;

/// Makes a model of an estate's rows and of what is known beside them.
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
    for (row, of_row) in rows.iter().enumerate() {
        let of_key = of_row.labels.iter().filter(|label| label.key == key);
        labels.extend(of_key.map(|label| KeyLabel {
            row,
            value: label.value,
            origin: label.origin,
        }));
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

/// Measures what votes about one key are worth, and calibrates their sum: by the resources' own labels alone. Rules are
/// accepted where all agree, so what they labelled is no sample of the rest.
fn learn(
    model: &mut EstateModel,
    estate: &Estate<'_>,
    key: u8,
    labels: &[KeyLabel],
    counts: &KeyCounts,
    seed: u64,
) {
    let mut hiding = Hiding::new(estate, counts, key);
    let labelled = sample(labels, seed);
    let hidden: Vec<KeyLabel> = labelled.iter().filter(|label| label.is_own()).copied().collect();
    let mut reliability = Reliability::new();
    for label in &hidden {
        hiding.ask_without(model, label);
        for vote in &hiding.votes {
            let right = vote.value == label.value;
            match vote.origin {
                VoteOrigin::Group { bucket, .. } | VoteOrigin::KnownValue { bucket, .. } => {
                    reliability.add_group(bucket, right);
                }
                VoteOrigin::Word { bucket, .. } | VoteOrigin::AccountWords { bucket } => {
                    reliability.add_word(bucket, right);
                }
            }
        }
    }
    reliability.seal();
    model.keys[usize::from(key)].reliability = reliability;
    model.keys[usize::from(key)].ranking = rank(model, &mut hiding, &labelled, seed);
    let mut points: Vec<HiddenLabel> = Vec::with_capacity(hidden.len());
    for label in &hidden {
        hiding.ask_without(model, label);
        points.push(hiding.judge(model, label, 1.0));
    }
    let name = model.lexicon.keys()[usize::from(key)].clone();
    model.metrics.push(metrics::measure(name, &points));
    points.extend(hiding.hide_families(model, &labelled, seed));
    points.extend(hiding.hide_accounts(model, &labelled, seed));
    model.keys[usize::from(key)].calibrations = metrics::calibrate(&points);
}

/// Learns what votes of each origin are worth beside the others: where one label is hidden, and where all of its family or
/// account are. Labels of one family repeat each other: many of them weigh as much as the square root of their number.
fn rank(model: &EstateModel, hiding: &mut Hiding<'_>, labelled: &[KeyLabel], seed: u64) -> ValueRanking {
    let own: Vec<KeyLabel> = labelled.iter().filter(|label| label.is_own()).copied().collect();
    let asked = sample_of(own, MAX_RANKED, seed);
    let mut families: HashMapOfHashes<u32> = HashMapOfHashes::default();
    for label in &asked {
        *families.entry(hiding.family(label)).or_default() += 1;
    }
    let mut examples: Vec<RankedExample> = Vec::new();
    for label in &asked {
        let repeated = families.get(&hiding.family(label)).copied().unwrap_or(1);
        hiding.ask_without(model, label);
        examples.extend(hiding.examples(model, label, f64::from(repeated).sqrt().recip()));
    }
    examples.extend(hiding.examples_of_sets(model, labelled, seed));
    ValueRanking::fit(&examples)
}

/// Labels that are hidden in turn: all that say what is right, or a sample of them.
fn sample(labels: &[KeyLabel], seed: u64) -> Vec<KeyLabel> {
    let right = labels.iter().filter(|label| label.origin != LabelOrigin::Denied);
    sample_of(right.copied().collect(), MAX_HIDDEN, seed)
}

/// Sample of at most so many labels, in order of rows.
fn sample_of(mut labels: Vec<KeyLabel>, most: usize, seed: u64) -> Vec<KeyLabel> {
    if labels.len() > most {
        labels.sort_by_key(|label| StableHash::new(0).hash(seed).hash(label.row as u64).finish());
        labels.truncate(most);
        labels.sort_by_key(|label| label.row);
    }
    labels
}
