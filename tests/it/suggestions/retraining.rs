//! Random evaluations, decisions, corrections, suggestions, changes of rules and of resources, and models that are trained
//! anew: a denied value returns only on new evidence, an approved one is never overwritten, running twice changes nothing, and
//! revoking what was accepted restores what was.

use super::{accept, evaluate_all_again, named, suggest};
use crate::learning::models::train;
use crate::support::decisions::{answered, try_decide, undo};
use crate::support::fixture::{Fixture, actor, approver, resource, rule, settings, shipped_vocabulary};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use virtual_tagging::auth::Role;
use virtual_tagging::domain::ApprovalStatus::{Approved, Denied, Pending, Superseded};
use virtual_tagging::domain::approvals::{self, Decision, PastDenial, Selection};
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::models::{self, ModelStatus};
use virtual_tagging::domain::{rules, suggestions};
use virtual_tagging::entities::virtual_tag::Model as Tag;

const SERVICES: [(&str, &str); 3] = [
    ("ledger", "finance"),
    ("parcel", "logistics"),
    ("stock", "retail"),
];
const STAGES: [&str; 3] = ["prod", "dev", "api"];

/// Kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Evaluate,
    Approve,
    Deny,
    Correct,
    Undo,
    Accept,
    Revoke,
    AcceptAndRevoke,
    ChangeRule,
    MakeAndDropRule,
    ChangeResource,
    Retrain,
    RetrainAgain,
}

use Step::{
    Accept, AcceptAndRevoke, Approve, ChangeResource, ChangeRule, Correct, Deny, Evaluate, MakeAndDropRule,
    Retrain, RetrainAgain, Revoke, Undo,
};

/// Steps, those that change most several times.
const STEPS: [Step; 20] = [
    Evaluate,
    Approve,
    Approve,
    Deny,
    Deny,
    Deny,
    Deny,
    Correct,
    Undo,
    Accept,
    Accept,
    Revoke,
    AcceptAndRevoke,
    ChangeRule,
    ChangeRule,
    MakeAndDropRule,
    ChangeResource,
    ChangeResource,
    Retrain,
    RetrainAgain,
];

fn report(service: usize, number: usize, tagged: bool) -> ResourceReport {
    let (name, team) = SERVICES[service];
    let mut report = resource(&format!("{name}-{}-{number}", STAGES[number % STAGES.len()]));
    report.account_id = format!("account-{}", service % 2);
    if tagged {
        report.native_tags.insert("team".into(), team.into());
    }
    report
}

/// A history, and what is checked of it after each step.
struct History {
    fixture: Fixture,
    random: StdRng,
    suggested: Vec<i64>,
    rules: Vec<i64>,
    /// Steps so far, for people.
    steps: Vec<String>,
    /// Pieces of evidence on which a tag was denied, by its id.
    denied_on: HashMap<i64, BTreeMap<String, (u32, u32)>>,
    returned: usize,
}

/// Pieces of stored evidence: voters and agreeing by what the piece rests on.
fn pieces(tag: &Tag) -> BTreeMap<String, (u32, u32)> {
    let text = tag.evidence["pieces"].as_str().unwrap_or_default();
    let number = |text: &str| u32::from_str_radix(text, 16).unwrap();
    let piece = |text: &str| {
        let parts: Vec<&str> = text.split(':').collect();
        let voters = parts.get(1).map_or(0, |text| number(text));
        let agreeing = parts.get(2).map_or(voters, |text| number(text));
        (parts[0].to_owned(), (voters, agreeing))
    };
    text.split(' ')
        .filter(|text| !text.is_empty())
        .map(piece)
        .collect()
}

/// State of each tag that is not superseded. A tag that is made anew has another id and time.
fn state(tags: &[Tag]) -> BTreeSet<String> {
    let kept = tags.iter().filter(|tag| tag.approval_status != Superseded);
    let show = |tag: &Tag| {
        let denial = PastDenial::of(tag).map(|denial| (denial.denied_by, denial.denied_at, denial.changes));
        format!(
            "{} {}={} {:?} {:?} {:.6} {} {:?} {:?} {denial:?}",
            tag.resource_id,
            tag.tag_key,
            tag.tag_value,
            tag.approval_status,
            tag.source,
            tag.confidence,
            tag.evidence_signature,
            tag.decided_by,
            tag.decided_at,
        )
    };
    kept.map(show).collect()
}

impl History {
    async fn begin(seed: u64) -> Self {
        let fixture = Fixture::new().await;
        let reports: Vec<_> = (0..SERVICES.len())
            .flat_map(|service| (0..9).map(move |number| report(service, number, number < 5)))
            .collect();
        fixture.report(&reports).await;
        let mut suggested = Vec::new();
        for (prefix, tags) in [
            ("ledger-", &[("team", "finance"), ("owner", "ann")][..]),
            ("ledger-p", &[("environment", "staging")][..]),
            ("parcel-", &[("team", "desk"), ("environment", "production")][..]),
            ("stock-", &[("team", "retail")][..]),
        ] {
            suggested.push(suggest(&fixture, &named(prefix), tags).await);
        }
        let mut rules = Vec::new();
        for (name, condition, key, value) in [
            ("teams", "resource.name.startsWith('parcel')", "team", "logistics"),
            (
                "stages",
                "resource.name.contains('api')",
                "environment",
                "development",
            ),
        ] {
            rules.push(
                fixture
                    .create_rule(rule(name, condition, key, value))
                    .await
                    .rule
                    .id,
            );
        }
        let mut history = Self {
            fixture,
            random: StdRng::seed_from_u64(seed),
            suggested,
            rules,
            steps: vec![format!("seed {seed}")],
            denied_on: HashMap::new(),
            returned: 0,
        };
        history.retrain().await;
        history.fixture.auto_tag().await;
        history
    }

    fn told(&self) -> String {
        self.steps.join("\n")
    }

    /// Trains a model and puts it into use, as it is or by force.
    async fn retrain(&mut self) {
        let model = train(&self.fixture, &settings()).await;
        if model.status != ModelStatus::Active {
            let (admin, version) = (actor("ada", Role::Admin), model.version.to_string());
            let forced = models::rollback(&self.fixture.pool, &admin, &version, None);
            forced.await.unwrap();
        }
    }

    async fn change_rule(&mut self) {
        let id = *self.rules.choose(&mut self.random).unwrap();
        let value = *["logistics", "finance", "production", "development"]
            .choose(&mut self.random)
            .unwrap();
        let part = *["parcel", "stock", "api", "prod"]
            .choose(&mut self.random)
            .unwrap();
        let what = self.random.random_range(0..6);
        self.steps
            .push(format!("  rule {id}: change {what} {value} {part}"));
        let change = self.fixture.update_rule(id, |draft| match what {
            0 => draft.priority = 200 - draft.priority,
            1 => draft.tag_value = value.into(),
            2 => draft.condition = format!("resource.name.contains('{part}')"),
            _ => draft.enabled = !draft.enabled,
        });
        change.await;
    }

    /// A rule that gives the value of a tag brings it back where it was denied, and leaves nothing when it is gone.
    async fn make_and_drop_rule(&mut self, tag: &Tag) {
        let before = self.fixture.tags().await;
        let draft = rule("new", "resource.cloud == 'aws'", &tag.tag_key, &tag.tag_value);
        let made = self.fixture.create_rule(draft).await.rule.id;
        self.fixture.auto_tag().await;
        let now = self.fixture.tags().await;
        for old in before.iter().filter(|tag| tag.approval_status == Denied) {
            let new = now.iter().find(|tag| tag.id == old.id).expect("tags stay");
            if new.approval_status == Pending {
                self.check_return(old, new);
            }
        }
        rules::delete(&self.fixture.pool, &actor("ada", Role::Admin), made)
            .await
            .unwrap();
        self.fixture.auto_tag().await;
        assert_eq!(
            state(&self.fixture.tags().await),
            state(&before),
            "{}",
            self.told()
        );
    }

    /// The step, about some tag and suggestion.
    async fn make(&mut self, step: Step, tag: &Tag) {
        let (ann, id) = (approver("ann"), *self.suggested.choose(&mut self.random).unwrap());
        let selection = Selection::Ids(vec![tag.id]);
        let pool = self.fixture.pool.clone();
        match step {
            Evaluate => evaluate_all_again(&self.fixture).await,
            Approve => drop(answered(
                try_decide(&pool, &ann, Decision::Approve, selection, None).await,
            )),
            Deny => drop(answered(
                try_decide(&pool, &ann, Decision::Deny, selection, None).await,
            )),
            Correct => {
                let value = if tag.tag_key == "environment" {
                    "testing"
                } else {
                    "platform"
                };
                let corrected = approvals::correct(&pool, shipped_vocabulary(), &ann, selection, value, None);
                drop(answered(corrected.await));
            }
            Undo => drop(answered(undo(&pool, &ann, vec![tag.id], None).await)),
            Accept => drop(answered(accept(&self.fixture, &ann, id, None).await)),
            Revoke => drop(answered(suggestions::revoke(&pool, &ann, id, None).await)),
            AcceptAndRevoke => {
                let before = state(&self.fixture.tags().await);
                if answered(accept(&self.fixture, &ann, id, None).await)
                    .is_some_and(|done| done.run.is_some())
                {
                    self.fixture.auto_tag().await;
                    suggestions::revoke(&pool, &ann, id, None).await.unwrap();
                    self.fixture.auto_tag().await;
                    assert_eq!(state(&self.fixture.tags().await), before, "{}", self.told());
                }
            }
            ChangeRule => self.change_rule().await,
            MakeAndDropRule => self.make_and_drop_rule(tag).await,
            ChangeResource => {
                let (service, number) = (self.random.random_range(0..3), self.random.random_range(0..40));
                let tagged = self.random.random_bool(0.7);
                // One resource, or as many as change what their families say.
                let many = if self.random.random_bool(0.5) { 20 } else { 1 };
                self.steps
                    .push(format!("  resources {service} {number}+{many} {tagged}"));
                let reports = (number..number + many).map(|number| report(service, 9 + number, tagged));
                self.fixture.report(&reports.collect::<Vec<_>>()).await;
            }
            Retrain => self.retrain().await,
            RetrainAgain => {
                self.retrain().await;
                self.fixture.auto_tag().await;
                let before = self.fixture.tags().await;
                self.retrain().await;
                self.fixture.auto_tag().await;
                let returned = self.returned_since(&before).await;
                assert_eq!(
                    returned,
                    Vec::<i64>::new(),
                    "the same labels brought them back:\n{}",
                    self.told()
                );
            }
        }
    }

    /// Tags that were denied and are proposed.
    async fn returned_since(&self, before: &[Tag]) -> Vec<i64> {
        let now = self.fixture.tags().await;
        let denied = before.iter().filter(|tag| tag.approval_status == Denied);
        let ids = denied.filter_map(|old| now.iter().find(|tag| tag.id == old.id));
        ids.filter(|tag| tag.approval_status != Denied)
            .map(|tag| tag.id)
            .collect()
    }

    /// Checks what holds after any step, the evaluation included.
    async fn check(&mut self, before: &[Tag], step: Step, chosen: &Tag) {
        let now = self.fixture.tags().await;
        for old in before {
            let new = now.iter().find(|tag| tag.id == old.id);
            let is_chosen = matches!(step, Approve | Deny | Correct | Undo)
                && (old.resource_id, &old.tag_key) == (chosen.resource_id, &chosen.tag_key);
            if is_chosen {
                continue;
            }
            let new = new.expect("tags stay");
            if old.approval_status == Approved && !old.approved_by_rule {
                assert_eq!(
                    (new.approval_status, &new.tag_value),
                    (Approved, &old.tag_value),
                    "{}",
                    self.told()
                );
            }
            if old.approval_status == Denied && new.approval_status != Denied {
                assert_eq!(new.approval_status, Pending, "{}", self.told());
                self.check_return(old, new);
            }
        }
        for tag in &now {
            if tag.approval_status == Denied {
                self.denied_on.entry(tag.id).or_default().extend(pieces(tag));
            }
        }
        evaluate_all_again(&self.fixture).await;
        assert_eq!(
            self.fixture.tags().await,
            now,
            "evaluating again changes something:\n{}",
            self.told()
        );
        self.fixture.assert_trail_leads_to_tags().await;
    }

    /// Checks that a value returned on evidence that the test itself finds to be new, and that the tag says so.
    fn check_return(&mut self, old: &Tag, new: &Tag) {
        self.returned += 1;
        let known = &self.denied_on[&old.id];
        let is_new = |(id, (_, agreeing)): (&String, &(u32, u32))| match known.get(id) {
            None => true,
            Some((_, before)) => *agreeing >= before + 3,
        };
        assert!(
            pieces(new).iter().any(is_new),
            "{old:?}\n{new:?}\n{}",
            self.told()
        );
        let denial = PastDenial::of(new).expect("it says so");
        assert_eq!(Some(denial.denied_by), old.decided_by, "{}", self.told());
        assert!(!denial.changes.is_empty(), "{}", self.told());
    }
}

async fn history(seed: u64) -> usize {
    let mut history = History::begin(seed).await;
    for _ in 0..30 {
        let step = *STEPS.choose(&mut history.random).unwrap();
        let before = history.fixture.tags().await;
        // Decisions are mostly about what can be decided.
        let status = if matches!(step, Undo | MakeAndDropRule) {
            Denied
        } else {
            Pending
        };
        let fitting: Vec<&Tag> = before
            .iter()
            .filter(|tag| tag.approval_status == status)
            .collect();
        let chosen = match fitting.choose(&mut history.random) {
            Some(fitting) if history.random.random_bool(0.8) => (*fitting).clone(),
            _ => before.choose(&mut history.random).unwrap().clone(),
        };
        history.steps.push(format!(
            "{step:?} {} {}={} ({:?})",
            chosen.resource_id, chosen.tag_key, chosen.tag_value, chosen.approval_status
        ));
        history.make(step, &chosen).await;
        history.fixture.auto_tag().await;
        history.check(&before, step, &chosen).await;
    }
    history.returned
}

#[tokio::test]
async fn a_denied_value_returns_on_new_evidence_only_whatever_happens() {
    let mut returned = 0;
    for seed in 0..4 {
        returned += history(seed).await;
    }
    assert!(returned > 0, "none returned, so nothing was compared");
}
