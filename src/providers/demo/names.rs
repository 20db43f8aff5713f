//! Names as the teams of the invented company give them.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use crate::providers::environments::{InventedEnvironment, Spelling, capital};

/// One name in so many tells nothing.
const VAGUE_RATIO: u32 = 18;

/// Naming pattern of a team.
#[derive(Clone, Copy)]
pub(super) enum NamingStyle {
    /// `prod-checkout-api-03`
    EnvironmentFirst,
    /// `webshop-api-prd-03`
    EnvironmentLast,
    /// `qm-case-desk-prod-api3`
    CompanyFirst,
    /// `Payroll-Api-Production-3`
    Capitals,
    /// `clickstream-raw-3`: the account alone tells the environment
    NoEnvironment,
    /// `route-planner.api.staging.3`
    Dotted,
    /// `vm-intranet-prd-003`, as a framework of a cloud recommends
    Framework,
}

/// Parts of a name.
pub(super) struct NameParts<'a> {
    pub app: &'a str,
    pub role: &'a str,
    pub environment: InventedEnvironment,
    pub number: u32,
}

impl NamingStyle {
    /// Name of these parts; now and then one that tells nothing.
    pub(super) fn name(self, rng: &mut StdRng, parts: &NameParts<'_>) -> String {
        if rng.random_ratio(1, VAGUE_RATIO) {
            return vague(rng, parts.number);
        }
        let NameParts {
            app,
            role,
            environment,
            number,
        } = *parts;
        let short = environment.short();
        match self {
            Self::EnvironmentFirst => {
                let environment = environment.spelt(Spelling::Short);
                format!("{environment}-{app}-{role}-{number:02}")
            }
            Self::EnvironmentLast => format!("{app}-{role}-{short}-{number:02}"),
            Self::CompanyFirst => {
                let environment = environment.spelt(Spelling::Short);
                format!("qm-{app}-{environment}-{role}{number}")
            }
            Self::Capitals => {
                let (app, role) = (capital(app), capital(role));
                format!("{app}-{role}-{}-{number}", capital(environment.long()))
            }
            Self::NoEnvironment => format!("{app}-{role}-{number}"),
            Self::Dotted => format!("{app}.{role}.{}.{number}", environment.long()),
            Self::Framework => format!("{role}-{app}-{short}-{number:03}"),
        }
    }
}

fn vague(rng: &mut StdRng, number: u32) -> String {
    const WORDS: &[&str] = &[
        "test2",
        "new",
        "tmp",
        "backup-old",
        "copy-of-main",
        "worker",
        "poc",
        "do-not-delete",
        "latest",
        "contestant-data",
        "default",
        "untitled",
    ];
    let word = WORDS.choose(rng).copied().unwrap_or("new");
    format!("{word}-{number}")
}
