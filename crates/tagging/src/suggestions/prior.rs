//! Probability that the members of a pattern share one value of a key.
//!
//! A logistic model. Its weights on structure and evidence are priors; what keys and classes of patterns are worth is
//! learned from the decisions of this estate, as the most probable deviation from the priors.

use super::index::SuggestionIndex;
use super::interner::NO_VALUE;
use super::pattern::{PatternTerm, ascii_words};
use super::tally::KeyTally;
use super::terms::TermKind;

/// Classes of patterns: a kind alone, with an account, with a type, a tag with a word.
pub(super) const CLASSES: usize = 3 * TermKind::COUNT + 1;

/// Class of a pattern.
pub(super) fn class((first, second): (TermKind, Option<TermKind>)) -> usize {
    match (first, second) {
        (kind, None) => kind as usize,
        (TermKind::Account, Some(kind)) => TermKind::COUNT + kind as usize,
        (kind, Some(TermKind::ResourceType)) => 2 * TermKind::COUNT + kind as usize,
        _ => 3 * TermKind::COUNT,
    }
}

/// Facts of a pattern and a key that tell whether the members share a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PurityFeatures {
    pub key: usize,
    pub class: usize,
    /// Prior log-odds of the key.
    pub breadth: f64,
    pub structure: [f64; STRUCTURE],
    /// Evidence in favour and against, each from 0.
    pub evidence: [f64; EVIDENCE],
}

/// Logarithms of families, accounts, values of a tag, members; families and tag values for the environment.
pub(super) const STRUCTURE: usize = 8;
/// Kinds of evidence.
pub(super) const EVIDENCE: usize = 12;

/// Log-odds of a pattern before all evidence, and its weights.
const INTERCEPT: f64 = 4.0;
const STRUCTURE_WEIGHTS: [f64; STRUCTURE] = [-0.18, -0.87, -1.38, 0.26, 0.67, 0.85, -3.87, -0.62];
const EVIDENCE_WEIGHTS: [f64; EVIDENCE] = [
    -0.27, 0.24, -2.84, -2.42, -0.47, -0.13, -0.3, -2.0, -0.06, 0.73, 4.69, -0.31,
];
const CLASS_WEIGHTS: [f64; CLASSES] = [
    1.41, 0.33, 0.19, -1.01, 0.8, 0.0, -0.9, 0.3, 0.0, 1.98, -0.31, 0.0, 0.0, 1.01, -1.1, -0.58, 0.0, -1.49,
    -0.07, 0.0, 0.0, -0.01, 0.0, 0.0, -0.53,
];

/// Prior log-odds of a key, by how many resources share a value of it: business units are few, applications many. Other
/// keys than these have few values in an estate, or none that anybody knows.
fn breadth(key: &str) -> f64 {
    match key {
        "environment" => 0.0,
        "business-unit" => 2.0,
        "team" => -1.0,
        _ => -1.5,
    }
}

/// Evidence from decisions and from the words of a pattern, besides its tally.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PatternEvidence {
    pub overlap: MixedOverlap,
    /// For the key of the environment: the pattern names one.
    pub names_environment: Option<bool>,
}

/// Overlap of a pattern with patterns for which a key was left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MixedOverlap {
    /// Share of such a pattern that this one contains, from 0.8: it is mixed, too.
    pub contains: f64,
    /// Share of this one that lies within such a pattern.
    pub within: f64,
}

/// Features of a pattern and a key.
pub(super) fn features(
    index: &SuggestionIndex,
    pattern: u32,
    key: usize,
    tally: &KeyTally,
    more: PatternEvidence,
) -> PurityFeatures {
    let mined = &index.patterns[pattern as usize];
    let members = index.members.list(pattern).len() as f64;
    let environment = more.names_environment.is_some();
    let [families, accounts, values] = [
        mined.spread.families,
        mined.spread.accounts,
        mined.spread.tag_values,
    ]
    .map(|count| f64::from(count).ln_1p());
    let own = f64::from(u8::from(environment));
    let mut features = PurityFeatures {
        key,
        class: class(mined.kinds),
        breadth: breadth(&index.cells.keys()[key]),
        structure: [
            families,
            accounts,
            values,
            members.ln(),
            own,
            own * families,
            own * accounts,
            own * values,
        ],
        evidence: tally_evidence(tally, members, f64::from(mined.spread.families)),
    };
    let evidence = &mut features.evidence;
    evidence[6] = more.overlap.within;
    evidence[7] = more.overlap.contains;
    match more.names_environment {
        Some(true) => evidence[8] = 1.0,
        Some(false) => evidence[9] = 1.0,
        None => {
            let value = if tally.held > 0 { tally.value } else { tally.guess };
            let named = value != NO_VALUE && names(index, pattern, index.cells.values.text(value));
            evidence[10] = f64::from(u8::from(named));
        }
    }
    features
}

fn tally_evidence(tally: &KeyTally, members: f64, families: f64) -> [f64; EVIDENCE] {
    let mut evidence = [0.0; EVIDENCE];
    let held = f64::from(tally.held);
    if tally.held > 0 {
        let share = f64::from(tally.agreeing) / held;
        if share >= 0.97 {
            evidence[0] = f64::from(tally.families).ln_1p();
            evidence[1] = held / members;
            evidence[11] = (families / f64::from(tally.families)).ln();
        } else {
            evidence[2] = 1.0;
            evidence[3] = f64::from(u8::from(share < 0.9));
        }
    }
    if tally.guessed_any > 0.0 {
        let covered = f64::from(tally.guessed_any) / (members - held).max(1.0);
        let agreement = f64::from(tally.guessed / tally.guessed_any);
        evidence[4] = covered * agreement;
        evidence[5] = covered * (1.0 - agreement);
    }
    evidence
}

/// True if a value is a word of the pattern.
fn names(index: &SuggestionIndex, pattern: u32, value: &str) -> bool {
    index.terms_of(pattern).any(|term| match term {
        PatternTerm::NamePrefix { prefix: text }
        | PatternTerm::NameToken { token: text }
        | PatternTerm::NativeTag { value: text, .. }
        | PatternTerm::NativeTagPrefix { prefix: text, .. }
        | PatternTerm::NativeTagStem { before: text, .. } => {
            ascii_words(text).any(|word| word.eq_ignore_ascii_case(value))
        }
        PatternTerm::Account { .. } | PatternTerm::ResourceType { .. } | PatternTerm::IdPrefix { .. } => {
            false
        }
    })
}

/// Learned deviations from the priors.
#[derive(Clone, Debug)]
pub(super) struct PurityModel {
    key: Vec<f64>,
    slope: Vec<f64>,
    class: [f64; CLASSES],
}

/// Variances of the deviations: of keys, of slopes of keys, of classes.
const VARIANCES: [f64; 3] = [1.0, 0.1, 0.5];
/// Families at which slopes turn (logarithm of ten).
const PIVOT: f64 = 2.3;
const SWEEPS: usize = 8;

/// Decided pattern and key, and true if the members shared a value.
pub(super) type PurityObservation = (PurityFeatures, bool);

impl PurityModel {
    /// Priors, moved by what was decided.
    pub(super) fn fit(keys: usize, observed: &[PurityObservation]) -> Self {
        let mut model = Self {
            key: vec![0.0; keys],
            slope: vec![0.0; keys],
            class: [0.0; CLASSES],
        };
        for _ in 0..SWEEPS {
            for key in 0..keys {
                let of_key = || observed.iter().filter(move |(features, _)| features.key == key);
                model.key[key] += model.step(of_key(), |_| 1.0, model.key[key], VARIANCES[0]);
                model.slope[key] += model.step(of_key(), along, model.slope[key], VARIANCES[1]);
            }
            for class in 0..CLASSES {
                let of_class = observed
                    .iter()
                    .filter(move |(features, _)| features.class == class);
                model.class[class] += model.step(of_class, |_| 1.0, model.class[class], VARIANCES[2]);
            }
        }
        model
    }

    /// One step of Newton's method for one deviation.
    fn step<'a>(
        &self,
        observed: impl Iterator<Item = &'a PurityObservation>,
        slope: impl Fn(&PurityFeatures) -> f64,
        deviation: f64,
        variance: f64,
    ) -> f64 {
        let (mut gradient, mut curvature) = (-deviation / variance, 1.0 / variance);
        for (features, pure) in observed {
            let along = slope(features);
            let expected = sigmoid(self.log_odds(features));
            gradient += (f64::from(u8::from(*pure)) - expected) * along;
            curvature += expected * (1.0 - expected) * along * along;
        }
        gradient / curvature
    }

    fn log_odds(&self, features: &PurityFeatures) -> f64 {
        let learned =
            self.key[features.key] + self.slope[features.key] * along(features) + self.class[features.class];
        INTERCEPT
            + CLASS_WEIGHTS[features.class]
            + features.breadth
            + dot(&STRUCTURE_WEIGHTS, &features.structure)
            + dot(&EVIDENCE_WEIGHTS, &features.evidence)
            + learned
    }

    /// Probability that the open members share one value, the one that most of the others have if there are others.
    pub(super) fn probability(&self, features: &PurityFeatures) -> f64 {
        sigmoid(self.log_odds(features))
    }
}

fn along(features: &PurityFeatures) -> f64 {
    features.structure[0] - PIVOT
}

fn dot<const N: usize>(weights: &[f64; N], features: &[f64; N]) -> f64 {
    weights
        .iter()
        .zip(features)
        .map(|(weight, feature)| weight * feature)
        .sum()
}

fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
