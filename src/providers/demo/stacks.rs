//! Stacks of the invented company: an application in an environment, with its resources.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::components::{StackComponent, StackShape};
use super::names::NameParts;
use super::organization::DemoStack;
use super::resource::DemoResource;
use super::tags::{DemoTags, StackTags, mailbox};
use crate::domain::Cloud;
use crate::domain::discovery::{ResourceReport, UnstatedFields};
use crate::providers::environments::InventedEnvironment;
use crate::providers::kinds::{InventedKind, ResourceLocation, google_label};

/// Resources were created before 1 June 2026, whenever they are discovered: a report repeats them as they were.
const CREATED_BEFORE: i64 = 1_780_272_000;
/// Age of the oldest resource then, in days.
const OLDEST: i64 = 1400;

impl DemoStack<'_> {
    /// Adds the resources of the stack; `ids` are those that are taken.
    pub(super) fn invent(
        &self,
        rng: &mut StdRng,
        ids: &mut BTreeSet<String>,
        resources: &mut Vec<DemoResource>,
    ) {
        let tags = StackTags::invent(rng, self);
        let region = self.account.regions.choose(rng).copied().unwrap_or_default();
        let created = CREATED_BEFORE - rng.random_range(0..OLDEST * 86_400);
        let (truth, first) = (self.truth(), resources.len());
        for component in self.app.shape.components(self.account.cloud) {
            for number in 1..=self.count(rng, component) {
                let (resource_id, name) = self.identify(rng, &component.kind, region, number, ids);
                let later = TimeDelta::seconds(rng.random_range(0..86_400 * 20));
                let created_at = DateTime::from_timestamp(created, 0).map(|created| created + later);
                let DemoTags { native, misstated } =
                    tags.of_resource(rng, self, resources.len() - first, &name);
                let report = ResourceReport {
                    native_tags: native,
                    resource_id,
                    name,
                    cloud: self.account.cloud,
                    account_id: self.account.id.to_owned(),
                    resource_type: component.kind.resource_type.to_owned(),
                    region: component.kind.regional.then(|| region.to_owned()),
                    created_at,
                    unstated: UnstatedFields::default(),
                };
                resources.push(DemoResource {
                    report,
                    truth: truth.clone(),
                    misstated,
                });
            }
        }
    }

    fn count(&self, rng: &mut StdRng, component: &StackComponent) -> u32 {
        let count = rng.random_range(component.least..=component.most);
        match self.environment {
            InventedEnvironment::Production => count.div_ceil(2) * 3 / 2 + count / 2,
            _ => count,
        }
    }

    /// Id and name, of which no other resource has the id.
    fn identify(
        &self,
        rng: &mut StdRng,
        kind: &InventedKind,
        region: &str,
        number: u32,
        ids: &mut BTreeSet<String>,
    ) -> (String, String) {
        let role = kind.roles.choose(rng).copied().unwrap_or_default();
        let mut name = self.name(rng, role, number);
        loop {
            let location = ResourceLocation {
                account: self.account.id,
                region,
                app: self.app.name,
                environment: self.environment.short(),
                name: &name,
            };
            let (resource_id, spelt) = kind.identify(rng, &location);
            if ids.insert(resource_id.clone()) {
                return (resource_id, spelt);
            }
            name = format!("{name}-{:04x}", rng.random_range(0..1 << 16));
        }
    }

    fn name(&self, rng: &mut StdRng, role: &str, number: u32) -> String {
        match self.app.shape {
            StackShape::Desktops => {
                let place = ["QM", "FIN", "HQ", "OPS"].choose(rng).copied().unwrap_or("QM");
                format!("{role}-{place}-{:04}", rng.random_range(1..10_000))
            }
            StackShape::Things => {
                let dock = rng.random_range(1..30);
                format!("{role}-dock{dock:02}-dv{:04}", rng.random_range(1..10_000))
            }
            _ => {
                let parts = NameParts {
                    app: self.app.name,
                    role,
                    environment: self.environment,
                    number,
                };
                self.team.naming.name(rng, &parts)
            }
        }
    }

    /// Values of the governed keys as somebody who knows the company would give them.
    fn truth(&self) -> BTreeMap<&'static str, String> {
        let owner = match self.account.cloud {
            Cloud::Gcp => google_label(&mailbox(self.team.name)),
            Cloud::Aws | Cloud::Azure => mailbox(self.team.name),
        };
        [
            ("environment", self.environment.long().to_owned()),
            ("owner", owner),
            ("team", self.team.name.to_owned()),
            ("application", self.app.name.to_owned()),
            ("cost-center", self.team.cost_center.to_owned()),
            ("business-unit", self.team.business_unit.to_owned()),
        ]
        .into()
    }
}
