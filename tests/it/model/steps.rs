//! Steps drawn at random. Indices are taken modulo what there is, so that any sequence makes sense, and
//! one from which steps were taken away still does.

use super::state::{Model, Status};
use crate::support::fixture::rule;
use proptest::prelude::*;
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::rules::RuleDraft;

/// Resources of a case.
pub const SLOTS: usize = 3;
const NAMES: [&str; 4] = ["orders-prod", "orders-staging", "bills", "bills-prod"];
const NATIVE: [&[(&str, &str)]; 5] = [
    &[],
    &[("Env", "prd")],
    &[("stage", "Staging"), ("Team", "Order Desk")],
    &[("team", "payments")],
    &[("environment", "production")],
];
const KEYS: [&str; 2] = ["environment", "team"];
const VALUES: [&str; 4] = ["production", "staging", "payments", "by-hand"];
const CONDITIONS: [&str; 3] = [
    "resource.name.startsWith('orders')",
    // Looks at what is approved, so that a decision on one key moves another.
    "'environment' in resource.tags && resource.tags.environment == 'production'",
    "'team' in resource.tags",
];
const CONFIDENCES: [f64; 3] = [0.95, 0.8, 0.5];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Deny,
    Undo,
}

/// Which tags; `apt` ones are those that the verdict can concern.
#[derive(Clone, Debug)]
pub struct Picks {
    apt: bool,
    at: Vec<usize>,
}

#[derive(Clone, Debug)]
pub enum Op {
    Report {
        slot: usize,
        name: usize,
        native: usize,
        /// In another account than most reports.
        elsewhere: bool,
    },
    /// All that there is, according to the source: what is missing vanishes.
    Snapshot {
        present: [bool; SLOTS],
    },
    EditNative {
        slot: usize,
        native: usize,
    },
    DeleteResource {
        slot: usize,
    },
    /// By a worker that reads the rules again before, or has old ones still.
    Evaluate {
        reload: bool,
    },
    Decide {
        verdict: Verdict,
        picks: Picks,
    },
    DecideKey {
        verdict: Verdict,
        key: usize,
    },
    CreateTag {
        slot: usize,
        key: usize,
        value: usize,
    },
    UpdateTag {
        pick: usize,
        value: usize,
    },
    DeleteTag {
        pick: usize,
    },
    PutRule {
        pick: usize,
        condition: usize,
        key: usize,
        value: usize,
        confidence: usize,
        priority: i32,
    },
    ToggleRule {
        pick: usize,
    },
    DeleteRule {
        pick: usize,
    },
    /// A worker dies between its last statement and the commit.
    Abandon,
    /// A worker loses its run in mid-chunk to another.
    Takeover,
    /// A caller goes away after its request was looked at so many times.
    Cut {
        op: Box<Op>,
        polls: usize,
    },
}

/// A step with what it concerns in this case.
#[derive(Clone, Debug)]
pub enum Act {
    Report(Vec<(usize, ResourceReport)>),
    Snapshot {
        reports: Vec<(usize, ResourceReport)>,
        missing: Vec<usize>,
    },
    EditNative(usize, ResourceReport),
    DeleteResource(usize),
    Evaluate {
        reload: bool,
    },
    Decide(Verdict, Vec<usize>),
    DecideKey(Verdict, &'static str),
    CreateTag(usize, &'static str, &'static str),
    UpdateTag(usize, &'static str),
    DeleteTag(usize),
    PutRule(Option<i64>, RuleDraft),
    DeleteRule(i64),
    Abandon,
    Takeover,
    Cut(Box<Act>, usize),
    Nothing,
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![3 => Just(Verdict::Approve), 2 => Just(Verdict::Deny), 2 => Just(Verdict::Undo)]
}

fn picks() -> impl Strategy<Value = Picks> {
    let at = prop::collection::vec(any::<usize>(), 1..4);
    (prop::bool::weighted(0.8), at).prop_map(|(apt, at)| Picks { apt, at })
}

fn simple() -> impl Strategy<Value = Op> {
    let slot = || 0..SLOTS;
    let index = any::<usize>;
    prop_oneof![
        4 => (slot(), index(), index(), prop::bool::weighted(0.2)).prop_map(
            |(slot, name, native, elsewhere)| Op::Report { slot, name, native, elsewhere }),
        2 => any::<[bool; SLOTS]>().prop_map(|present| Op::Snapshot { present }),
        2 => (slot(), index()).prop_map(|(slot, native)| Op::EditNative { slot, native }),
        1 => slot().prop_map(|slot| Op::DeleteResource { slot }),
        8 => prop::bool::weighted(0.8).prop_map(|reload| Op::Evaluate { reload }),
        8 => (verdict(), picks()).prop_map(|(verdict, picks)| Op::Decide { verdict, picks }),
        2 => (prop_oneof![Just(Verdict::Approve), Just(Verdict::Deny)], index())
            .prop_map(|(verdict, key)| Op::DecideKey { verdict, key }),
        4 => (slot(), index(), index()).prop_map(|(slot, key, value)| Op::CreateTag { slot, key, value }),
        2 => (index(), index()).prop_map(|(pick, value)| Op::UpdateTag { pick, value }),
        2 => index().prop_map(|pick| Op::DeleteTag { pick }),
        3 => (index(), index(), index(), index(), index(), 1..4).prop_map(
            |(pick, condition, key, value, confidence, priority)| Op::PutRule {
                pick, condition, key, value, confidence, priority
            }),
        1 => index().prop_map(|pick| Op::ToggleRule { pick }),
        1 => index().prop_map(|pick| Op::DeleteRule { pick }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        30 => simple(),
        1 => Just(Op::Abandon),
        1 => Just(Op::Takeover),
        4 => (simple(), 1_usize..40).prop_map(|(op, polls)| Op::Cut { op: Box::new(op), polls }),
    ]
}

/// A whole case. Begins with something to tag.
pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..40).prop_map(|mut ops| {
        let reports = (0..SLOTS).map(|slot| Op::Report {
            slot,
            name: slot,
            native: slot,
            elsewhere: false,
        });
        ops.splice(0..0, reports.chain([Op::Evaluate { reload: true }]));
        ops
    })
}

fn at<T: Copy>(of: &[T], index: usize) -> Option<T> {
    (!of.is_empty()).then(|| of[index % of.len()])
}

fn pick<T: Copy>(of: &[T], index: usize) -> T {
    of[index % of.len()]
}

impl Op {
    /// Outcome of the step in the present state of the model; `case` names resources apart from those of other cases.
    pub fn resolve(&self, model: &Model, case: u64) -> Act {
        match self {
            Self::Report {
                slot,
                name,
                native,
                elsewhere,
            } => {
                let mut report = report(case, *slot, *name, *native);
                if *elsewhere {
                    report.account_id = "444455556666".into();
                }
                Act::Report(vec![(*slot, report)])
            }
            Self::Snapshot { present } => snapshot(model, case, *present),
            Self::EditNative { slot, native } => match model.resources.get(slot) {
                Some(resource) => Act::EditNative(
                    *slot,
                    ResourceReport {
                        native_tags: tags(*native),
                        ..resource.report.clone()
                    },
                ),
                None => Act::Nothing,
            },
            Self::DeleteResource { slot } => match model.resources.get(slot) {
                Some(_) => Act::DeleteResource(*slot),
                None => Act::Nothing,
            },
            Self::Evaluate { reload } => Act::Evaluate { reload: *reload },
            Self::Decide { verdict, picks } => decide(model, *verdict, picks),
            Self::DecideKey { verdict, key } => Act::DecideKey(*verdict, pick(&KEYS, *key)),
            Self::CreateTag { slot, key, value } => match model.resources.get(slot) {
                Some(_) => Act::CreateTag(*slot, pick(&KEYS, *key), pick(&VALUES, *value)),
                None => Act::Nothing,
            },
            Self::UpdateTag { pick: index, value } => match at(&manual_first(model), *index) {
                Some(number) => Act::UpdateTag(number, pick(&VALUES, *value)),
                None => Act::Nothing,
            },
            Self::DeleteTag { pick } => at(&manual_first(model), *pick).map_or(Act::Nothing, Act::DeleteTag),
            Self::Abandon => Act::Abandon,
            Self::Takeover => Act::Takeover,
            Self::Cut { op, polls } => Act::Cut(Box::new(op.resolve(model, case)), *polls),
            _ => self.resolve_rule(model, case),
        }
    }

    fn resolve_rule(&self, model: &Model, case: u64) -> Act {
        let ids: Vec<i64> = model.rules.keys().copied().collect();
        match self {
            Self::PutRule {
                pick: index,
                condition,
                key,
                value,
                confidence,
                priority,
            } => {
                // One beyond those that there are is a new one.
                let id = Some(index % (ids.len() + 1)).and_then(|at| ids.get(at).copied());
                let name = match id {
                    Some(id) => model.rules[&id].rule_name.clone(),
                    None => format!("{case}-{}", model.step),
                };
                let mut draft = rule(
                    &name,
                    pick(&CONDITIONS, *condition),
                    pick(&KEYS, *key),
                    pick(&VALUES, *value),
                );
                draft.confidence = pick(&CONFIDENCES, *confidence);
                draft.priority = *priority;
                Act::PutRule(id, draft)
            }
            Self::ToggleRule { pick } => at(&ids, *pick).map_or(Act::Nothing, |id| {
                let draft = model.rules[&id].clone();
                Act::PutRule(
                    Some(id),
                    RuleDraft {
                        enabled: !draft.enabled,
                        ..draft
                    },
                )
            }),
            Self::DeleteRule { pick } => at(&ids, *pick).map_or(Act::Nothing, Act::DeleteRule),
            other => unreachable!("{other:?}"),
        }
    }
}

fn tags(native: usize) -> std::collections::BTreeMap<String, String> {
    let tags = pick(&NATIVE, native).iter();
    tags.map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

pub fn reference(case: u64, slot: usize) -> String {
    format!("case-{case}/{slot}")
}

fn report(case: u64, slot: usize, name: usize, native: usize) -> ResourceReport {
    ResourceReport {
        resource_id: reference(case, slot),
        native_tags: tags(native),
        ..crate::support::fixture::resource(pick(&NAMES, name))
    }
}

/// A present resource is reported as it is, and returns if it was gone.
fn snapshot(model: &Model, case: u64, present: [bool; SLOTS]) -> Act {
    let known = |slot: usize| model.resources.get(&slot);
    let reports = (0..SLOTS).filter(|&slot| present[slot]).map(|slot| {
        let report =
            known(slot).map_or_else(|| report(case, slot, slot, 0), |resource| resource.report.clone());
        (slot, report)
    });
    let missing = |&slot: &usize| !present[slot] && known(slot).is_some_and(|resource| !resource.retired);
    Act::Snapshot {
        reports: reports.collect(),
        missing: (0..SLOTS).filter(missing).collect(),
    }
}

fn decide(model: &Model, verdict: Verdict, picks: &Picks) -> Act {
    let apt = |status: Status| match verdict {
        Verdict::Undo => matches!(status, Status::Approved | Status::Denied),
        _ => status == Status::Pending,
    };
    let wanted = model.tags.iter().filter(|(_, tag)| !picks.apt || apt(tag.status));
    let wanted: Vec<usize> = wanted.map(|(&number, _)| number).collect();
    let mut chosen: Vec<usize> = picks.at.iter().filter_map(|&index| at(&wanted, index)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    if chosen.is_empty() {
        return Act::Nothing;
    }
    Act::Decide(verdict, chosen)
}

/// The tags made by hand; all when there are none, to be refused.
fn manual_first(model: &Model) -> Vec<usize> {
    let manual = model.tags.iter().filter(|(_, tag)| tag.source == "MANUAL");
    let manual: Vec<usize> = manual.map(|(&number, _)| number).collect();
    if manual.is_empty() {
        return model.tags.keys().copied().collect();
    }
    manual
}
