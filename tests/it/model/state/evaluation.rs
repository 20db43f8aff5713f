//! Rules and evaluations of the model: due resources, and proposals in place of the tags that there are.

use super::Status::{Approved, Denied, Pending, Superseded};
use super::{Loaded, Model, Resource, Tag, upper};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tagging::rules::Condition;
use tagging::{Disposition, Engine, Evidence, EvidencePieces, Proposal, Subject, Thresholds, Vocabulary};
use virtual_tagging::domain::rules::RuleDraft;

impl Model {
    /// `false` when nothing is different.
    pub fn put_rule(&mut self, id: i64, rule: Option<RuleDraft>) -> bool {
        if self.rules.get(&id) == rule.as_ref() {
            return false;
        }
        let changed = [self.rules.get(&id).cloned(), rule.clone()];
        let changed = changed.into_iter().flatten().filter(|rule| rule.enabled);
        self.make_matching_due(&changed.collect::<Vec<_>>());
        match rule {
            Some(rule) => self.rules.insert(id, rule),
            None => self.rules.remove(&id),
        };
        self.generation += 1;
        true
    }

    /// Resources that the rules match are due; all of them, if only an evaluation can tell.
    fn make_matching_due(&mut self, rules: &[RuleDraft]) {
        if rules.iter().any(|rule| rule.condition.contains("resource.tags")) {
            self.revision += 1;
            return;
        }
        for rule in rules {
            let condition = Condition::compile(&rule.condition).unwrap();
            let slots: Vec<usize> = self.resources.keys().copied().collect();
            for slot in slots {
                if condition.matches(&self.subject(slot).condition_input(None)) {
                    self.resources.get_mut(&slot).unwrap().evaluated = 0;
                }
            }
        }
    }

    pub fn load(&mut self) {
        self.loaded = Loaded {
            revision: self.revision,
            generation: self.generation,
            rules: self.rules.clone(),
        };
    }

    fn subject(&self, slot: usize) -> Subject {
        let report = self.resources[&slot].report.clone();
        let approved = self
            .of_resource(slot)
            .into_iter()
            .map(|number| &self.tags[&number]);
        let approved = approved.filter(|tag| tag.status == Approved);
        Subject {
            resource_id: report.resource_id,
            name: report.name,
            cloud: report.cloud.into(),
            account_id: report.account_id,
            resource_type: report.resource_type,
            region: report.region,
            native_tags: report.native_tags,
            approved: approved.map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            applied: BTreeMap::new(),
            denied_native: BTreeSet::new(),
        }
    }

    /// Evaluates what is due under the rules that the worker has, if these are the present ones.
    pub fn evaluate(&mut self, actor: &str) {
        if self.loaded.generation != self.generation {
            return;
        }
        let rules = self.loaded.rules.iter().filter(|(_, rule)| rule.enabled);
        let vocabulary = Vocabulary::default();
        let compile = |(&id, rule): (&i64, &RuleDraft)| {
            let stored = rule.clone().normalised(&vocabulary);
            stored.compile(id, 1).unwrap()
        };
        let rules = rules.map(compile).collect();
        let engine = Engine::new(Arc::new(Vocabulary::default()), rules, Thresholds::default());
        let revision = self.loaded.revision;
        let due = |(_, resource): &(&usize, &Resource)| !resource.retired && resource.evaluated < revision;
        let due: Vec<usize> = self.resources.iter().filter(due).map(|(&slot, _)| slot).collect();
        for slot in due {
            let proposals = engine.evaluate(&self.subject(slot)).proposals;
            for number in self.of_resource(slot) {
                let tag = &self.tags[&number];
                let still = |proposal: &&Proposal| proposal.key == tag.key && proposal.value == tag.value;
                if tag.status != Pending || tag.source == "MANUAL" {
                    continue;
                }
                match proposals.iter().find(still) {
                    None if tag.denials.is_empty() => {
                        self.move_to(number, Superseded, "WITHDRAWN", actor);
                    }
                    Some(proposal) if tag.denials.is_empty() || is_news(&proposal.evidence, &tag.denials) => {
                    }
                    _ => self.deny_again(number, actor),
                }
            }
            for proposal in proposals {
                self.propose(slot, proposal, actor);
            }
            let resource = self.resources.get_mut(&slot).unwrap();
            resource.evaluated = revision;
            resource.inferences += 1;
        }
    }

    fn propose(&mut self, slot: usize, proposal: Proposal, actor: &str) {
        let mut proposed = Tag {
            slot,
            source: upper(proposal.source),
            confidence: proposal.confidence,
            auto_applied: proposal.disposition == Disposition::AutoApply,
            rule: proposal.rule_id,
            signature: proposal.signature,
            evidence: Some(proposal.evidence),
            status: Pending,
            decided: None,
            taken: None,
            denials: Vec::new(),
            key: proposal.key,
            value: proposal.value,
        };
        let Some(number) = self.find(slot, &proposed.key, &proposed.value) else {
            let number = self.insert(proposed);
            return self.log(number, "PROPOSED", None, actor);
        };
        let old = self.tags[&number].clone();
        let turned_down = old.status == Denied || old.taken.is_some_and(|taken| taken.by.is_some());
        let mut known = old.denials.clone();
        known.extend(turned_down.then(|| old.clone()));
        let news = proposed.evidence.as_ref();
        let is_news = known.is_empty() || news.is_some_and(|news| is_news(news, &known));
        let action = match old.status {
            Approved => return,
            Pending if old.source == "MANUAL" || looks_equal(&old, &proposed) => return,
            // A value that a person denied returns with new evidence only.
            _ if !is_news => return,
            Pending => "REFRESHED",
            _ => "PROPOSED",
        };
        proposed.denials = if old.status == Denied { known } else { old.denials };
        let value = proposed.value.clone();
        self.tags.insert(number, proposed);
        self.log(number, action, Some((&value, old.status)), actor);
    }

    /// The tag as it was when it was denied last.
    fn deny_again(&mut self, number: usize, actor: &str) {
        let tag = self.tags.get_mut(&number).unwrap();
        let mut denials = std::mem::take(&mut tag.denials);
        *tag = denials.pop().unwrap();
        tag.denials = denials;
        let value = tag.value.clone();
        self.log(number, "RESTORED", Some((&value, Pending)), actor);
    }
}

/// True if a piece that carries the value did not speak, or materially less, on any of these tags.
fn is_news(news: &Evidence, known: &[Tag]) -> bool {
    let mut pieces = EvidencePieces::default();
    for tag in known {
        pieces.extend(
            tag.evidence
                .as_ref()
                .map(|evidence| evidence.pieces.clone())
                .unwrap_or_default(),
        );
    }
    !news.changes_since(&pieces).is_empty()
}

fn looks_equal(one: &Tag, other: &Tag) -> bool {
    let rest = |tag: &Tag| {
        (
            tag.source.clone(),
            tag.auto_applied,
            tag.rule,
            tag.signature.clone(),
        )
    };
    let news = other.evidence.as_ref().unwrap();
    rest(one) == rest(other)
        && (one.confidence - other.confidence).abs() < 1e-9
        && !is_news(news, std::slice::from_ref(one))
}
