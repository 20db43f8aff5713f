//! Ranking by what a decision is expected to settle per unit of work.
//!
//! Looking at a suggestion is one unit of work, each value that has to be typed is one more. A suggestion settles the open
//! cells (resources, or their cost) of the keys that will be accepted. The order is that of a greedy choice: each
//! suggestion is worth what those before it are not expected to settle.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::derive::{DerivationRates, environment_of};
use super::evidence::SuggestionEvidence;
use super::index::SuggestionIndex;
use super::interner::NO_VALUE;
use super::number_hash::mix;
use super::prior::{MixedOverlap, PatternEvidence, PurityModel, features};
use super::rated::{RatedKey, RatedPattern, SuggestedValue, lower_bound};
use super::tally::{KeyTally, TallyTable};
use super::terms::ENVIRONMENT;
use super::{DecidedSuggestion, KeyDecision, MinedSuggestion, SuggestedTag};

/// Members of a decided pattern that are looked at for overlaps.
const OVERLAP_SAMPLE: usize = 2000;
/// Share from which sets overlap.
const OVERLAP: f64 = 0.8;
/// Less likely keys are not suggested.
const LEAST_PROBABILITY: f64 = 0.08;
/// A key that has to be typed must settle so much of what the suggestion settles per unit of work.
const TYPING_RETURN: f64 = 0.5;

impl SuggestionIndex {
    /// Suggestions, the most worthwhile first, each ranked as if those before it had been decided.
    pub fn rank(&self, decided: &[DecidedSuggestion]) -> Vec<MinedSuggestion> {
        rank(self, decided)
    }
}

fn rank(index: &SuggestionIndex, decided: &[DecidedSuggestion]) -> Vec<MinedSuggestion> {
    let ranking = Ranking::new(index, decided);
    let mut settled = SettledCells::new(index);
    let mut heap: BinaryHeap<RatedPattern> = (0..index.patterns.len() as u32)
        .filter_map(|pattern| ranking.rate(pattern, &settled))
        .collect();
    let mut chosen = Vec::new();
    while chosen.len() < index.settings.max_suggestions
        && let Some(first) = heap.pop()
    {
        // Suggestions chosen meanwhile may have taken from its worth.
        let Some(now) = ranking.rate(first.pattern, &settled) else {
            continue;
        };
        if heap.peek().is_some_and(|next| now < *next) {
            heap.push(now);
            continue;
        }
        settled.settle(index, &now);
        chosen.push(ranking.suggestion(&now));
    }
    chosen
}

/// Table of the cells that suggestions further up are expected to settle.
pub(super) struct SettledCells {
    keys: usize,
    cells: Vec<bool>,
    any: bool,
}

impl SettledCells {
    pub(super) fn new(index: &SuggestionIndex) -> Self {
        let keys = index.cells.keys().len();
        Self {
            keys,
            cells: vec![false; index.cells.len() * keys],
            any: false,
        }
    }

    fn settle(&mut self, index: &SuggestionIndex, rated: &RatedPattern) {
        self.any = true;
        for key in rated.keys.iter().filter(|key| key.probability >= 0.5) {
            for row in index.members.list(rated.pattern) {
                self.cells[*row as usize * self.keys + key.key] = true;
            }
        }
    }

    fn contains(&self, row: u32, key: usize) -> bool {
        self.any && self.cells[row as usize * self.keys + key]
    }
}

/// Ratings of the patterns of an index, under what holds and what was decided.
pub(super) struct Ranking<'a> {
    index: &'a SuggestionIndex,
    tallies: TallyTable,
    model: PurityModel,
    /// Weight of each resource.
    weights: Vec<f32>,
    environment: Option<usize>,
    /// Patterns and keys that were left out, on evidence that still stands.
    left_out: HashSet<(u32, usize)>,
    overlaps: HashMap<(u32, usize), MixedOverlap>,
    derivations: DerivationRates,
}

impl<'a> Ranking<'a> {
    pub(super) fn new(index: &'a SuggestionIndex, decided: &[DecidedSuggestion]) -> Self {
        let tallies = TallyTable::of(index);
        let keys = index.cells.keys();
        let numbers = index.numbers(decided);
        let mut ranking = Self {
            index,
            tallies,
            model: PurityModel::fit(keys.len(), &[]),
            weights: weights(index),
            environment: keys.iter().position(|key| key == ENVIRONMENT),
            left_out: HashSet::new(),
            overlaps: HashMap::new(),
            derivations: DerivationRates::new(keys.len()),
        };
        ranking.learn(decided, &numbers);
        ranking
    }

    /// Takes the decisions of this estate into account.
    fn learn(&mut self, decided: &[DecidedSuggestion], numbers: &[Option<u32>]) {
        let mut observed = Vec::new();
        for (decision, number) in decided.iter().zip(numbers) {
            let Some(number) = *number else { continue };
            let evidence = SuggestionEvidence::parse(&decision.signature);
            for (name, outcome) in &decision.keys {
                let Some(key) = self.index.cells.keys().iter().position(|key| key == name) else {
                    continue;
                };
                let more = PatternEvidence {
                    names_environment: self.environment_fits(number, key),
                    ..PatternEvidence::default()
                };
                let structure = features(self.index, number, key, &KeyTally::NOTHING, more);
                match outcome {
                    KeyDecision::Accepted(value) => {
                        self.derivations.observe(self.index, number, key, value);
                        observed.push((structure, true));
                    }
                    KeyDecision::LeftOut if self.evidence_changed(&evidence, number, key) => {}
                    KeyDecision::LeftOut => {
                        self.add_overlaps(number, key);
                        self.left_out.insert((number, key));
                        observed.push((structure, false));
                    }
                }
            }
        }
        self.model = PurityModel::fit(self.index.cells.keys().len(), &observed);
    }

    /// Overlaps of all patterns with one that was left out for a key.
    fn add_overlaps(&mut self, mixed: u32, key: usize) {
        let members = self.index.members.list(mixed);
        let step = members.len().div_ceil(OVERLAP_SAMPLE).max(1);
        let mut common: HashMap<u32, u32> = HashMap::new();
        let mut sampled = 0;
        for row in members.iter().step_by(step) {
            sampled += 1;
            for pattern in self.index.patterns_of.list(*row) {
                *common.entry(*pattern).or_default() += 1;
            }
        }
        for (pattern, count) in common {
            let contains = f64::from(count) / f64::from(sampled);
            let size = self.index.members.list(pattern).len();
            let within = f64::from(count) * step as f64 / size as f64;
            let overlap = self.overlaps.entry((pattern, key)).or_default();
            if contains > OVERLAP {
                overlap.contains = overlap.contains.max(contains);
            } else if within > OVERLAP {
                overlap.within = overlap.within.max(within.min(1.0) * contains);
            }
        }
    }

    /// For the key of the environment: true if the pattern names one environment.
    fn environment_fits(&self, pattern: u32, key: usize) -> Option<bool> {
        (Some(key) == self.environment).then(|| {
            let mut terms = self.index.terms_of(pattern);
            terms.any(|term| environment_of(term, &self.index.vocabulary).is_some())
        })
    }

    /// The pattern with the keys that it can settle; `None` when there are none.
    pub(super) fn rate(&self, pattern: u32, settled: &SettledCells) -> Option<RatedPattern> {
        let mut keys: Vec<RatedKey> = (0..self.index.cells.keys().len())
            .filter_map(|key| self.rate_key(pattern, key, settled))
            .collect();
        // Those that settle most per typed value come first.
        keys.sort_by(|a, b| (b.open / b.typed.max(0.01)).total_cmp(&(a.open / a.typed.max(0.01))));
        let (mut settles, mut work, mut kept) = (0.0, 1.0, 0);
        for key in &keys {
            let expected = key.probability * key.open;
            if kept > 0 && key.open < TYPING_RETURN * key.typed * settles / work {
                break;
            }
            settles += expected;
            work += key.probability * key.typed;
            kept += 1;
        }
        keys.truncate(kept);
        keys.sort_by_key(|key| key.key);
        let gain = settles / work;
        (kept > 0 && gain > 0.0).then_some(RatedPattern { gain, pattern, keys })
    }

    fn rate_key(&self, pattern: u32, key: usize, settled: &SettledCells) -> Option<RatedKey> {
        if self.left_out.contains(&(pattern, key)) {
            return None;
        }
        let open = self.open_weight(pattern, key, settled);
        if open <= 0.0 {
            return None;
        }
        let tally = self.tallies.tally(pattern, key);
        let more = PatternEvidence {
            overlap: self.overlaps.get(&(pattern, key)).copied().unwrap_or_default(),
            names_environment: self.environment_fits(pattern, key),
        };
        let features = features(self.index, pattern, key, tally, more);
        let probability = self.model.probability(&features);
        if probability < LEAST_PROBABILITY {
            return None;
        }
        let (value, typed) = self.value(pattern, key, tally);
        Some(RatedKey {
            key,
            value,
            probability,
            typed,
            open,
        })
    }

    /// Members without a value, by weight; not those for which people denied the value.
    fn open_weight(&self, pattern: u32, key: usize, settled: &SettledCells) -> f64 {
        let tally = self.tallies.tally(pattern, key);
        let value = if tally.held > 0 { tally.value } else { tally.guess };
        let open = self.index.members.list(pattern).iter().filter(|row| {
            self.index.cells.cell(**row, key).held == NO_VALUE
                && !settled.contains(**row, key)
                && !self.index.cells.is_denied(**row, key, value)
        });
        open.map(|row| f64::from(self.weights[*row as usize])).sum()
    }

    /// True if a key was left out of a pattern for reasons that hold no longer.
    fn evidence_changed(&self, evidence: &SuggestionEvidence, pattern: u32, key: usize) -> bool {
        let tally = self.tallies.tally(pattern, key);
        let value = self.index.cells.values.text(tally.value);
        let (agreeing, contradicting) = (tally.agreeing as usize, (tally.held - tally.agreeing) as usize);
        evidence.changed(&self.index.cells.keys()[key], value, agreeing, contradicting)
    }

    /// Value to suggest, and the probability that it has to be typed.
    fn value(&self, pattern: u32, key: usize, tally: &KeyTally) -> (Option<SuggestedValue>, f64) {
        if tally.held > 0 {
            let share = f64::from(tally.agreeing) / f64::from(tally.held);
            return (Some(SuggestedValue::Number(tally.value)), (1.0 - share).max(0.03));
        }
        let environment = (Some(key) == self.environment).then(|| {
            let mut terms = self.index.terms_of(pattern);
            terms.find_map(|term| environment_of(term, &self.index.vocabulary))
        });
        let is_denied = |value: &str| self.is_denied(pattern, key, value);
        if let Some(value) = environment.flatten().filter(|value| !is_denied(value)) {
            return (Some(SuggestedValue::Text(value.to_owned())), 0.1);
        }
        let derived = self.derivations.best(self.index, pattern, key);
        let derived = derived.filter(|(value, _)| !is_denied(value));
        let members = self.index.members.list(pattern).len() as f32;
        let guess = f64::from(tally.guessed / members.max(1.0));
        match derived {
            Some((value, rate)) if rate > guess => (Some(SuggestedValue::Text(value)), 1.0 - rate),
            _ if tally.guess != NO_VALUE => (Some(SuggestedValue::Number(tally.guess)), 1.0 - guess),
            _ => (None, 1.0),
        }
    }

    /// True if people denied the value for any member.
    fn is_denied(&self, pattern: u32, key: usize, value: &str) -> bool {
        let number = self.index.cells.values.get(value).unwrap_or(NO_VALUE);
        let mut members = self.index.members.list(pattern).iter();
        members.any(|row| self.index.cells.is_denied(*row, key, number))
    }

    pub(super) fn suggestion(&self, rated: &RatedPattern) -> MinedSuggestion {
        let members = self.index.members.list(rated.pattern).to_vec();
        let mut evidence = SuggestionEvidence::default();
        let tags: Vec<SuggestedTag> = rated
            .keys
            .iter()
            .map(|key| {
                let tag = self.tag(&members, key);
                let tally = self.tallies.tally(rated.pattern, key.key);
                let holds = self.index.cells.values.text(tally.value);
                let agreeing = tally.agreeing as usize;
                evidence.add(&tag.key, holds, agreeing, tally.held as usize - agreeing);
                tag
            })
            .collect();
        let known = members.iter().map(|row| self.index.costs[*row as usize]);
        let known: Vec<f32> = known.filter(|cost| !cost.is_nan()).collect();
        let pattern = self.index.pattern(rated.pattern).unwrap_or_default();
        MinedSuggestion {
            condition: pattern.condition(),
            description: pattern.to_string(),
            resource_count: members.len(),
            cost: (!known.is_empty()).then(|| known.iter().map(|cost| f64::from(*cost)).sum()),
            gain: rated.gain,
            samples: self.samples(&members, rated),
            signature: evidence.signature(),
            pattern,
            tags,
            members,
        }
    }

    fn tag(&self, members: &[u32], rated: &RatedKey) -> SuggestedTag {
        let values = &self.index.cells.values;
        let value = match &rated.value {
            Some(SuggestedValue::Number(number)) => values.text(*number).to_owned(),
            Some(SuggestedValue::Text(text)) => text.clone(),
            None => String::new(),
        };
        let number = values.get(&value).unwrap_or(NO_VALUE);
        let mut counts: HashMap<u32, usize> = HashMap::new();
        let (mut open, mut denied) = (0, 0);
        for row in members {
            match self.index.cells.cell(*row, rated.key).held {
                NO_VALUE if self.index.cells.is_denied(*row, rated.key, number) => denied += 1,
                NO_VALUE => open += 1,
                held => *counts.entry(held).or_default() += 1,
            }
        }
        let agreeing = counts.remove(&number).unwrap_or_default();
        let contradicting = counts.values().sum::<usize>() + denied;
        let mut conflicts: Vec<(String, usize)> = counts
            .into_iter()
            .map(|(value, count)| (values.text(value).to_owned(), count))
            .collect();
        conflicts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        SuggestedTag {
            key: self.index.cells.keys()[rated.key].clone(),
            value,
            agreeing,
            contradicting,
            open,
            precision_lower_bound: lower_bound(
                rated.probability * (1.0 - rated.typed),
                agreeing,
                contradicting,
            ),
            conflicts,
        }
    }

    /// Random members, those first for which the engine is least sure of the suggested keys.
    fn samples(&self, members: &[u32], rated: &RatedPattern) -> Vec<u32> {
        let seed = mix(self.index.settings.seed ^ u64::from(rated.pattern));
        let mut drawn: Vec<(u64, u32)> = members
            .iter()
            .map(|row| (mix(seed ^ u64::from(*row)), *row))
            .collect();
        drawn.sort_unstable();
        drawn.truncate(self.index.settings.samples);
        let sureness = |row: u32| {
            let keys = rated.keys.iter();
            keys.map(|key| self.tallies.sureness(row, key.key)).sum::<f64>()
        };
        drawn.sort_by(|a, b| sureness(a.1).total_cmp(&sureness(b.1)).then(a.cmp(b)));
        drawn.into_iter().map(|(_, row)| row).collect()
    }
}

/// Weight of each resource: 1, or half of it by cost where costs are known.
fn weights(index: &SuggestionIndex) -> Vec<f32> {
    let known = index.costs.iter().filter(|cost| !cost.is_nan());
    let (count, sum) = known.fold((0u32, 0.0f64), |(count, sum), cost| {
        (count + 1, sum + f64::from(*cost))
    });
    if sum <= 0.0 {
        return vec![1.0; index.costs.len()];
    }
    let mean = (sum / f64::from(count)) as f32;
    let weight = |cost: &f32| {
        if cost.is_nan() {
            0.5
        } else {
            0.5 + 0.5 * cost / mean
        }
    };
    index.costs.iter().map(weight).collect()
}
