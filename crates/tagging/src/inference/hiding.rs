//! Asks the estate about labels that are hidden: one at a time, or all of one family of names.

use std::collections::HashMap;

use super::LabelOrigin;
use super::calibration::CalibrationPoint;
use super::label_counts::{Estate, KeyCounts, KeyLabel, NO_GROUP, counts_in};
use super::metrics::HiddenLabel;
use super::model::EstateModel;
use super::observation::Observation;
use super::stable_hash::StableHash;
use super::tally::{Tally, TallyVote, ValueCount};
use super::votes::{ValueScore, Vote, sum_up};
use crate::sources::known_value::value_runs;

/// Families that are hidden; of more, a sample.
const MAX_FAMILIES: usize = 10_000;
/// Labels of a hidden family that are asked about; they share a weight of 1.
const ASKED: usize = 3;

/// Labels of a family, per group.
type FamilyCounts = HashMap<u32, Vec<ValueCount>>;

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

    /// Sums up the votes that were collected about a label.
    pub(super) fn judge(&mut self, model: &EstateModel, label: &KeyLabel, weight: f64) -> HiddenLabel {
        model.weigh(self.key, &mut self.votes);
        sum_up(&mut self.votes, &mut self.scores);
        HiddenLabel {
            family: self.estate.rows[label.row].family,
            weight,
            familiar: self.votes.iter().any(Vote::is_of_family),
            point: self.scores.first().map(|winner| CalibrationPoint {
                score: winner.score,
                right: winner.value == label.value,
                weight,
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
        let rows = self.estate.rows;
        let order = |label: &KeyLabel| {
            let family = rows[label.row].family;
            (StableHash::new(1).hash(seed).hash(family).finish(), family)
        };
        let mut sorted = labels.to_vec();
        sorted.sort_by_key(|label| {
            let row = label.row as u64;
            (order(label), StableHash::new(2).hash(seed).hash(row).finish())
        });
        let families = sorted.chunk_by(|a, b| order(a) == order(b));
        let of_own = |family: &&[KeyLabel]| {
            let own = |label: &KeyLabel| !matches!(label.origin, LabelOrigin::Rule(_));
            family.len() > 1 && family.iter().all(own)
        };
        let mut points = Vec::new();
        for family in families.filter(of_own).take(MAX_FAMILIES) {
            self.hide_family(model, family, &mut points);
        }
        points
    }

    fn hide_family(&mut self, model: &EstateModel, family: &[KeyLabel], points: &mut Vec<HiddenLabel>) {
        let of_family = count_family(self.estate, family);
        let mut votes: HashMap<u32, Option<TallyVote>> = HashMap::new();
        let asked = family.len().min(ASKED);
        let counts = self.counts;
        for label in &family[..asked] {
            let same = family.iter().filter(|other| other.value == label.value).count();
            let hidden = |own| {
                if own {
                    u32::try_from(same).unwrap_or(u32::MAX)
                } else {
                    0
                }
            };
            self.ask(model, label, hidden, |group, _| {
                let vote = votes.entry(group);
                *vote.or_insert_with(|| vote_without(counts, &of_family, group))
            });
            points.push(self.judge(model, label, 1.0 / asked as f64));
        }
    }
}

fn count_family(estate: &Estate<'_>, family: &[KeyLabel]) -> FamilyCounts {
    let mut counts = FamilyCounts::new();
    for label in family {
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

/// Vote of a group's members outside the family.
fn vote_without(counts: &KeyCounts, of_family: &FamilyCounts, group: u32) -> Option<TallyVote> {
    let hidden = of_family.get(&group).map_or(&[][..], Vec::as_slice);
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
