//! Disposition of a value by the settings that the vocabulary has for its key.

use crate::merge::Merged;
use crate::native_statements::STATED;
use crate::thresholds::{Disposition, Thresholds};
use crate::{CanonicalKey, SourceKind, Vocabulary};

/// Disposition of a merged winner that does not hold yet.
///
/// Nothing is proposed for a key that resources of this type are not asked for. Values that the vocabulary does not know
/// are suggested and never applied, and so is what a tag says whose key only often means this one. Neither restrains a
/// rule, whose author wants its value.
pub(crate) fn decide(
    vocabulary: &Vocabulary,
    thresholds: Thresholds,
    resource_type: &str,
    winner: &Merged<'_>,
) -> Disposition {
    let best = winner.best;
    let key = vocabulary.key(&best.key);
    let disposition = of_key(key, thresholds).decide(winner.confidence);
    if best.source == SourceKind::Rule {
        return disposition;
    }
    if !vocabulary.is_taggable(&best.key, resource_type) {
        return Disposition::Discard;
    }
    let is_implied = best.source == SourceKind::Native && winner.strongest() < STATED;
    let is_unknown = !vocabulary.is_valid(&best.key, &best.value);
    match disposition {
        Disposition::AutoApply if is_implied || is_unknown => Disposition::Suggest,
        disposition => disposition,
    }
}

/// Lowest confidence from which the value of any key is put before reviewers.
pub(crate) fn lowest_review(vocabulary: &Vocabulary, thresholds: Thresholds) -> f64 {
    let of_keys = vocabulary.keys().iter();
    let of_keys = of_keys.map(|key| of_key(Some(key), thresholds).manual_review());
    of_keys.fold(thresholds.manual_review(), f64::min)
}

/// Thresholds of a key: its own where it has them.
pub(crate) fn of_key(key: Option<&CanonicalKey>, general: Thresholds) -> Thresholds {
    let own = |of: fn(&CanonicalKey) -> Option<f64>| key.and_then(of);
    let auto_apply = own(|key| key.auto_apply_threshold).unwrap_or_else(|| general.auto_apply());
    let manual_review = own(|key| key.manual_review_threshold).unwrap_or_else(|| general.manual_review());
    Thresholds::new(auto_apply, manual_review.min(auto_apply)).unwrap_or(general)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Candidate;
    use crate::merge::merge;

    fn vocabulary(settings: &str) -> Vocabulary {
        let key = |name: &str, settings: &str| {
            format!(
                r#"{{"name":"{name}","description":"","governed":true,"open":false,
                    "values":[{{"name":"production"}}]{settings}}}"#
            )
        };
        let keys = [key("environment", settings), key("stage", "")].join(",");
        Vocabulary::parse(&format!(r#"{{"keys":[{keys}],"junk":[]}}"#)).unwrap()
    }

    fn decided(
        settings: &str,
        source: SourceKind,
        value: &str,
        confidence: f64,
        resource_type: &str,
    ) -> Disposition {
        let candidate = Candidate {
            key: "environment".into(),
            value: value.into(),
            source,
            confidence,
            rule_id: None,
            reason: String::new(),
            signature: String::new(),
            weighed: None,
        };
        let candidates = [candidate];
        let winner = merge(&candidates).remove(0);
        decide(
            &vocabulary(settings),
            Thresholds::default(),
            resource_type,
            &winner,
        )
    }

    #[test]
    fn thresholds_of_a_key_come_before_the_general_ones() {
        let of = |settings: &str, confidence| {
            decided(
                settings,
                SourceKind::Pattern,
                "production",
                confidence,
                "ec2/instance",
            )
        };
        assert_eq!(of("", 0.95), Disposition::AutoApply);
        let strict = r#","auto_apply_threshold":0.99"#;
        assert_eq!(of(strict, 0.95), Disposition::Suggest);
        let lax = r#","auto_apply_threshold":0.6,"manual_review_threshold":0.5"#;
        assert_eq!(of(lax, 0.65), Disposition::AutoApply);
        assert_eq!(of(lax, 0.55), Disposition::Suggest);
        assert_eq!(of(r#","auto_apply_threshold":0.6"#, 0.65), Disposition::AutoApply);
    }

    #[test]
    fn unknown_values_and_implied_ones_are_never_applied_but_a_rule_may() {
        let of = |source, value| decided("", source, value, 0.95, "ec2/instance");
        assert_eq!(of(SourceKind::Pattern, "parity"), Disposition::Suggest);
        assert_eq!(of(SourceKind::Native, "production"), Disposition::Suggest);
        assert_eq!(of(SourceKind::Rule, "parity"), Disposition::AutoApply);
    }

    #[test]
    fn a_key_is_not_asked_of_types_that_are_not_taggable() {
        let of = |resource_type: &str, source| {
            let settings = r#","not_taggable":["AWS::IAM::*","ec2/route"]"#;
            decided(settings, source, "production", 0.98, resource_type)
        };
        assert_eq!(of("iam/role", SourceKind::Pattern), Disposition::Discard);
        assert_eq!(of("AWS::EC2::Route", SourceKind::Pattern), Disposition::Discard);
        assert_eq!(of("ec2/route-table", SourceKind::Pattern), Disposition::AutoApply);
        assert_eq!(of("iam/role", SourceKind::Rule), Disposition::AutoApply);
    }
}
