//! Scores: what the engine says of resources whose tags are hidden, compared with the tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::protocol::HoldoutSplit;
use crate::inference::figures_of;
use crate::{Engine, EstateRow, EstateTrainer, KeyMetrics, Thresholds, Vocabulary};

/// Engine with the model of a split.
pub fn engine_of(split: &HoldoutSplit, vocabulary: &Arc<Vocabulary>, seed: u64) -> Engine {
    let mut trainer = EstateTrainer::new(Arc::clone(vocabulary), seed);
    for row in &split.context {
        trainer.add(row.clone());
    }
    for row in &split.hidden {
        trainer.add(EstateRow {
            subject: row.subject.clone(),
            labels: Vec::new(),
        });
    }
    let engine = Engine::new(Arc::clone(vocabulary), Vec::new(), Thresholds::default());
    engine.with_model(Some(Arc::new(trainer.finish())))
}

/// Labels of one key, and what was inferred in their place: confidence, whether it was right, weight.
#[derive(Default)]
struct KeyScore {
    support: f64,
    judged: Vec<(f64, bool, f64)>,
}

/// Metrics per key over all splits. `progress` is told each time that a resource was evaluated.
pub fn score_splits(
    splits: impl Iterator<Item = HoldoutSplit>,
    vocabulary: &Arc<Vocabulary>,
    seed: u64,
    mut progress: impl FnMut(),
) -> Vec<KeyMetrics> {
    let mut scores: BTreeMap<String, KeyScore> = BTreeMap::new();
    for split in splits {
        let engine = engine_of(&split, vocabulary, seed);
        for row in &split.hidden {
            let predictions = engine.evaluate(&row.subject).predictions;
            for (key, value) in &row.labels {
                let score = scores.entry(key.clone()).or_default();
                score.support += 1.0;
                if let Some(found) = predictions.iter().find(|found| found.key == *key) {
                    score.judged.push((found.confidence, found.value == *value, 1.0));
                }
            }
            progress();
        }
    }
    let figures = scores.into_iter();
    figures
        .map(|(key, score)| figures_of(key, score.support, score.judged))
        .collect()
}
