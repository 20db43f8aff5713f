//! Native tags as they are found: partial, and spelt as each team likes.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::organization::Team;
use crate::domain::Cloud;
use crate::providers::environments::{InventedEnvironment, Spelling};
use crate::providers::kinds::{InventedKind, google_label};

/// One resource in this many carries no tags at all.
const UNTAGGED: u32 = 5;

pub(super) fn native(
    rng: &mut StdRng,
    team: &Team,
    app: &str,
    environment: InventedEnvironment,
    kind: &InventedKind,
    name: &str,
) -> BTreeMap<String, String> {
    if rng.random_ratio(1, UNTAGGED) {
        return BTreeMap::new();
    }
    let habit = &team.tagging;
    // Sometimes a person tags by hand, in a spelling of their own.
    let spelling = *[habit.spelling, habit.spelling, habit.spelling, Spelling::Upper]
        .choose(rng)
        .unwrap_or(&habit.spelling);
    let owner = if rng.random() { team.owner } else { team.name };
    let mut tags: Vec<(&str, String)> = vec![
        (habit.environment_key, environment.spelt(spelling)),
        (habit.owner_key, owner.to_owned()),
        (habit.application_key, app.to_owned()),
        (habit.cost_center_key, team.cost_center.to_owned()),
    ];
    tags.retain(|_| rng.random_bool(habit.diligence));
    if kind.cloud == Cloud::Aws && rng.random() {
        tags.push(("Name", name.to_owned()));
    }
    if rng.random_bool(0.3) {
        let native = match kind.cloud {
            Cloud::Aws => "cloudformation",
            Cloud::Gcp => "deployment-manager",
            Cloud::Azure => "bicep",
        };
        let by = *["terraform", "Terraform", native].choose(rng).unwrap_or(&native);
        tags.push(("managed-by", by.to_owned()));
    }
    tags.into_iter()
        .map(|(key, value)| match kind.cloud {
            Cloud::Gcp => (google_label(key), google_label(&value)),
            Cloud::Aws | Cloud::Azure => (key.to_owned(), value),
        })
        .collect()
}
