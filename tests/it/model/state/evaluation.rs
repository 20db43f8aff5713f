//! Rules and evaluations of the model: due resources, and proposals in place of the tags that there are.

use super::Status::{Approved, Denied, Pending, Superseded};
use super::{Loaded, Model, Resource, Tag, upper};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tagging::rules::Condition;
use tagging::{Disposition, Engine, Proposal, Subject, Thresholds, Vocabulary};
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
                let still = |proposal: &Proposal| proposal.key == tag.key && proposal.value == tag.value;
                if tag.status == Pending && tag.source != "MANUAL" && !proposals.iter().any(still) {
                    self.move_to(number, Superseded, "WITHDRAWN", actor);
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
        let proposed = Tag {
            slot,
            source: upper(proposal.source),
            confidence: proposal.confidence,
            auto_applied: proposal.disposition == Disposition::AutoApply,
            rule: proposal.rule_id,
            signature: proposal.signature,
            status: Pending,
            decided: None,
            taken: None,
            key: proposal.key,
            value: proposal.value,
        };
        let Some(number) = self.find(slot, &proposed.key, &proposed.value) else {
            let number = self.insert(proposed);
            return self.log(number, "PROPOSED", None, actor);
        };
        let old = self.tags[&number].clone();
        let turned_down = old.status == Denied || old.taken.is_some_and(|taken| taken.by.is_some());
        let action = match old.status {
            Approved => return,
            Pending if old.source == "MANUAL" || looks_equal(&old, &proposed) => return,
            Pending => "REFRESHED",
            // A value that a person denied returns with other evidence only.
            _ if turned_down && old.signature == proposed.signature => return,
            _ => "PROPOSED",
        };
        let value = proposed.value.clone();
        self.tags.insert(number, proposed);
        self.log(number, action, Some((&value, old.status)), actor);
    }
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
    rest(one) == rest(other) && (one.confidence - other.confidence).abs() < 1e-9
}
