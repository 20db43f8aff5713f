//! Intervals of shares.

/// Interval of a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    pub lower: f64,
    pub upper: f64,
}

/// Quantile of the normal distribution for a two-sided interval of 95 %.
const Z: f64 = 1.959_963_985;

/// Wilson's score interval of 95 % for the share of `successes` in `trials`; `None` without trials.
pub fn wilson(successes: i64, trials: i64) -> Option<ConfidenceInterval> {
    if trials <= 0 {
        return None;
    }
    let n = trials as f64;
    let rate = successes as f64 / n;
    let centre = rate + Z * Z / (2.0 * n);
    let margin = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some(ConfidenceInterval {
        lower: ((centre - margin) / scale).max(0.0),
        upper: ((centre + margin) / scale).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::wilson;

    #[test]
    fn intervals_are_those_of_the_textbook() {
        let interval = wilson(81, 263).unwrap();
        assert!((interval.lower - 0.2553).abs() < 5e-5, "{interval:?}");
        assert!((interval.upper - 0.3662).abs() < 5e-5, "{interval:?}");
        let all = wilson(10, 10).unwrap();
        assert!(
            (all.lower - 0.7225).abs() < 5e-5 && (all.upper - 1.0).abs() < 1e-12,
            "{all:?}"
        );
        assert_eq!(wilson(0, 0), None);
    }
}
