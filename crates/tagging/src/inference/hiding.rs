//! Asks the estate about labels that are hidden: one at a time, or all of one family of names or of one account.

use std::collections::HashMap;

use super::calibration::{CalibrationPoint, Nearest};
use super::label_counts::{Estate, KeyCounts, KeyLabel, NO_GROUP, counts_in};
use super::metrics::HiddenLabel;
use super::model::EstateModel;
use super::observation::Observation;
use super::ranking::{RankedExample, examples};
use super::stable_hash::StableHash;
use super::tally::{Tally, TallyVote, ValueCount};
use super::training_row::TrainingRow;
use super::votes::{ValueScore, Vote, nearest, sum_up};
use crate::sources::known_value::value_runs;

/// Families that are hidden, and accounts; of more, a sample.
const MAX_SETS: usize = 10_000;
/// Labels of a hidden family or account that are asked about; they share a weight of 1.
const ASKED: usize = 3;

/// Labels of a family or an account, per group.
type SetCounts = HashMap<u32, Vec<ValueCount>>;

/// Votes about hidden labels of one key.
pub(super) struct Hiding<'a> {
    estate: &'a Estate<'a>,
    counts: &'a KeyCounts,
    key: u8,
    seen: Observation,
    pub votes: Vec<Vote>,
    scores: Vec<ValueScore>,
}

impl<'a> Hiding<'a> {
    pub(super) fn new(estate: &'a Estate<'a>, counts: &'a KeyCounts, key: u8) -> Self {
        Self {
            estate,
            counts,
            key,
            seen: Observation::default(),
            votes: Vec::new(),
            scores: Vec::new(),
        }
    }

    /// Family of names that a label belongs to.
    pub(super) fn family(&self, label: &KeyLabel) -> u64 {
        self.estate.rows[label.row].family
    }

    /// Collects the votes about a label that all others give.
    pub(super) fn ask_without(&mut self, model: &EstateModel, label: &KeyLabel) {
        let counts = self.counts;
        self.ask(model, label, u32::from, |group, kind| {
            let tally = counts.tallies.get(group as usize).copied().flatten()?;
            tally.vote(Some(label.value).filter(|_| counts_in(label.origin, kind)))
        });
    }

    fn ask(
        &mut self,
        model: &EstateModel,
        label: &KeyLabel,
        hidden: impl Fn(bool) -> u32,
        mut vote_of: impl FnMut(u32, super::groups::GroupKind) -> Option<TallyVote>,
    ) {
        let row = &self.estate.rows[label.row];
        let Self { seen, votes, key, .. } = self;
        votes.clear();
        for (index, (group, kind)) in (0u16..).zip(self.estate.groups[label.row].iter().zip(&row.kinds)) {
            let vote = vote_of(*group, *kind);
            votes.extend(vote.map(|vote| Vote::of_group(index, *kind, vote)));
        }
        seen.account = row.account;
        seen.words.clear();
        seen.words.extend(&row.words);
        value_runs(&row.tokens, &mut seen.runs);
        let hidden = |_, value| hidden(value == label.value);
        model.knowledge.value_votes(seen, hidden, |about, vote| {
            if about == *key {
                votes.push(vote);
            }
        });
        model.knowledge.word_votes(&model.lexicon, seen, *key, votes);
    }

    /// Values that the votes about a label are for, each as an example.
    pub(super) fn examples(
        &mut self,
        model: &EstateModel,
        label: &KeyLabel,
        weight: f64,
    ) -> impl Iterator<Item = RankedExample> {
        model.weigh(self.key, &mut self.votes);
        sum_up(&mut self.votes, &mut self.scores);
        examples(&self.votes, &self.scores, label.value, weight)
    }

    /// Sums up the votes that were collected about a label.
    pub(super) fn judge(&mut self, model: &EstateModel, label: &KeyLabel, weight: f64) -> HiddenLabel {
        model.weigh(self.key, &mut self.votes);
        sum_up(&mut self.votes, &mut self.scores);
        let ranking = &model.keys[usize::from(self.key)].ranking;
        ranking.rank(&self.votes, &mut self.scores);
        HiddenLabel {
            family: self.estate.rows[label.row].family,
            weight,
            point: self.scores.first().map(|winner| {
                let point = CalibrationPoint {
                    score: winner.score,
                    right: winner.value == label.value,
                    weight,
                };
                (nearest(&self.votes, winner.value), point)
            }),
        }
    }

    /// Inferences about families of which all labels are hidden: what the model does on families it has never seen.
    pub(super) fn hide_families(
        &mut self,
        model: &EstateModel,
        labels: &[KeyLabel],
        seed: u64,
    ) -> Vec<HiddenLabel> {
        let mut points = Vec::new();
        self.hide_sets(model, labels, seed, of_family, |hiding, label, weight| {
            points.push(hiding.judge(model, label, weight));
        });
        points
    }

    /// Inferences about accounts of which all labels are hidden, as far as they rest on other accounts alone.
    pub(super) fn hide_accounts(
        &mut self,
        model: &EstateModel,
        labels: &[KeyLabel],
        seed: u64,
    ) -> Vec<HiddenLabel> {
        let mut points = Vec::new();
        self.hide_sets(model, labels, seed, of_account, |hiding, label, weight| {
            points.push(hiding.judge(model, label, weight));
        });
        points.retain(|hidden| matches!(hidden.point, Some((Nearest::Elsewhere, _))));
        points
    }

    /// Values that are voted for in families of which all labels are hidden, and in such accounts.
    pub(super) fn examples_of_sets(
        &mut self,
        model: &EstateModel,
        labels: &[KeyLabel],
        seed: u64,
    ) -> Vec<RankedExample> {
        let mut found = Vec::new();
        let kinds: [fn(&TrainingRow) -> u64; 2] = [of_family, of_account];
        for set_of in kinds {
            self.hide_sets(model, labels, seed, set_of, |hiding, label, weight| {
                found.extend(hiding.examples(model, label, weight));
            });
        }
        found
    }

    /// Hides the labels of each set of rows, one set at a time, and collects the votes about a few of them, which share a
    /// weight of 1. A set with a label of an approving rule is left out: the rule may have labelled others.
    fn hide_sets(
        &mut self,
        model: &EstateModel,
        labels: &[KeyLabel],
        seed: u64,
        set_of: fn(&TrainingRow) -> u64,
        mut each: impl FnMut(&mut Self, &KeyLabel, f64),
    ) {
        let rows = self.estate.rows;
        let order = |label: &KeyLabel| {
            let set = set_of(&rows[label.row]);
            (StableHash::new(1).hash(seed).hash(set).finish(), set)
        };
        let mut sorted = labels.to_vec();
        sorted.sort_by_key(|label| {
            let row = label.row as u64;
            (order(label), StableHash::new(2).hash(seed).hash(row).finish())
        });
        let sets = sorted.chunk_by(|a, b| order(a) == order(b));
        let of_own = |set: &&[KeyLabel]| set.len() > 1 && set.iter().all(KeyLabel::is_own);
        for set in sets.filter(of_own).take(MAX_SETS) {
            self.hide_set(model, set, &mut each);
        }
    }

    fn hide_set(
        &mut self,
        model: &EstateModel,
        set: &[KeyLabel],
        each: &mut impl FnMut(&mut Self, &KeyLabel, f64),
    ) {
        let of_set = count_set(self.estate, set);
        let mut votes: HashMap<u32, Option<TallyVote>> = HashMap::new();
        let asked = set.len().min(ASKED);
        let counts = self.counts;
        for label in &set[..asked] {
            let same = set.iter().filter(|other| other.value == label.value).count();
            let hidden = |own| {
                if own {
                    u32::try_from(same).unwrap_or(u32::MAX)
                } else {
                    0
                }
            };
            self.ask(model, label, hidden, |group, _| {
                let vote = votes.entry(group);
                *vote.or_insert_with(|| vote_without(counts, &of_set, group))
            });
            each(self, label, 1.0 / asked as f64);
        }
    }
}

fn of_family(row: &TrainingRow) -> u64 {
    row.family
}

fn of_account(row: &TrainingRow) -> u64 {
    row.account
}

fn count_set(estate: &Estate<'_>, set: &[KeyLabel]) -> SetCounts {
    let mut counts = SetCounts::new();
    for label in set {
        for group in estate.groups[label.row]
            .iter()
            .filter(|group| **group != NO_GROUP)
        {
            let values = counts.entry(*group).or_default();
            match values.iter_mut().find(|counted| counted.value == label.value) {
                Some(counted) => counted.count += 1,
                None => values.push(ValueCount {
                    value: label.value,
                    count: 1,
                }),
            }
        }
    }
    counts
}

/// Vote of a group's members outside the set.
fn vote_without(counts: &KeyCounts, of_set: &SetCounts, group: u32) -> Option<TallyVote> {
    let hidden = of_set.get(&group).map_or(&[][..], Vec::as_slice);
    let from = counts.runs.partition_point(|(other, _)| *other < group);
    let runs = counts.runs[from..]
        .iter()
        .take_while(|(other, _)| *other == group);
    let others = runs.map(|(_, counted)| {
        let less = hidden.iter().find(|hidden| hidden.value == counted.value);
        ValueCount {
            value: counted.value,
            count: counted.count.saturating_sub(less.map_or(0, |less| less.count)),
        }
    });
    Tally::of(others)?.vote(None)
}
