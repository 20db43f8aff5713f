//! The comparison that decides whether a model takes the place of the one in use.
//!
//! Both infer the same labels of the same resources, each label hidden while it is inferred. The loss of a label is the Brier score
//! of the values: `(1 - c)²` when the inferred value is right, `1 + c²` when it is wrong, and 1 when nothing is inferred,
//! where `c` is the confidence; of a denied value it is `c²` when that value is inferred again, and nothing otherwise. Labels
//! of one approving rule weigh as much as one label. A model takes the place of the one in use if its mean loss is lower, and what
//! it would apply at once (0.90 and above) is not less often right, unless that is at least [`PRECISE`].

use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tagging::{EstateModel, EstateRow, Inference, Label, LabelOrigin};

/// Labelled resources that are compared; of more, a sample.
const MOST_ROWS: usize = 20_000;
/// Confidence from which on values are applied at once, and the share of right ones among them that is enough.
const SURE: f64 = 0.90;
const PRECISE: f64 = 0.97;

/// Sample of labelled rows: those whose hashes are divisible by a number that grows with the estate.
pub(super) struct HeldOutRows {
    rows: Vec<(u64, EstateRow)>,
    every: u64,
}

impl HeldOutRows {
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            every: 1,
        }
    }

    /// Keeps the row if it is labelled and in the sample.
    pub(super) fn offer(&mut self, row: &EstateRow) {
        if row.labels.is_empty() {
            return;
        }
        let digest = Sha256::digest(row.subject.resource_id.as_bytes());
        let hash = digest[..8]
            .iter()
            .fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte));
        if !hash.is_multiple_of(self.every) {
            return;
        }
        self.rows.push((hash, row.clone()));
        if self.rows.len() > MOST_ROWS {
            self.every *= 2;
            self.rows.retain(|(hash, _)| hash.is_multiple_of(self.every));
        }
    }

    /// Tries a model on the sample.
    pub(super) fn try_model(&self, model: &EstateModel) -> HeldOutResult {
        let mut of_rule: HashMap<i64, f64> = HashMap::new();
        for label in self.rows.iter().flat_map(|(_, row)| &row.labels) {
            if let LabelOrigin::Rule(rule) = label.origin {
                *of_rule.entry(rule).or_default() += 1.0;
            }
        }
        let mut sum = HeldOutSum::default();
        for (_, row) in &self.rows {
            let inferences = model.infer(&row.subject);
            for label in &row.labels {
                let weight = match label.origin {
                    LabelOrigin::Rule(rule) => of_rule.get(&rule).map_or(1.0, |labels| 1.0 / labels),
                    _ => 1.0,
                };
                let inferred = inferences.iter().find(|inference| inference.key == label.key);
                sum.add(label, inferred, weight);
            }
        }
        sum.result()
    }
}

#[derive(Default)]
struct HeldOutSum {
    labels: u64,
    weight: f64,
    loss: f64,
    sure: f64,
    sure_and_right: f64,
}

impl HeldOutSum {
    fn add(&mut self, label: &Label, inferred: Option<&Inference>, weight: f64) {
        let confidence = inferred.map_or(0.0, |inference| inference.confidence);
        let is_same = inferred.is_some_and(|inference| inference.value == label.value);
        let is_denied = label.origin == LabelOrigin::Denied;
        if is_denied && !is_same {
            return;
        }
        let loss = match (is_denied, is_same) {
            (true, _) => confidence.powi(2),
            (false, true) => (1.0 - confidence).powi(2),
            (false, false) => 1.0 + confidence.powi(2),
        };
        self.labels += 1;
        self.weight += weight;
        self.loss += weight * loss;
        if confidence >= SURE {
            self.sure += weight;
            self.sure_and_right += if is_same && !is_denied { weight } else { 0.0 };
        }
    }

    fn result(&self) -> HeldOutResult {
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        HeldOutResult {
            labels: self.labels,
            loss: share(self.loss, self.weight),
            coverage90: share(self.sure, self.weight),
            precision90: share(self.sure_and_right, self.sure),
        }
    }
}

/// Result of a model on held-out labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct HeldOutResult {
    labels: u64,
    /// Mean loss; `None` without labels.
    loss: Option<f64>,
    coverage90: Option<f64>,
    precision90: Option<f64>,
}

/// The decision about a candidate, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Activate(String),
    Reject(String),
}

/// Decides whether a candidate takes the place of the model in use.
pub(super) fn decide(candidate: &HeldOutResult, in_use: &HeldOutResult) -> Verdict {
    let (Some(new), Some(old)) = (candidate.loss, in_use.loss) else {
        return Verdict::Reject("there are no labels to compare by".into());
    };
    if new >= old {
        return Verdict::Reject(format!(
            "its loss of {new:.5} is not below {old:.5}, that of the model in use"
        ));
    }
    let needed = in_use.precision90.map_or(0.0, |precision| precision.min(PRECISE));
    match candidate.precision90 {
        Some(precision) if precision < needed => Verdict::Reject(format!(
            "of what it is sure of {precision:.3} is right, less than {needed:.3}"
        )),
        _ => Verdict::Activate(format!(
            "its loss of {new:.5} is below {old:.5}, that of the model before"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{HeldOutResult, Verdict, decide};

    fn result(loss: f64, precision90: f64) -> HeldOutResult {
        HeldOutResult {
            labels: 100,
            loss: Some(loss),
            coverage90: Some(0.5),
            precision90: Some(precision90),
        }
    }

    #[test]
    fn a_candidate_must_be_better_and_not_less_often_right() {
        let is_activated =
            |new: HeldOutResult, old: HeldOutResult| matches!(decide(&new, &old), Verdict::Activate(_));
        assert!(is_activated(result(0.2, 0.99), result(0.3, 0.99)));
        assert!(!is_activated(result(0.3, 0.99), result(0.3, 0.99)));
        assert!(!is_activated(result(0.2, 0.90), result(0.3, 0.95)));
        assert!(is_activated(result(0.2, 0.971), result(0.3, 0.99)));
        let nothing = HeldOutResult {
            labels: 0,
            loss: None,
            coverage90: None,
            precision90: None,
        };
        assert!(!is_activated(nothing, nothing));
    }
}
