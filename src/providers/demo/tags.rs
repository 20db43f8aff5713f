//! Native tags of the invented company: partial, spelt as each team likes, and wrong at times.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::stacks::DemoStack;
use crate::domain::Cloud;
use crate::providers::environments::{InventedEnvironment, Spelling, capital};
use crate::providers::kinds::google_label;

/// Domain of the addresses of the company.
const DOMAIN: &str = "quillmoor.example";

/// Diligence with which the resources of a stack were tagged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Diligence {
    /// By a program, nearly all of them with all tags.
    Managed,
    /// By hand, some tags on some resources.
    Partial,
    /// Hardly, or not at all.
    Bare,
}

/// Tags that the resources of a stack have in common.
pub(super) struct StackTags {
    diligence: Diligence,
    spelling: Spelling,
    /// Owner as the tags of the stack write it.
    owner: String,
    cost_center: String,
    business_unit: String,
    /// Tags of the tools that made the stack.
    technical: Vec<(&'static str, String)>,
}

impl StackTags {
    /// Tags of a new stack.
    pub(super) fn invent(rng: &mut StdRng, stack: &DemoStack<'_>) -> Self {
        let tagged = stack.account.tagged;
        let diligence = if !rng.random_bool(tagged) {
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
        let owner = match rng.random_range(0..100) {
            0..82 => mailbox(team.name),
            82..93 => format!("{}@{DOMAIN}", team.lead),
            _ => capital(team.name),
        };
        let cost_center = match team.former_cost_center {
            Some(former) if rng.random_bool(0.15) => former.to_owned(),
            _ => team.cost_center.to_owned(),
        };
        let business_unit = if rng.random_bool(0.7) {
            capital(team.business_unit)
        } else {
            team.business_unit.to_owned()
        };
        Self {
            diligence,
            spelling,
            owner,
            cost_center,
            business_unit,
            technical: technical(rng, stack),
        }
    }

    /// Tags of one resource of the stack.
    pub(super) fn of_resource(
        &self,
        rng: &mut StdRng,
        stack: &DemoStack<'_>,
        name: &str,
    ) -> BTreeMap<String, String> {
        let habit = &stack.team.habit;
        let environment = if rng.random_bool(0.015) {
            wrong(stack.environment)
        } else {
            stack.environment
        };
        let mut tags: Vec<(&str, String)> = Vec::new();
        let (all, each) = match self.diligence {
            Diligence::Managed => (0.95, 0.95),
            Diligence::Partial => (0.6, 0.5),
            // Somebody tagged one or the other by hand, but in accounts without any tag.
            Diligence::Bare if stack.account.tagged > 0.0 => (0.15, 0.8),
            Diligence::Bare => (0.0, 0.0),
        };
        if rng.random_bool(all) {
            tags.extend([
                (habit.environment, environment.spelt(self.spelling)),
                (habit.owner, self.owner.clone()),
                (habit.team, stack.team.name.to_owned()),
                (habit.application, stack.app.name.to_owned()),
                (habit.cost_center, self.cost_center.clone()),
                (habit.business_unit, self.business_unit.clone()),
            ]);
            tags.retain(|_| rng.random_bool(each));
            if self.diligence == Diligence::Managed {
                tags.extend(extras(rng, stack));
            }
        } else if rng.random_bool(0.06) {
            tags.push(("CreatedBy", format!("{}@{DOMAIN}", stack.team.lead)));
        }
        tags.extend(self.technical.iter().cloned());
        if stack.account.cloud == Cloud::Aws && rng.random_bool(0.6) {
            tags.push(("Name", name.to_owned()));
        }
        let of_cloud = |(key, value): (&str, String)| match stack.account.cloud {
            Cloud::Gcp => (google_label(key), google_label(&value)),
            Cloud::Aws | Cloud::Azure => (key.to_owned(), value),
        };
        tags.into_iter().map(of_cloud).collect()
    }
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
        // Accounts without any tag have none of these either.
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
