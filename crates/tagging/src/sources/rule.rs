//! RULE: the users' rules in order of [`CompiledRule::rank`]; the first match per key wins.

use parking_lot::Mutex;
use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rules::allowance::is_over;
use crate::rules::index::RuleIndex;
use crate::rules::{CompiledRule, RuleVerdict, SubjectView};
use crate::{
    Candidate, CandidateSource, EvidenceBasis, SourceInput, SourceKind, Vocabulary, WeighedEvidence,
};

/// The RULE source.
pub(crate) struct RuleSource {
    vocabulary: Arc<Vocabulary>,
    rules: Vec<CompiledRule>,
    index: RuleIndex,
    /// Conditions of some rules read effective tags.
    reads_tags: bool,
    /// Of each rule that took too long somewhere, on how many resources.
    given_up: Mutex<BTreeMap<i64, u64>>,
}

impl RuleSource {
    /// Takes the rules in any order.
    pub(crate) fn new(vocabulary: Arc<Vocabulary>, mut rules: Vec<CompiledRule>) -> Self {
        rules.sort_by_key(CompiledRule::rank);
        for rule in &mut rules {
            rule.key = vocabulary.canonical(&rule.key, "").key;
        }
        Self {
            vocabulary,
            index: RuleIndex::new(&rules),
            reads_tags: rules.iter().any(|rule| rule.condition.reads().contains("tags")),
            rules,
            given_up: Mutex::default(),
        }
    }
}

impl CandidateSource for RuleSource {
    fn source(&self) -> SourceKind {
        SourceKind::Rule
    }

    fn take_given_up(&self) -> BTreeMap<i64, u64> {
        std::mem::take(&mut self.given_up.lock())
    }

    fn reads_effective_tags(&self) -> bool {
        self.reads_tags
    }

    fn propose(&self, input: &SourceInput<'_>, out: &mut Vec<Candidate>) {
        if self.rules.is_empty() {
            return;
        }
        let subject = input.subject;
        let view = SubjectView {
            subject,
            effective: input.effective,
        };
        let input = LazyCell::new(|| subject.condition_input(view.effective));
        let mut decided: Vec<&str> = Vec::new();
        for rule in self
            .index
            .candidates(&view)
            .iter()
            .map(|number| &self.rules[number])
        {
            if is_over() {
                return;
            }
            if decided.contains(&rule.key.as_str()) || !rule.condition.requirement().allows(&view) {
                continue;
            }
            match rule.apply(&input, subject) {
                RuleVerdict::Value(value) => {
                    decided.push(&rule.key);
                    out.push(self.candidate(rule, &value));
                }
                // A template whose pattern is not in this name has no value to give: the next rule is asked.
                RuleVerdict::NoMatch => {}
                RuleVerdict::TooExpensive => {
                    let mut given_up = self.given_up.lock();
                    *given_up.entry(rule.id).or_default() += 1;
                }
            }
        }
    }
}

impl RuleSource {
    fn candidate(&self, rule: &CompiledRule, value: &str) -> Candidate {
        let confidence = if rule.approves { 1.0 } else { rule.confidence };
        let reason = format!(
            "rule `{}` (version {}, priority {}) matches",
            rule.name, rule.version, rule.priority
        );
        let basis = EvidenceBasis::Rule {
            rule_id: rule.id,
            digest: rule.digest.clone(),
        };
        Candidate {
            key: rule.key.clone(),
            value: self.vocabulary.canonical(&rule.key, value).value,
            source: SourceKind::Rule,
            confidence,
            rule_id: Some(rule.id),
            signature: format!("RULE:{}:{}", rule.id, rule.digest),
            weighed: Some(WeighedEvidence::of(SourceKind::Rule, confidence, &reason, basis)),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::proposed_by;
    use crate::merge::merge;
    use crate::rules::{Condition, ValueTemplate};

    fn rule(id: i64, priority: i32, condition: &str, key: &str, value: &str) -> CompiledRule {
        CompiledRule {
            id,
            name: format!("rule {id}"),
            priority,
            digest: "3fa9c1".into(),
            condition: Condition::compile(condition).unwrap(),
            key: key.into(),
            value: ValueTemplate::compile(value).unwrap(),
            confidence: 0.9,
            corrects: false,
            version: 1,
            approves: false,
        }
    }

    fn propose(rules: Vec<CompiledRule>, name: &str) -> Vec<(i64, String, String)> {
        let source = RuleSource::new(Arc::new(Vocabulary::default()), rules);
        proposed_by(&source, name, &[("Team", "Pay Roll")])
            .into_iter()
            .map(|c| (c.rule_id.unwrap(), c.key, c.value))
            .collect()
    }

    fn row(id: i64, key: &str, value: &str) -> (i64, String, String) {
        (id, key.into(), value.into())
    }

    #[test]
    fn first_match_per_key_wins_by_priority_then_id() {
        let rules = vec![
            rule(3, 10, "true", "team", "late"),
            rule(2, 5, "true", "team", "second"),
            rule(1, 5, "true", "team", "first"),
            rule(9, 1, "resource.name == 'other'", "team", "no"),
            rule(4, 99, "true", "environment", "prd"),
        ];
        assert_eq!(
            propose(rules, "x"),
            [row(1, "team", "first"), row(4, "environment", "production")]
        );
    }

    #[test]
    fn a_rule_that_approves_comes_first_among_its_priority_only() {
        let approving = |id, priority| CompiledRule {
            approves: true,
            ..rule(id, priority, "true", "team", "accepted")
        };
        let own = rule(1, 5, "true", "team", "own");
        assert_eq!(
            propose(vec![own.clone(), approving(2, 5)], "x"),
            [row(2, "team", "accepted")]
        );
        assert_eq!(propose(vec![own, approving(2, 6)], "x"), [row(1, "team", "own")]);
    }

    #[test]
    fn a_template_without_its_capture_gives_way_to_the_next_rule() {
        let rules = vec![
            rule(1, 1, "true", "team", "{{ name | capture('^([a-z]+)-') }}"),
            rule(2, 2, "true", "team", "fallback"),
        ];
        assert_eq!(propose(rules.clone(), "pay-db"), [row(1, "team", "pay")]);
        assert_eq!(propose(rules, "42"), [row(2, "team", "fallback")]);
    }

    #[test]
    fn evidence_names_the_rule_and_its_definition() {
        let source = RuleSource::new(Arc::default(), vec![rule(7, 1, "true", "team", "pay")]);
        let out = proposed_by(&source, "x", &[]);
        let basis = EvidenceBasis::Rule {
            rule_id: 7,
            digest: "3fa9c1".into(),
        };
        assert_eq!(merge(&out)[0].evidence().signals[0].basis, Some(basis));
    }

    #[test]
    fn conditions_see_normalised_tags() {
        let rules = vec![rule(1, 1, "resource.tags['team'] == 'pay-roll'", "owner", "x")];
        assert_eq!(propose(rules, "x").len(), 1);
    }
}
