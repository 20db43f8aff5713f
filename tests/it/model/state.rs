//! Model of the service, in plain maps: written from the product's rules, without a look at its statements. Only
//! what a resource *proposes* comes from the engine itself, which is pure and tested elsewhere.

mod evaluation;

use std::collections::BTreeMap;
use tagging::Evidence;
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::rules::RuleDraft;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Pending,
    Approved,
    Denied,
    Superseded,
}
use Status::{Approved, Denied, Pending, Superseded};

pub fn upper(word: impl std::fmt::Debug) -> String {
    format!("{word:?}").to_uppercase()
}

/// Actor in whose name the tags of resources that change accounts are withdrawn.
const INVENTORY: &str = "system:inventory";

/// Change of a tag by a decision on another.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The tag that was approved instead; `None` once that tag is gone.
    pub by: Option<usize>,
    from: Status,
    /// The step in which it was taken.
    at: u64,
}

#[derive(Clone, Debug)]
pub struct Tag {
    pub slot: usize,
    pub key: String,
    pub value: String,
    pub source: String,
    pub confidence: f64,
    pub auto_applied: bool,
    pub rule: Option<i64>,
    pub signature: String,
    /// Evidence of the engine; none for tags by hand.
    pub evidence: Option<Evidence>,
    pub status: Status,
    /// Actor and step.
    pub decided: Option<(String, u64)>,
    pub taken: Option<Taken>,
    /// The tag as it was each time that it was denied and then proposed again.
    pub denials: Vec<Tag>,
}

#[derive(Clone, Debug)]
pub struct Resource {
    pub report: ResourceReport,
    pub retired: bool,
    /// The revision of its last evaluation; 0 when something changed since.
    pub evaluated: i64,
    /// Number of evaluations.
    pub inferences: i64,
}

/// One change of one tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub slot: usize,
    pub key: String,
    pub action: String,
    pub old: Option<(String, String)>,
    pub new: Option<(String, String)>,
    pub source: String,
    pub confidence: String,
    pub auto_applied: bool,
    pub actor: String,
}

/// The rules at some moment. A worker may still hold those of an earlier one.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub revision: i64,
    generation: u64,
    rules: BTreeMap<i64, RuleDraft>,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub resources: BTreeMap<usize, Resource>,
    /// By number, in the order in which they were made.
    pub tags: BTreeMap<usize, Tag>,
    pub rules: BTreeMap<i64, RuleDraft>,
    pub revision: i64,
    /// Number of changes of rules.
    generation: u64,
    pub loaded: Loaded,
    /// Of the present step.
    pub trail: Vec<Change>,
    /// Number of the present step.
    pub step: u64,
    next: usize,
}

impl Model {
    pub fn new(revision: i64) -> Self {
        let mut model = Self {
            revision,
            ..Self::default()
        };
        model.load();
        model
    }

    pub fn begin_step(&mut self) {
        self.step += 1;
        self.trail.clear();
    }

    fn log(&mut self, number: usize, action: &str, old: Option<(&str, Status)>, actor: &str) {
        let tag = &self.tags[&number];
        let state = |(value, status): (&str, Status)| (value.to_owned(), upper(status));
        self.trail.push(Change {
            slot: tag.slot,
            key: tag.key.clone(),
            action: action.into(),
            old: old.map(state),
            new: (action != "DELETED").then(|| state((&tag.value, tag.status))),
            source: tag.source.clone(),
            confidence: format!("{:?}", tag.confidence),
            auto_applied: tag.auto_applied,
            actor: actor.into(),
        });
    }

    fn move_to(&mut self, number: usize, status: Status, action: &str, actor: &str) {
        let tag = self.tags.get_mut(&number).unwrap();
        let old = (tag.value.clone(), tag.status);
        tag.status = status;
        self.log(number, action, Some((&old.0, old.1)), actor);
    }

    fn make_due(&mut self, slot: usize) {
        if let Some(resource) = self.resources.get_mut(&slot) {
            resource.evaluated = 0;
        }
    }

    /// The others of the tag's key on its resource, and itself.
    fn of_key(&self, number: usize) -> Vec<usize> {
        let tag = &self.tags[&number];
        let same = |(_, other): &(&usize, &Tag)| (other.slot, &other.key) == (tag.slot, &tag.key);
        self.tags.iter().filter(same).map(|(&number, _)| number).collect()
    }

    /// All other values of the key that still had a chance, or held, give way.
    fn supersede_others(&mut self, winner: usize, actor: &str) {
        for other in self.of_key(winner) {
            let status = self.tags[&other].status;
            if other != winner && matches!(status, Pending | Approved) {
                self.tags.get_mut(&other).unwrap().taken = Some(Taken {
                    by: Some(winner),
                    from: status,
                    at: self.step,
                });
                self.move_to(other, Superseded, "SUPERSEDED", actor);
            }
        }
    }

    fn decided(&mut self, number: usize, status: Status, action: &str, actor: &str) {
        self.tags.get_mut(&number).unwrap().decided = Some((actor.into(), self.step));
        self.move_to(number, status, action, actor);
        self.make_due(self.tags[&number].slot);
    }

    /// Gives those that were approved: of each key on each resource the surest, the oldest among equals.
    pub fn approve(&mut self, numbers: &[usize], actor: &str) -> Vec<usize> {
        let mut winners: BTreeMap<(usize, String), usize> = BTreeMap::new();
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        for number in numbers {
            let tag = &self.tags[&number];
            if tag.status != Pending {
                continue;
            }
            let place = winners.entry((tag.slot, tag.key.clone())).or_insert(number);
            if self.tags[place].confidence < tag.confidence {
                *place = number;
            }
        }
        let winners: Vec<usize> = winners.into_values().collect();
        for &winner in &winners {
            self.supersede_others(winner, actor);
            self.decided(winner, Approved, "APPROVED", actor);
        }
        winners
    }

    pub fn deny(&mut self, numbers: &[usize], actor: &str) -> Vec<usize> {
        let pending = |number: &usize| self.tags[number].status == Pending;
        let denied: Vec<usize> = numbers.iter().copied().filter(pending).collect();
        for &number in &denied {
            self.decided(number, Denied, "DENIED", actor);
        }
        denied
    }

    /// Tags superseded by the present approval of a tag.
    fn taken_by(&self, winner: usize) -> Vec<usize> {
        let approval = match &self.tags[&winner] {
            Tag {
                status: Approved,
                decided: Some((_, at)),
                ..
            } => *at,
            _ => return Vec::new(),
        };
        let lost = |tag: &Tag| {
            tag.taken
                .is_some_and(|taken| taken.by == Some(winner) && taken.at == approval)
        };
        let lost = self.tags.iter().filter(|(_, tag)| lost(tag));
        lost.map(|(&number, _)| number).collect()
    }

    fn restore(&mut self, numbers: Vec<usize>, actor: &str) {
        for number in numbers {
            let tag = self.tags.get_mut(&number).unwrap();
            let from = tag.taken.take().unwrap().from;
            if from == Pending && self.resources[&tag.slot].retired {
                self.move_to(number, Superseded, "WITHDRAWN", actor);
            } else {
                self.move_to(number, from, "RESTORED", actor);
            }
        }
    }

    pub fn undo(&mut self, numbers: &[usize], actor: &str) -> Vec<usize> {
        let decided = |number: &usize| matches!(self.tags[number].status, Approved | Denied);
        let undone: Vec<usize> = numbers.iter().copied().filter(decided).collect();
        let lost = undone.iter().flat_map(|&number| self.taken_by(number)).collect();
        for &number in &undone {
            let tag = self.tags.get_mut(&number).unwrap();
            tag.decided = None;
            let slot = tag.slot;
            let status = if self.resources[&slot].retired {
                Superseded
            } else {
                Pending
            };
            self.move_to(number, status, "UNDONE", actor);
            self.make_due(slot);
        }
        self.restore(lost, actor);
        undone
    }

    fn find(&self, slot: usize, key: &str, value: &str) -> Option<usize> {
        let found = |tag: &Tag| (tag.slot, tag.key.as_str(), tag.value.as_str()) == (slot, key, value);
        let mut of_value = self.tags.iter().filter(|(_, tag)| found(tag));
        of_value.next().map(|(&number, _)| number)
    }

    fn insert(&mut self, tag: Tag) -> usize {
        self.next += 1;
        self.tags.insert(self.next, tag);
        self.next
    }

    /// `false` when the value is approved already.
    pub fn create_tag(&mut self, slot: usize, key: &str, value: &str, actor: &str) -> bool {
        let same = self.find(slot, key, value);
        let old = same.map(|number| self.tags[&number].status);
        if old == Some(Approved) {
            return false;
        }
        let made = Tag {
            slot,
            key: key.into(),
            value: value.into(),
            source: "MANUAL".into(),
            confidence: 1.0,
            auto_applied: false,
            rule: None,
            signature: "MANUAL".into(),
            evidence: None,
            status: Approved,
            decided: Some((actor.into(), self.step)),
            taken: None,
            denials: Vec::new(),
        };
        let number = match same {
            Some(number) => {
                self.tags.insert(number, made);
                number
            }
            None => self.insert(made),
        };
        self.supersede_others(number, actor);
        self.log(number, "CREATED", old.map(|status| (value, status)), actor);
        self.make_due(slot);
        true
    }

    fn is_manual(&self, number: usize) -> bool {
        self.tags[&number].source == "MANUAL"
    }

    /// `false` for an inferred tag, and for a value that the key has already.
    pub fn update_tag(&mut self, number: usize, value: &str, actor: &str) -> bool {
        let tag = self.tags[&number].clone();
        let same = self.find(tag.slot, &tag.key, value);
        if !self.is_manual(number) || same.is_some_and(|other| other != number) {
            return false;
        }
        self.tags.get_mut(&number).unwrap().value = value.into();
        self.log(number, "UPDATED", Some((&tag.value, tag.status)), actor);
        self.make_due(tag.slot);
        true
    }

    /// `false` for an inferred tag.
    pub fn delete_tag(&mut self, number: usize, actor: &str) -> bool {
        if !self.is_manual(number) {
            return false;
        }
        let lost = self.taken_by(number);
        self.restore(lost, actor);
        let heir = self.tags[&number].taken.and_then(|taken| taken.by);
        for taken in self.tags.values_mut().filter_map(|tag| tag.taken.as_mut()) {
            if taken.by == Some(number) {
                taken.by = heir;
                // Nothing that the heir did.
                taken.at = 0;
            }
        }
        self.forget(number, actor);
        true
    }

    fn forget(&mut self, number: usize, actor: &str) {
        let tag = self.tags[&number].clone();
        self.log(number, "DELETED", Some((&tag.value, tag.status)), actor);
        self.tags.remove(&number);
        self.make_due(tag.slot);
    }

    fn of_resource(&self, slot: usize) -> Vec<usize> {
        let of = self.tags.iter().filter(|(_, tag)| tag.slot == slot);
        of.map(|(&number, _)| number).collect()
    }

    pub fn report(&mut self, slot: usize, report: ResourceReport) {
        let moves = |known: &Resource| known.report.account_id != report.account_id;
        if self.resources.get(&slot).is_some_and(moves) {
            self.leave_account(slot);
        }
        match self.resources.get(&slot) {
            Some(known) if !known.retired && known.report == report => {}
            known => {
                let resource = Resource {
                    report,
                    retired: false,
                    evaluated: 0,
                    inferences: known.map_or(0, |known| known.inferences),
                };
                self.resources.insert(slot, resource);
            }
        }
    }

    /// One account's trail ends, and another's begins, with nothing decided.
    fn leave_account(&mut self, slot: usize) {
        for number in self.of_resource(slot) {
            let (value, status) = (self.tags[&number].value.clone(), self.tags[&number].status);
            self.log(number, "DELETED", Some((&value, status)), INVENTORY);
            let tag = self.tags.get_mut(&number).unwrap();
            (tag.status, tag.decided, tag.taken) = (Superseded, None, None);
            self.log(number, "WITHDRAWN", None, INVENTORY);
        }
    }

    /// A source has reported all that it has, and these are not among it.
    pub fn retire(&mut self, slots: &[usize], actor: &str) {
        for &slot in slots {
            self.resources.get_mut(&slot).unwrap().retired = true;
            for number in self.of_resource(slot) {
                if self.tags[&number].status == Pending {
                    self.move_to(number, Superseded, "WITHDRAWN", actor);
                }
            }
        }
    }

    pub fn delete_resource(&mut self, slot: usize, actor: &str) {
        for number in self.of_resource(slot) {
            self.forget(number, actor);
        }
        self.resources.remove(&slot);
    }
}
