//! Collects the rows of an estate. What sources find in a resource is kept as hashes, so that a million rows fit into
//! memory; names are forgotten.

use std::sync::Arc;

use super::knowledge::{Knowledge, Values};
use super::lexicon::Lexicon;
use super::observation::Observation;
use super::stable_hash::StableHash;
use super::training;
use super::training_row::{RowLabel, TrainingRow};
use super::{EVIDENCE_SOURCES, EstateModel, EstateRow};
use crate::Vocabulary;

/// Collects the rows of an estate, then makes a model of them.
pub struct EstateTrainer {
    lexicon: Lexicon,
    values: Values,
    rows: Vec<TrainingRow>,
    seen: Observation,
    seed: u64,
}

impl EstateTrainer {
    /// A trainer without rows. The same rows in the same order and the same seed give the same model.
    pub fn new(vocabulary: Arc<Vocabulary>, seed: u64) -> Self {
        Self {
            lexicon: Lexicon::new(vocabulary),
            values: Values::default(),
            rows: Vec::new(),
            seen: Observation::default(),
            seed,
        }
    }

    /// Adds a resource of the estate, tagged or not. Labels of keys that are not governed are left aside.
    pub fn add(&mut self, row: EstateRow) {
        let seen = &mut self.seen;
        seen.read(&row.subject, &self.lexicon, &EVIDENCE_SOURCES);
        let keys = self.lexicon.keys();
        let values = &mut self.values;
        let labels = row.labels.iter().filter_map(|label| {
            let key = keys.iter().position(|key| *key == label.key)?;
            Some(RowLabel {
                key: u8::try_from(key).ok()?,
                value: values.number(&label.value),
                origin: label.origin,
            })
        });
        self.rows.push(TrainingRow {
            labels: labels.collect(),
            account: seen.account,
            family: family(seen, &self.lexicon, &row.subject.resource_type),
            groups: seen.groups.iter().map(|group| group.id).collect(),
            kinds: seen.groups.iter().map(|group| group.kind).collect(),
            words: seen.words.as_slice().into(),
            tokens: seen.tokens.as_slice().into(),
        });
    }

    /// The model of all rows that were added.
    pub fn finish(self) -> EstateModel {
        let knowledge = Knowledge::new(&self.lexicon, self.values);
        training::train(self.lexicon, knowledge, &self.rows, self.seed)
    }
}

fn family(seen: &Observation, lexicon: &Lexicon, resource_type: &str) -> u64 {
    let mut hash = StableHash::new(0).hash(seen.account);
    let mut kept = false;
    for token in seen.name.iter().filter(|token| !lexicon.names_a_value(token)) {
        hash = hash.text(token);
        kept = true;
    }
    if kept { hash } else { hash.text(resource_type) }.finish()
}
