//! Invented resources, for trying the product out without a cloud: the inventory of a fictional company whose teams
//! name and tag as differently as real ones do.

mod kinds;
mod organization;
mod tags;

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::domain::discovery::{DiscoveryContext, Provider, ProviderError, ReportSink, ResourceReport};
use crate::providers::environments::InventedEnvironment;
use crate::providers::kinds::{InventedKind, ResourceLocation};
use kinds::KINDS;
use organization::{SimulatedAccount, TEAMS, Team};

/// Resources that a tick invents.
const PER_TICK: usize = 20;

/// Invents 20 resources a tick. The same seed and tick give the same resources, ids included; another tick
/// gives others.
#[derive(Default)]
pub struct Simulated {
    seed: u64,
}

impl Simulated {
    /// A simulation of its own for each `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn invent(&self, context: &DiscoveryContext) -> Vec<ResourceReport> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&context.tick.to_le_bytes());
        let mut rng = StdRng::from_seed(seed);
        let mut ids = BTreeSet::new();
        let mut reports = Vec::with_capacity(PER_TICK);
        while reports.len() < PER_TICK {
            if let Some(report) = resource(&mut rng, context.now)
                && ids.insert(report.resource_id.clone())
            {
                reports.push(report);
            }
        }
        reports
    }
}

#[async_trait]
impl Provider for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn is_snapshot(&self) -> bool {
        false
    }

    fn is_invented(&self) -> bool {
        true
    }

    async fn report(
        &self,
        context: &DiscoveryContext,
        sink: &mut dyn ReportSink,
    ) -> Result<(), ProviderError> {
        sink.resources(self.invent(context))
            .await
            .map_err(ProviderError::Sink)
    }
}

/// One resource of one team; none where the tables are empty.
fn resource(rng: &mut StdRng, now: DateTime<Utc>) -> Option<ResourceReport> {
    let team = TEAMS.choose(rng)?;
    let app = team.apps.choose(rng)?;
    let environment = *InventedEnvironment::WEIGHTED.choose(rng)?;
    let account = team.account(environment)?;
    let kind = KINDS
        .iter()
        .filter(|k| k.cloud == account.cloud)
        .collect::<Vec<_>>()
        .choose(rng)
        .copied()?;
    let region = account.regions.choose(rng)?;
    let name = name(rng, team, app, environment, kind)?;
    let location = ResourceLocation {
        account: account.id,
        region,
        app,
        environment: environment.short(),
        name: &name,
    };
    let age = TimeDelta::minutes(rng.random_range(0..60 * 24 * 700));
    let (resource_id, name) = kind.identify(rng, &location);
    Some(ResourceReport {
        unstated: crate::domain::discovery::UnstatedFields::default(),
        native_tags: tags::native(rng, team, app, environment, kind, &name),
        resource_id,
        name,
        cloud: account.cloud,
        account_id: account.id.to_owned(),
        resource_type: kind.resource_type.to_owned(),
        region: kind.regional.then(|| (*region).to_owned()),
        created_at: DateTime::from_timestamp_micros((now - age).timestamp_micros()),
    })
}

/// A name as the team would give it; now and then one that tells nothing.
fn name(
    rng: &mut StdRng,
    team: &Team,
    app: &str,
    environment: InventedEnvironment,
    kind: &InventedKind,
) -> Option<String> {
    const VAGUE: [&str; 8] = [
        "test2",
        "new",
        "tmp",
        "backup-old",
        "copy-of-main",
        "worker",
        "poc",
        "do-not-delete",
    ];
    let role = *kind.roles.choose(rng)?;
    let stem = if rng.random_bool(0.08) {
        (*VAGUE.choose(rng)?).to_owned()
    } else {
        team.style.name(app, role, environment, rng.random_range(1..=12))
    };
    Some(if kind.unique_by_name {
        format!("{stem}-{:06x}", rng.random_range(0..1 << 24))
    } else {
        stem
    })
}

impl Team {
    fn account(&self, environment: InventedEnvironment) -> Option<&'static SimulatedAccount> {
        let index = usize::from(environment == InventedEnvironment::Production);
        self.accounts.get(index).or_else(|| self.accounts.first())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::DateTime;

    use super::{PER_TICK, Simulated};
    use crate::domain::discovery::{DiscoveryContext, Provider as _, ResourceReport};
    use crate::providers::testing::Collected;

    async fn ticks(seed: u64, ticks: std::ops::Range<u64>) -> Vec<ResourceReport> {
        let mut sink = Collected::default();
        for tick in ticks {
            let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
            Simulated::new(seed)
                .report(&DiscoveryContext { tick, now }, &mut sink)
                .await
                .unwrap();
        }
        sink.resources()
    }

    #[tokio::test]
    async fn the_same_tick_gives_the_same_and_others_give_others() {
        let first = ticks(1, 0..200).await;
        assert_eq!(first, ticks(1, 0..200).await);
        let ids: BTreeSet<_> = first.iter().map(|r| &r.resource_id).collect();
        assert_eq!(ids.len(), 200 * PER_TICK);
        assert!(ticks(2, 0..1).await.iter().all(|r| !ids.contains(&r.resource_id)));
    }

    #[tokio::test]
    async fn resources_are_valid_and_varied() {
        let reports = ticks(0, 0..100).await;
        for report in &reports {
            assert_eq!(report.validate(), Ok(()), "{report:?}");
            assert!(!report.resource_id.contains(['{', '}']), "{}", report.resource_id);
        }
        let distinct =
            |f: fn(&ResourceReport) -> String| reports.iter().map(f).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(|r| format!("{:?}", r.cloud)), 3);
        assert!(distinct(|r| r.resource_type.clone()) > 25);
        assert!(distinct(|r| r.account_id.clone()) > 6);
        let keys: BTreeSet<_> = reports.iter().flat_map(|r| r.native_tags.keys()).collect();
        for key in ["env", "Environment", "environment"] {
            assert!(keys.contains(&key.to_owned()), "{keys:?}");
        }
        let untagged = reports.iter().filter(|r| r.native_tags.is_empty()).count();
        assert!((200..1400).contains(&untagged), "{untagged} of 2000 have no tags");
    }
}
