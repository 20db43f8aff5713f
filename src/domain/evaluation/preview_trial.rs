//! Rule on trial, for its preview: its matches among resources, and what would come of it there.

use super::difference::would_propose;
use super::scan::ScanPage;
use super::subject::subject;
use crate::domain::rules::{RuleDraft, RuleRow, compile_row};
use crate::entities::{ApprovalStatus, resource, virtual_tag};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tagging::rules::allowance::is_over;
use tagging::rules::{CompiledRule, Condition, FieldSet, RuleVerdict, SubjectView};
use tagging::{Engine, EstateModel, Subject, Thresholds, Vocabulary};

/// Examples of each outcome.
const EXAMPLES: usize = 5;

/// Outcome for a resource that the rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PreviewOutcome {
    /// The resource would get a new proposal.
    NewTag,
    /// The proposal would take the place of another one.
    Change,
    /// The value waits for a decision already.
    AlreadyProposed,
    /// The value holds already.
    AlreadyHolds,
    /// Another value of the key is approved.
    Conflict,
    /// The resource's own tags state another value: if the rule is sure, its value is suggested as a contradiction.
    NativeConflict,
    /// A rule that goes first decides the key.
    Shadowed,
    /// Nothing would come of it: the confidence is too low, or the value was denied.
    NotProposed,
}

/// Overlap of the rule with another of the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// The other rule's key.
    pub rule_id: i64,
    pub rule_name: String,
    /// On this many resources.
    pub count: u64,
}

/// A resource that the rule matches.
#[derive(Clone, Debug)]
pub struct Example {
    pub resource: resource::Model,
    /// Value that the rule would propose.
    pub tag_value: String,
    pub outcome: PreviewOutcome,
}

/// A rule on trial.
pub(super) struct RuleTrial {
    /// With the rule and the others of its key, and the model in use.
    engine: Engine,
    vocabulary: Arc<Vocabulary>,
    rule: CompiledRule,
    /// The other enabled rules of the key, in order.
    others: Vec<CompiledRule>,
}

/// Matches of a rule on a page of resources.
#[derive(Default)]
pub(super) struct PageMatches {
    pub(super) ids: Vec<i64>,
    /// Resource that was looked at last.
    pub(super) last: Option<i64>,
    /// Resources on which the rule took too long and was given up.
    pub(super) too_expensive: u64,
    /// True unless the time was over before the end of the page.
    pub(super) is_whole: bool,
}

/// Outcomes of a rule on resources that it matches.
#[derive(Default)]
pub(super) struct PageOutcomes {
    pub(super) counts: BTreeMap<PreviewOutcome, u64>,
    pub(super) examples: BTreeMap<PreviewOutcome, Vec<Example>>,
    /// Number of the resources that another rule matches, too, by its key.
    overlaps: HashMap<i64, u64>,
}

impl PageOutcomes {
    /// Adds the outcomes on other resources.
    pub(super) fn add(&mut self, other: Self) {
        for (outcome, count) in other.counts {
            *self.counts.entry(outcome).or_default() += count;
        }
        for (outcome, examples) in other.examples {
            let known = self.examples.entry(outcome).or_default();
            known.extend(examples);
            known.truncate(EXAMPLES);
        }
        for (rule, count) in other.overlaps {
            *self.overlaps.entry(rule).or_default() += count;
        }
    }
}

impl RuleTrial {
    pub(super) fn new(
        vocabulary: &Arc<Vocabulary>,
        model: Option<Arc<EstateModel>>,
        thresholds: Thresholds,
        draft: RuleDraft,
        replaces: Option<i64>,
        rows: Vec<RuleRow>,
    ) -> Result<Self> {
        // A new rule comes last among those of its priority.
        let rule = draft
            .normalised(vocabulary)
            .compile(replaces.unwrap_or(i64::MAX), 0)?;
        let same_key = |row: &RuleRow| {
            row.enabled && row.in_effect && Some(row.id) != replaces && row.tag_key == rule.key
        };
        let mut others = Vec::new();
        for row in rows.into_iter().filter(same_key) {
            if is_over() {
                return Err(Error::BadInput(
                    "there are too many rules of this key to try one more".into(),
                ));
            }
            others.extend(compile_row(row).ok());
        }
        let rules = others.iter().chain([&rule]).cloned().collect();
        let engine = Engine::new(Arc::clone(vocabulary), rules, thresholds);
        Ok(Self {
            engine: engine.with_model(model),
            vocabulary: Arc::clone(vocabulary),
            rule,
            others,
        })
    }

    /// Conditions of what is scanned.
    pub(super) fn conditions(&self) -> [Condition; 1] {
        [self.rule.condition.clone()]
    }

    /// Fields that the value is made of.
    pub(super) fn value_reads(&self) -> FieldSet {
        self.rule.value.reads()
    }

    /// Tries the rule on resources, until the time is over.
    pub(super) fn matches(&self, page: ScanPage) -> Result<PageMatches> {
        let reads_tags = self.rule.condition.reads().contains("tags");
        let mut found = PageMatches::default();
        let last = page.last;
        for (id, subject) in page.subjects()? {
            if is_over() {
                return Ok(found);
            }
            found.last = Some(id);
            let effective = reads_tags.then(|| self.engine.tags_for_rules(&subject));
            let input = subject.condition_input(effective.as_ref());
            match self.rule.apply(&input, &subject) {
                RuleVerdict::Value(_) => found.ids.push(id),
                RuleVerdict::NoMatch => {}
                RuleVerdict::TooExpensive => found.too_expensive += 1,
            }
        }
        found.last = last;
        found.is_whole = true;
        Ok(found)
    }

    /// Looks at what would come of the rule on resources that it matches, until the time is over.
    pub(super) fn outcomes(
        &self,
        page: Vec<(resource::Model, Vec<virtual_tag::Model>)>,
    ) -> Result<PageOutcomes> {
        let mut outcomes = PageOutcomes::default();
        for (resource, tags) in page {
            if is_over() {
                break;
            }
            let subject = subject(resource.clone(), &tags)?;
            // It may have changed since it was found.
            let Some((tag_value, outcome)) = self.outcome(&subject, &tags, &mut outcomes.overlaps) else {
                continue;
            };
            *outcomes.counts.entry(outcome).or_default() += 1;
            let examples = outcomes.examples.entry(outcome).or_default();
            if examples.len() < EXAMPLES {
                examples.push(Example {
                    resource,
                    tag_value,
                    outcome,
                });
            }
        }
        Ok(outcomes)
    }

    /// Value and outcome on a resource, and the other rules that match it; `None` where the rule does not match.
    fn outcome(
        &self,
        subject: &Subject,
        tags: &[virtual_tag::Model],
        overlaps: &mut HashMap<i64, u64>,
    ) -> Option<(String, PreviewOutcome)> {
        let seen = self.engine.tags_for_rules(subject);
        let input = subject.condition_input(Some(&seen));
        let RuleVerdict::Value(value) = self.rule.apply(&input, subject) else {
            return None;
        };
        let value = self.vocabulary.canonical(&self.rule.key, &value).value;
        let view = SubjectView {
            subject,
            effective: Some(&seen),
        };
        let mut shadowed = false;
        for other in &self.others {
            let may_match = other.condition.requirement().allows(&view);
            if may_match && matches!(other.apply(&input, subject), RuleVerdict::Value(_)) {
                *overlaps.entry(other.id).or_default() += 1;
                shadowed |= self.goes_after(other);
            }
        }
        let is_pending = |tag: &virtual_tag::Model| {
            tag.approval_status == ApprovalStatus::Pending
                && tag.tag_key == self.rule.key
                && tag.tag_value == value
        };
        let outcome = match subject.effective_tags(&self.vocabulary).get(&self.rule.key) {
            _ if !shadowed && tags.iter().any(is_pending) => PreviewOutcome::AlreadyProposed,
            Some(held) if *held == value => PreviewOutcome::AlreadyHolds,
            _ if shadowed => PreviewOutcome::Shadowed,
            _ if subject.approved.contains_key(&self.rule.key) => PreviewOutcome::Conflict,
            held => self.undecided(subject, tags, &value, held.is_some()),
        };
        Some((value, outcome))
    }

    /// Outcome where neither a decision nor another rule comes first.
    fn undecided(
        &self,
        subject: &Subject,
        tags: &[virtual_tag::Model],
        value: &str,
        is_held: bool,
    ) -> PreviewOutcome {
        let replaced = |tag: &virtual_tag::Model| {
            tag.approval_status == ApprovalStatus::Pending
                && tag.tag_key == self.rule.key
                && tag.tag_value != value
        };
        let is_proposed = would_propose(&self.engine, subject, tags, &self.rule.key, value);
        if is_proposed && tags.iter().any(replaced) {
            PreviewOutcome::Change
        } else if is_held && !self.rule.corrects {
            PreviewOutcome::NativeConflict
        } else if is_proposed {
            PreviewOutcome::NewTag
        } else {
            PreviewOutcome::NotProposed
        }
    }

    fn goes_after(&self, other: &CompiledRule) -> bool {
        other.rank() < self.rule.rank()
    }

    /// Rules that go first where both match, and rules that this one goes before.
    pub(super) fn overlaps(&self, outcomes: &PageOutcomes) -> (Vec<Overlap>, Vec<Overlap>) {
        let overlap = |other: &CompiledRule| {
            let count = outcomes.overlaps.get(&other.id).copied()?;
            Some(Overlap {
                rule_id: other.id,
                rule_name: other.name.clone(),
                count,
            })
        };
        let (first, last): (Vec<_>, Vec<_>) = self.others.iter().partition(|other| self.goes_after(other));
        let overlaps = |rules: Vec<&CompiledRule>| rules.into_iter().filter_map(overlap).collect();
        (overlaps(first), overlaps(last))
    }
}
