//! NATIVE: the resource's own tags under their canonical keys, with canonical values.

use crate::native_statements::IMPLIED;
use crate::signature::native_signature;
use crate::{Candidate, CandidateSource, EvidenceBasis, SourceInput, SourceKind, WeighedEvidence};

/// The NATIVE source.
pub(crate) struct NativeSource;

impl CandidateSource for NativeSource {
    fn source(&self) -> SourceKind {
        SourceKind::Native
    }

    fn propose(&self, input: &SourceInput<'_>, out: &mut Vec<Candidate>) {
        let mut held: Option<&str> = None;
        let mut is_implied = false;
        for statement in &input.native.all {
            let first = held != Some(statement.key);
            // Beside the key itself, `project` and the like speak of something else.
            if input.subject.is_denied(statement) || !first && !is_implied && statement.is_implied() {
                continue;
            }
            is_implied = if first { statement.is_implied() } else { is_implied };
            held = Some(statement.key);
            let confidence = if first {
                statement.confidence
            } else {
                statement.confidence.min(IMPLIED)
            };
            let reason = format!("the tag `{}` says `{}`", statement.raw_key, statement.raw_value);
            let basis = EvidenceBasis::NativeTag {
                key: statement.raw_key.to_owned(),
                value: statement.raw_value.to_owned(),
            };
            out.push(Candidate {
                key: statement.key.to_owned(),
                source: SourceKind::Native,
                confidence,
                rule_id: None,
                signature: native_signature(statement.raw_key, statement.raw_value),
                value: statement.value.clone(),
                weighed: Some(WeighedEvidence::of(
                    SourceKind::Native,
                    confidence,
                    &reason,
                    basis,
                )),
                reason,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::proposed_by;
    use crate::merge::merge;

    fn propose(tags: &[(&str, &str)]) -> Vec<(String, String, f64, String)> {
        proposed_by(&NativeSource, "x", tags)
            .into_iter()
            .map(|c| (c.key, c.value, c.confidence, c.signature))
            .collect()
    }

    fn row(key: &str, value: &str, confidence: f64, signature: &str) -> (String, String, f64, String) {
        (key.into(), value.into(), confidence, signature.into())
    }

    #[test]
    fn normalises_key_and_value() {
        assert_eq!(
            propose(&[("Env", "prd")]),
            [row("environment", "production", 0.98, "NATIVE:Env=prd")]
        );
    }

    #[test]
    fn weak_spellings_speak_only_alone() {
        let alone = propose(&[("solution", "Pay Roll")]);
        assert_eq!(
            alone,
            [row("application", "pay-roll", 0.80, "NATIVE:solution=Pay Roll")]
        );
        let both = propose(&[("project", "alpha"), ("application", "payroll")]);
        assert_eq!(
            both,
            [
                row("application", "payroll", 0.98, "NATIVE:application=payroll"),
                row("project", "alpha", 0.98, "NATIVE:project=alpha"),
            ]
        );
    }

    #[test]
    fn a_production_flag_names_the_environment_where_no_tag_does() {
        let flag = ("x.example/is-production", "true");
        let signature = "NATIVE:x.example/is-production=true";
        assert_eq!(
            propose(&[flag]),
            [row("environment", "production", 0.95, signature)]
        );
        assert_eq!(propose(&[flag, ("env", "training")])[0].1, "training");
        assert_eq!(propose(&[flag, ("env", "training")]).len(), 1);
        assert_eq!(propose(&[("is_production", "false")]), []);
    }

    #[test]
    fn evidence_has_the_tag_as_it_is_spelled() {
        let out = proposed_by(&NativeSource, "x", &[("solution", "Pay Roll")]);
        let basis = EvidenceBasis::NativeTag {
            key: "solution".into(),
            value: "Pay Roll".into(),
        };
        assert_eq!(merge(&out)[0].evidence().signals[0].basis, Some(basis));
    }

    #[test]
    fn junk_and_unknown_keys_say_nothing() {
        assert_eq!(
            propose(&[("Owner", "tbd"), ("Colour", "red"), ("team", "<team>")]),
            []
        );
    }
}
