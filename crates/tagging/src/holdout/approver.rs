//! Truthful approver: decides suggestions in the order given, and knows the hidden labels.
//!
//! The approver looks at all resources of a suggestion. A key is accepted as suggested when 97 % of the labelled ones have
//! that value, with another value when so many of them agree on that one (typed, which is one more decision), and left
//! out otherwise. Nothing to accept: dismissed. A decision costs 1.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::protocol::HoldoutSplit;
use super::score::engine_of;
use crate::suggestions::{
    Certainty, DecidedSuggestion, GuessedValue, HeldValue, KeyDecision, MinedSuggestion, MinerInput,
    MinerSettings, SuggestionIndex, SuggestionMiner,
};
use crate::{Engine, KeyOutcome, Subject, Vocabulary};

/// Share of the labelled resources that must agree.
const AGREEMENT: f64 = 0.97;

/// Resource, what the approver knows of it, and what holds.
struct ApproverRow {
    subject: Subject,
    /// Labels that the approver knows: canonical key to value.
    labels: BTreeMap<String, String>,
    holds: Vec<HeldValue>,
    guesses: Vec<GuessedValue>,
}

/// Coverage and precision after so many decisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DecisionPoint {
    pub n: usize,
    /// Share of the labelled cells that have the right value.
    pub coverage: f64,
    /// Share of the labelled cells with a value that have the right one; `None` without any.
    pub precision: Option<f64>,
}

/// Decides the suggestions for a split until the last of `marks`, and tells what holds at each. `progress` is told the
/// number of decisions so far.
pub fn simulate_approver(
    split: &HoldoutSplit,
    vocabulary: &Arc<Vocabulary>,
    marks: &[usize],
    seed: u64,
    mut progress: impl FnMut(usize),
) -> Vec<DecisionPoint> {
    let engine = engine_of(split, vocabulary, seed);
    let rows = approver_rows(split, &engine);
    let settings = MinerSettings {
        max_suggestions: 1,
        seed,
        ..MinerSettings::default()
    };
    let mut miner = SuggestionMiner::new(Arc::clone(vocabulary), settings);
    for row in &rows {
        miner.add(MinerInput {
            subject: row.subject.clone(),
            holds: row.holds.clone(),
            guesses: row.guesses.clone(),
            cost: None,
        });
    }
    let mut session = ApprovalSession {
        index: miner.finish(),
        rows,
        decided: Vec::new(),
        spent: 0,
    };
    let mut points = Vec::new();
    for mark in marks {
        while session.spent < *mark
            && let Some(suggestion) = session.index.rank(&session.decided).into_iter().next()
        {
            session.decide(suggestion);
            progress(session.spent);
        }
        points.push(session.point(*mark));
    }
    points
}

/// Resources that keep their tags, and those that are asked about with what the engine applies and guesses.
fn approver_rows(split: &HoldoutSplit, engine: &Engine) -> Vec<ApproverRow> {
    let context = split.context.iter().map(|row| ApproverRow {
        subject: row.subject.clone(),
        labels: BTreeMap::new(),
        holds: row
            .labels
            .iter()
            .map(|label| held(&label.key, &label.value, Certainty::Native))
            .collect(),
        guesses: Vec::new(),
    });
    let hidden = split.hidden.iter().map(|row| {
        let (mut holds, mut guesses) = (Vec::new(), Vec::new());
        for found in engine.evaluate(&row.subject).predictions {
            if found.outcome == KeyOutcome::AutoApply {
                holds.push(held(&found.key, &found.value, Certainty::Applied));
            } else {
                guesses.push(GuessedValue {
                    key: found.key,
                    value: found.value,
                    confidence: found.confidence,
                });
            }
        }
        ApproverRow {
            subject: row.subject.clone(),
            labels: row.labels.clone(),
            holds,
            guesses,
        }
    });
    context.chain(hidden).collect()
}

fn held(key: &str, value: &str, certainty: Certainty) -> HeldValue {
    HeldValue {
        key: key.to_owned(),
        value: value.to_owned(),
        certainty,
    }
}

struct ApprovalSession {
    index: SuggestionIndex,
    rows: Vec<ApproverRow>,
    decided: Vec<DecidedSuggestion>,
    spent: usize,
}

impl ApprovalSession {
    fn decide(&mut self, suggestion: MinedSuggestion) {
        self.spent += 1;
        let mut keys = BTreeMap::new();
        for tag in &suggestion.tags {
            let decision = match self.truth(&suggestion, &tag.key, &tag.value) {
                Some(value) => {
                    self.spent += usize::from(value != tag.value);
                    self.approve(&suggestion, &tag.key, &value);
                    KeyDecision::Accepted(value)
                }
                None => KeyDecision::LeftOut,
            };
            keys.insert(tag.key.clone(), decision);
        }
        self.decided.push(DecidedSuggestion {
            pattern: suggestion.pattern,
            signature: suggestion.signature,
            keys,
        });
    }

    /// Value to accept for a key: the suggested one if it is good enough, else the most frequent one if that is.
    fn truth(&self, suggestion: &MinedSuggestion, key: &str, suggested: &str) -> Option<String> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for row in &suggestion.members {
            if let Some(value) = self.rows[*row as usize].labels.get(key) {
                *counts.entry(value).or_default() += 1;
            }
        }
        let enough = AGREEMENT * counts.values().sum::<usize>() as f64;
        let good = |value: &str| counts.get(value).is_some_and(|count| *count as f64 >= enough);
        let most = counts
            .iter()
            .max_by_key(|(value, count)| (**count, std::cmp::Reverse(**value)));
        let most = most.map(|(value, _)| *value);
        let value = Some(suggested)
            .filter(|value| good(value))
            .or(most.filter(|value| good(value)));
        value.map(str::to_owned)
    }

    /// Approves a value wherever none is approved or stated.
    fn approve(&mut self, suggestion: &MinedSuggestion, key: &str, value: &str) {
        for number in &suggestion.members {
            let row = &mut self.rows[*number as usize];
            let firm = |held: &HeldValue| held.key == key && held.certainty > Certainty::Applied;
            if row.holds.iter().any(firm) {
                continue;
            }
            row.holds.retain(|held| held.key != key);
            row.holds.push(held(key, value, Certainty::Approved));
            self.index.set_cells(*number, &row.holds, &row.guesses);
        }
    }

    fn point(&self, n: usize) -> DecisionPoint {
        let (mut cells, mut given, mut right) = (0usize, 0usize, 0usize);
        for row in &self.rows {
            for (key, value) in &row.labels {
                cells += 1;
                if let Some(held) = row.holds.iter().find(|held| held.key == *key) {
                    given += 1;
                    right += usize::from(held.value == *value);
                }
            }
        }
        DecisionPoint {
            n,
            coverage: right as f64 / cells.max(1) as f64,
            precision: (given > 0).then(|| right as f64 / given as f64),
        }
    }
}
