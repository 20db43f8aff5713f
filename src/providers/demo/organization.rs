//! Organization of the invented company Quillmoor: business units, teams, their applications and habits.

use super::accounts::DemoAccount;
use super::components::StackShape;
use super::names::NamingStyle;
use crate::providers::environments::InventedEnvironment;
use crate::providers::environments::Spelling;

/// Team, its people and its habits.
pub(super) struct DemoTeam {
    /// `storefront`; its mailbox is `team-storefront@quillmoor.example`.
    pub name: &'static str,
    /// Person who leads the team, as in addresses: `mara.osei`.
    pub lead: &'static str,
    pub business_unit: &'static str,
    pub cost_center: &'static str,
    /// Cost center before a reorganization, which old tags still name.
    pub former_cost_center: Option<&'static str>,
    pub naming: NamingStyle,
    pub habit: TagHabit,
    pub apps: &'static [DemoApp],
}

/// Tag keys as a team writes them, and its spelling of environments.
pub(super) struct TagHabit {
    pub environment: &'static str,
    pub owner: &'static str,
    pub team: &'static str,
    pub application: &'static str,
    pub cost_center: &'static str,
    pub business_unit: &'static str,
    pub spelling: Spelling,
}

/// Application, and the accounts in which its stacks are.
pub(super) struct DemoApp {
    pub name: &'static str,
    pub shape: StackShape,
    pub stacks: &'static [(&'static DemoAccount, InventedEnvironment)],
}

/// Application in an environment.
pub(super) struct DemoStack<'a> {
    pub team: &'a DemoTeam,
    pub app: &'a DemoApp,
    pub account: &'a DemoAccount,
    pub environment: InventedEnvironment,
}

/// Keys are those of environment, owner, team, application, cost center and business unit.
pub(super) const fn habit(keys: [&'static str; 6], spelling: Spelling) -> TagHabit {
    let [environment, owner, team, application, cost_center, business_unit] = keys;
    TagHabit {
        environment,
        owner,
        team,
        application,
        cost_center,
        business_unit,
        spelling,
    }
}

pub(super) const fn app(
    name: &'static str,
    shape: StackShape,
    stacks: &'static [(&'static DemoAccount, InventedEnvironment)],
) -> DemoApp {
    DemoApp { name, shape, stacks }
}

pub(super) const LOWER: [&str; 6] = ["env", "owner", "team", "app", "cost-center", "business-unit"];
pub(super) const LONG: [&str; 6] = [
    "environment",
    "owner",
    "team",
    "application",
    "cost_center",
    "business_unit",
];
pub(super) const PASCAL: [&str; 6] = [
    "Environment",
    "Owner",
    "Team",
    "Application",
    "CostCentre",
    "BusinessUnit",
];
pub(super) const TERSE: [&str; 6] = ["Env", "OwnerEmail", "Squad", "App", "CostCode", "BU"];
pub(super) const SPACED: [&str; 6] = [
    "Environment",
    "Resource Owner",
    "Owning Team",
    "Application Name",
    "Cost Center",
    "Department",
];
pub(super) const PREFIXED: [&str; 6] = [
    "qm:environment",
    "qm:owner",
    "qm:team",
    "qm:application",
    "qm:cost-centre",
    "qm:division",
];
