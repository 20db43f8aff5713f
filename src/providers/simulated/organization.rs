//! The fictional company: its teams, their applications, accounts and habits.

use crate::domain::Cloud;
use crate::providers::environments::{InventedEnvironment, Spelling, capital};

/// An account, project or subscription.
pub(super) struct SimulatedAccount {
    pub cloud: Cloud,
    pub id: &'static str,
    pub regions: &'static [&'static str],
}

/// A team and its habits.
pub(super) struct Team {
    pub name: &'static str,
    pub owner: &'static str,
    pub cost_center: &'static str,
    pub apps: &'static [&'static str],
    pub style: Style,
    pub tagging: Tagging,
    /// For all but production, and for production where that is apart.
    pub accounts: &'static [SimulatedAccount],
}

/// Tagging habits of a team: its spellings, and how often it remembers to tag.
pub(super) struct Tagging {
    pub environment_key: &'static str,
    pub owner_key: &'static str,
    pub application_key: &'static str,
    pub cost_center_key: &'static str,
    pub spelling: Spelling,
    /// The chance that each single tag is there, 0 to 1.
    pub diligence: f64,
}

/// Naming pattern of a team.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// `prod-checkout-api-03`
    EnvironmentFirst,
    /// `checkout-api-prd`
    EnvironmentLast,
    /// `Checkout-Api-Production`
    Capitals,
    /// `p-check-api3`: the environment is one letter
    Terse,
    /// `checkout-api-3`: the account alone tells the environment
    NoEnvironment,
    /// `checkout.api.staging`
    Dotted,
}

impl Style {
    /// A name for the `number`th `role` of an application.
    pub fn name(self, app: &str, role: &str, environment: InventedEnvironment, number: u8) -> String {
        match self {
            Self::EnvironmentFirst => {
                format!("{}-{app}-{role}-{number:02}", environment.spelt(Spelling::Short))
            }
            Self::EnvironmentLast => format!("{app}-{role}-{}", environment.short()),
            Self::Capitals => format!(
                "{}-{}-{}",
                capital(app),
                capital(role),
                capital(environment.long())
            ),
            Self::Terse => {
                let letter = environment.short().get(..1).unwrap_or_default();
                format!(
                    "{letter}-{}-{role}{number}",
                    app.get(..5).unwrap_or(app).trim_end_matches('-')
                )
            }
            Self::NoEnvironment => format!("{app}-{role}-{number}"),
            Self::Dotted => format!("{app}.{role}.{}", environment.long()),
        }
    }
}

const AWS_REGIONS: &[&str] = &["eu-west-1", "eu-central-1", "us-east-1"];
const GCP_REGIONS: &[&str] = &["europe-west1", "us-central1"];
const AZURE_REGIONS: &[&str] = &["westeurope", "northeurope"];

const fn aws(id: &'static str) -> SimulatedAccount {
    SimulatedAccount {
        cloud: Cloud::Aws,
        id,
        regions: AWS_REGIONS,
    }
}

const fn gcp(id: &'static str) -> SimulatedAccount {
    SimulatedAccount {
        cloud: Cloud::Gcp,
        id,
        regions: GCP_REGIONS,
    }
}

const fn azure(id: &'static str) -> SimulatedAccount {
    SimulatedAccount {
        cloud: Cloud::Azure,
        id,
        regions: AZURE_REGIONS,
    }
}

const fn tagging(keys: [&'static str; 4], spelling: Spelling, diligence: f64) -> Tagging {
    let [environment_key, owner_key, application_key, cost_center_key] = keys;
    Tagging {
        environment_key,
        owner_key,
        application_key,
        cost_center_key,
        spelling,
        diligence,
    }
}

pub(super) const TEAMS: &[Team] = &[
    Team {
        name: "payments",
        owner: "payments@example.com",
        cost_center: "CC-1410",
        apps: &["checkout", "ledger", "payouts", "fraud-check"],
        style: Style::EnvironmentFirst,
        tagging: tagging(["env", "team", "app", "cost-center"], Spelling::Short, 0.7),
        accounts: &[aws("111122223333"), aws("111122224444")],
    },
    Team {
        name: "storefront",
        owner: "storefront@example.com",
        cost_center: "CC-1200",
        apps: &["catalog", "search", "cart", "recommendations"],
        style: Style::EnvironmentLast,
        tagging: tagging(
            ["Environment", "Owner", "Application", "CostCenter"],
            Spelling::Capital,
            0.5,
        ),
        accounts: &[aws("222233334444")],
    },
    Team {
        name: "data-platform",
        owner: "data-platform@example.com",
        cost_center: "2200",
        apps: &["clickstream", "warehouse", "feature-store", "reporting"],
        style: Style::NoEnvironment,
        tagging: tagging(
            ["environment", "owner", "application", "cost_center"],
            Spelling::Long,
            0.5,
        ),
        accounts: &[gcp("acme-data-dev"), gcp("acme-data-prod")],
    },
    Team {
        name: "machine-learning",
        owner: "ml@example.com",
        cost_center: "2210",
        apps: &["ranking", "forecast", "vision"],
        style: Style::Terse,
        tagging: tagging(["stage", "squad", "service", "cc"], Spelling::Short, 0.3),
        accounts: &[gcp("acme-ml-sandbox"), gcp("acme-ml-live")],
    },
    Team {
        name: "corporate-it",
        owner: "it@example.com",
        cost_center: "IT-900",
        apps: &["intranet", "payroll", "helpdesk", "crm"],
        style: Style::Capitals,
        tagging: tagging(
            ["ENVIRONMENT", "Owner", "Application Name", "Cost Center"],
            Spelling::Upper,
            0.6,
        ),
        accounts: &[
            azure("5d2c7a10-6f1e-4b7c-9a53-0c1de2f3a401"),
            azure("5d2c7a10-6f1e-4b7c-9a53-0c1de2f3a402"),
        ],
    },
    Team {
        name: "logistics",
        owner: "logistics@example.com",
        cost_center: "CC-3100",
        apps: &["routing", "fleet", "warehouse-ops"],
        style: Style::Dotted,
        tagging: tagging(["Env", "Team", "Project", "BillingCode"], Spelling::Long, 0.4),
        accounts: &[azure("8e0b4f6d-2a77-4d19-8c1f-77a9b0c1d203")],
    },
    Team {
        name: "platform",
        owner: "platform@example.com",
        cost_center: "CC-9000",
        apps: &["observability", "gateway", "identity", "ci"],
        style: Style::EnvironmentLast,
        tagging: tagging(
            ["environment", "team", "component", "costcentre"],
            Spelling::Long,
            0.8,
        ),
        accounts: &[aws("333344445555"), aws("333344446666")],
    },
];
