//! Native tags of the invented company: partial, spelt as each team likes, and wrong at times.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::organization::DemoStack;
use crate::domain::Cloud;
use crate::providers::environments::{InventedEnvironment, Spelling, capital};
use crate::providers::kinds::google_label;

/// Domain of the addresses of the company.
const DOMAIN: &str = "quillmoor.example";

/// Diligence with which the resources of a stack were tagged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Diligence {
    /// By a program, nearly all of them with all tags.
    Managed,
    /// By hand, some tags on some resources.
    Partial,
    /// Hardly.
    Bare,
    /// One resource of the stack, in an account that nobody looked after.
    Single,
}

/// Native tags of a resource.
pub(super) struct DemoTags {
    pub native: BTreeMap<String, String>,
    /// Governed keys to which the tags give another value than is right.
    pub misstated: BTreeSet<&'static str>,
}

/// Tags that the resources of a stack have in common.
pub(super) struct StackTags {
    diligence: Diligence,
    spelling: Spelling,
    /// Number of the tagged resource, where it is a single one.
    tagged_number: usize,
    business_unit: String,
    /// Tags of the tools that made the stack.
    technical: Vec<(&'static str, String)>,
}

impl StackTags {
    /// Tags of a new stack.
    pub(super) fn invent(rng: &mut StdRng, stack: &DemoStack<'_>) -> Self {
        let tagged = stack.account.tagged;
        let diligence = if tagged == 0.0 {
            Diligence::Single
        } else if !rng.random_bool(tagged) {
            Diligence::Bare
        } else if rng.random_bool(0.7) {
            Diligence::Managed
        } else {
            Diligence::Partial
        };
        let team = stack.team;
        let spelling = if rng.random_bool(0.85) {
            team.habit.spelling
        } else {
            [Spelling::Upper, Spelling::CapitalShort, Spelling::Long]
                .choose(rng)
                .copied()
                .unwrap_or(Spelling::Long)
        };
        let business_unit = if rng.random_bool(0.7) {
            capital(team.business_unit)
        } else {
            team.business_unit.to_owned()
        };
        Self {
            diligence,
            spelling,
            tagged_number: rng.random_range(0..8),
            business_unit,
            technical: technical(rng, stack),
        }
    }

    /// Tags of one resource of the stack, by its number in it.
    pub(super) fn of_resource(
        &self,
        rng: &mut StdRng,
        stack: &DemoStack<'_>,
        number: usize,
        name: &str,
    ) -> DemoTags {
        let mut tags: Vec<(&str, String)> = Vec::new();
        let mut misstated = BTreeSet::new();
        let (all, each) = match self.diligence {
            Diligence::Managed => (0.95, 0.95),
            Diligence::Partial => (0.6, 0.5),
            // Somebody tagged one or the other by hand.
            Diligence::Bare => (0.15, 0.8),
            Diligence::Single => (f64::from(u8::from(number == self.tagged_number)), 1.0),
        };
        if rng.random_bool(all) {
            for tag in self.of_people(rng, stack) {
                if rng.random_bool(each) {
                    tags.push((tag.key, tag.value));
                    misstated.extend(tag.misstated);
                }
            }
            if self.diligence == Diligence::Managed {
                tags.extend(extras(rng, stack));
            }
        } else if self.diligence != Diligence::Single && rng.random_bool(0.06) {
            // An owner, as many take it, though a person and no team.
            tags.push(("CreatedBy", format!("{}@{DOMAIN}", stack.team.lead)));
            misstated.insert("owner");
        }
        tags.extend(self.technical.iter().cloned());
        if stack.account.cloud == Cloud::Aws && rng.random_bool(0.6) {
            tags.push(("Name", name.to_owned()));
        }
        let of_cloud = |(key, value): (&str, String)| match stack.account.cloud {
            Cloud::Gcp => (google_label(key), google_label(&value)),
            Cloud::Aws | Cloud::Azure => (key.to_owned(), value),
        };
        DemoTags {
            native: tags.into_iter().map(of_cloud).collect(),
            misstated,
        }
    }

    /// Tags that people give: one of each governed key. Now and then one was copied from another environment, names the
    /// person who leads the team, or the cost center before a reorganization.
    fn of_people(&self, rng: &mut StdRng, stack: &DemoStack<'_>) -> [TagOfPeople; 6] {
        let (habit, team) = (&stack.team.habit, stack.team);
        let is_kept_up = self.diligence == Diligence::Single;
        let mut is_wrong = |probability| !is_kept_up && rng.random_bool(probability);
        let copied = is_wrong(0.015).then(|| wrong(stack.environment));
        let environment = copied.unwrap_or(stack.environment).spelt(self.spelling);
        let person = is_wrong(0.1).then(|| format!("{}@{DOMAIN}", team.lead));
        let former = team.former_cost_center.filter(|_| is_wrong(0.15));
        let tag = |key, value: &str, misstated| TagOfPeople {
            key,
            value: value.to_owned(),
            misstated,
        };
        [
            tag(habit.environment, &environment, copied.map(|_| "environment")),
            tag(
                habit.owner,
                &person.clone().unwrap_or_else(|| mailbox(team.name)),
                person.map(|_| "owner"),
            ),
            tag(habit.team, team.name, None),
            tag(habit.application, stack.app.name, None),
            tag(
                habit.cost_center,
                former.unwrap_or(team.cost_center),
                former.map(|_| "cost-center"),
            ),
            tag(habit.business_unit, &self.business_unit, None),
        ]
    }
}

/// Tag of a governed key, as people wrote it.
struct TagOfPeople {
    key: &'static str,
    value: String,
    /// Governed key, if the value is not the right one.
    misstated: Option<&'static str>,
}

/// Address of a team.
pub(super) fn mailbox(team: &str) -> String {
    format!("team-{team}@{DOMAIN}")
}

/// Tags of the tools that make stacks. They name no owner, but what is made together has one.
fn technical(rng: &mut StdRng, stack: &DemoStack<'_>) -> Vec<(&'static str, String)> {
    let (app, environment) = (stack.app.name, stack.environment.short());
    let mut tags = Vec::new();
    match stack.account.cloud {
        // Accounts that nobody looked after have none of these.
        _ if stack.account.tagged == 0.0 => {}
        Cloud::Aws if rng.random_bool(0.45) => {
            tags.push(("aws:cloudformation:stack-name", format!("{app}-{environment}")));
        }
        Cloud::Gcp if rng.random_bool(0.6) => tags.push(("namespace", format!("{app}-{environment}"))),
        Cloud::Aws | Cloud::Gcp | Cloud::Azure => {}
    }
    if stack.account.tagged > 0.0 && rng.random_bool(0.3) {
        let unit = stack.team.business_unit;
        tags.push(("repository", format!("git.{DOMAIN}/{unit}/{app}")));
    }
    tags
}

/// Tags that only programs remember.
fn extras(rng: &mut StdRng, stack: &DemoStack<'_>) -> Vec<(&'static str, String)> {
    let mut tags = vec![("managed-by", "terraform".to_owned())];
    if rng.random_bool(0.3) {
        tags.push(("account-name", stack.account.name.to_owned()));
    }
    if rng.random_bool(0.2) {
        let levels = ["Confidential", "internal", "Restricted", "public"];
        let level = levels.choose(rng).copied().unwrap_or("internal");
        tags.push(("DataClassification", level.to_owned()));
    }
    tags
}

/// Environment from which somebody copied the tags.
fn wrong(environment: InventedEnvironment) -> InventedEnvironment {
    match environment {
        InventedEnvironment::Production => InventedEnvironment::Staging,
        InventedEnvironment::Staging | InventedEnvironment::Test => InventedEnvironment::Development,
        InventedEnvironment::Development => InventedEnvironment::Production,
    }
}
