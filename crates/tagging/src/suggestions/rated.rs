//! Rated patterns: keys with the probability that they are accepted, and the worth of all of them.

/// Key of a pattern, rated.
#[derive(Clone, Debug)]
pub(super) struct RatedKey {
    pub key: usize,
    pub value: Option<SuggestedValue>,
    /// Probability that the key is accepted.
    pub probability: f64,
    /// Probability that its value then has to be typed.
    pub typed: f64,
    /// Open members, by weight.
    pub open: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum SuggestedValue {
    Number(u32),
    Text(String),
}

/// Pattern, rated.
pub(super) struct RatedPattern {
    pub gain: f64,
    pub pattern: u32,
    pub keys: Vec<RatedKey>,
}

impl PartialEq for RatedPattern {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RatedPattern {}

impl PartialOrd for RatedPattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RatedPattern {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.gain
            .total_cmp(&other.gain)
            .then(other.pattern.cmp(&self.pattern))
    }
}

/// Resources that the prior counts for.
const PRIOR_RESOURCES: f64 = 4.0;

/// Lower bound of a share at 95 % (Wilson) after so many agreed and contradicted, with a prior.
pub(super) fn lower_bound(prior: f64, agreeing: usize, contradicting: usize) -> f64 {
    let total = (agreeing + contradicting) as f64 + PRIOR_RESOURCES;
    let share = (agreeing as f64 + PRIOR_RESOURCES * prior) / total;
    let z: f64 = 1.96;
    let spread = z * (share * (1.0 - share) / total + z * z / (4.0 * total * total)).sqrt();
    ((share + z * z / (2.0 * total) - spread) / (1.0 + z * z / total)).max(0.0)
}
