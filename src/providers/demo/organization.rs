//! Organization of the invented company Quillmoor: business units, teams, their applications and habits.

use super::accounts::{
    CORP_NONPROD, CORP_PROD, DATA_DEV, DATA_PROD, DemoAccount, FINANCE, FLEET_DEVICES, FLEET_NONPROD,
    LEGACY_CRM, LEGACY_FILES, LEGACY_SHOP, LOGISTICS_NONPROD, LOGISTICS_PROD, MEDIA_NONPROD, MEDIA_PROD,
    ML_LAB, ML_PROD, NETWORK_HUB, PAYMENTS_NONPROD, PAYMENTS_PROD, PAYROLL, PEOPLE, SANDBOX, SEARCH_NONPROD,
    SEARCH_PROD, SECURITY, SHARED_SERVICES, SHOP_NONPROD, SHOP_PROD, STORES_NONPROD, STORES_PROD,
    TELEMATICS_PROD, WAREHOUSE_DEVICES, WORKPLACE,
};
use super::components::StackShape;
use super::names::NamingStyle;
use crate::providers::environments::InventedEnvironment::{self, Development, Production, Staging, Test};
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

/// Keys are those of environment, owner, team, application, cost center and business unit.
const fn habit(keys: [&'static str; 6], spelling: Spelling) -> TagHabit {
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

const fn app(
    name: &'static str,
    shape: StackShape,
    stacks: &'static [(&'static DemoAccount, InventedEnvironment)],
) -> DemoApp {
    DemoApp { name, shape, stacks }
}

const LOWER: [&str; 6] = ["env", "owner", "team", "app", "cost-center", "business-unit"];
const LONG: [&str; 6] = [
    "environment",
    "owner",
    "team",
    "application",
    "cost_center",
    "business_unit",
];
const PASCAL: [&str; 6] = [
    "Environment",
    "Owner",
    "Team",
    "Application",
    "CostCentre",
    "BusinessUnit",
];
const TERSE: [&str; 6] = ["Env", "OwnerEmail", "Squad", "App", "CostCode", "BU"];
const SPACED: [&str; 6] = [
    "Environment",
    "Resource Owner",
    "Owning Team",
    "Application Name",
    "Cost Center",
    "Department",
];
const PREFIXED: [&str; 6] = [
    "qm:environment",
    "qm:owner",
    "qm:team",
    "qm:application",
    "qm:cost-centre",
    "qm:division",
];

pub(super) static TEAMS: &[DemoTeam] = &[
    DemoTeam {
        name: "storefront",
        lead: "mara.osei",
        business_unit: "commerce",
        cost_center: "CC-1210",
        former_cost_center: Some("CC-1105"),
        naming: NamingStyle::EnvironmentLast,
        habit: habit(PASCAL, Spelling::Capital),
        apps: &[
            app(
                "webshop",
                StackShape::Web,
                &[
                    (&SHOP_PROD, Production),
                    (&SHOP_NONPROD, Staging),
                    (&SHOP_NONPROD, Development),
                ],
            ),
            app(
                "cart",
                StackShape::Web,
                &[
                    (&SHOP_PROD, Production),
                    (&SHOP_NONPROD, Staging),
                    (&SHOP_NONPROD, Development),
                ],
            ),
            app(
                "productcatalog",
                StackShape::Functions,
                &[
                    (&SHOP_PROD, Production),
                    (&SHOP_NONPROD, Staging),
                    (&SHOP_NONPROD, Development),
                    (&SHOP_NONPROD, Test),
                ],
            ),
            app(
                "oldshop",
                StackShape::Hosts,
                &[(&LEGACY_SHOP, Production), (&LEGACY_SHOP, Production)],
            ),
        ],
    },
    DemoTeam {
        name: "merchandising",
        lead: "tomas.krol",
        business_unit: "commerce",
        cost_center: "CC-1230",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentFirst,
        habit: habit(LOWER, Spelling::Short),
        apps: &[
            app(
                "promotions",
                StackShape::Functions,
                &[
                    (&SHOP_PROD, Production),
                    (&SHOP_NONPROD, Staging),
                    (&SHOP_NONPROD, Development),
                ],
            ),
            app(
                "pricing",
                StackShape::Web,
                &[(&SHOP_PROD, Production), (&SHOP_NONPROD, Development)],
            ),
            app(
                "testimonials",
                StackShape::Functions,
                &[(&SHOP_PROD, Production), (&SHOP_NONPROD, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "media",
        lead: "ines.fabre",
        business_unit: "commerce",
        cost_center: "CC-1240",
        former_cost_center: None,
        naming: NamingStyle::CompanyFirst,
        habit: habit(TERSE, Spelling::CapitalShort),
        apps: &[
            app(
                "image-pipeline",
                StackShape::Functions,
                &[(&MEDIA_PROD, Production), (&MEDIA_NONPROD, Staging)],
            ),
            app(
                "stagelight",
                StackShape::Web,
                &[(&MEDIA_PROD, Production), (&MEDIA_NONPROD, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "search",
        lead: "yusuf.demir",
        business_unit: "commerce",
        cost_center: "CC-1220",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentLast,
        habit: habit(LOWER, Spelling::Short),
        apps: &[
            app(
                "product-search",
                StackShape::Cluster,
                &[
                    (&SEARCH_PROD, Production),
                    (&SEARCH_NONPROD, Staging),
                    (&SEARCH_NONPROD, Development),
                ],
            ),
            app(
                "autosuggest",
                StackShape::Cluster,
                &[(&SEARCH_PROD, Production), (&SEARCH_NONPROD, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "stores",
        lead: "greta.nilsson",
        business_unit: "commerce",
        cost_center: "CC-1250",
        former_cost_center: None,
        naming: NamingStyle::Framework,
        habit: habit(SPACED, Spelling::Capital),
        apps: &[
            app(
                "point-of-sale",
                StackShape::Hosts,
                &[
                    (&STORES_PROD, Production),
                    (&STORES_NONPROD, Staging),
                    (&STORES_NONPROD, Test),
                ],
            ),
            app(
                "click-and-collect",
                StackShape::Web,
                &[(&STORES_PROD, Production), (&STORES_NONPROD, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "payments",
        lead: "noor.haddad",
        business_unit: "finance",
        cost_center: "CC-2110",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentFirst,
        habit: habit(PREFIXED, Spelling::Short),
        apps: &[
            app(
                "checkout",
                StackShape::Web,
                &[
                    (&PAYMENTS_PROD, Production),
                    (&PAYMENTS_NONPROD, Staging),
                    (&PAYMENTS_NONPROD, Development),
                ],
            ),
            app(
                "ledger",
                StackShape::Web,
                &[
                    (&PAYMENTS_PROD, Production),
                    (&PAYMENTS_NONPROD, Staging),
                    (&PAYMENTS_NONPROD, Test),
                ],
            ),
            app(
                "payouts",
                StackShape::Functions,
                &[
                    (&PAYMENTS_PROD, Production),
                    (&PAYMENTS_NONPROD, Staging),
                    (&PAYMENTS_NONPROD, Development),
                ],
            ),
        ],
    },
    DemoTeam {
        name: "fraud",
        lead: "piotr.wolan",
        business_unit: "finance",
        cost_center: "CC-2120",
        former_cost_center: None,
        naming: NamingStyle::CompanyFirst,
        habit: habit(PREFIXED, Spelling::Long),
        apps: &[
            app(
                "fraud-scoring",
                StackShape::Functions,
                &[(&PAYMENTS_PROD, Production), (&PAYMENTS_NONPROD, Development)],
            ),
            app(
                "case-desk",
                StackShape::Web,
                &[(&PAYMENTS_PROD, Production), (&PAYMENTS_NONPROD, Staging)],
            ),
        ],
    },
    DemoTeam {
        name: "treasury",
        lead: "helen.marsh",
        business_unit: "finance",
        cost_center: "CC-2130",
        former_cost_center: Some("FIN-77"),
        naming: NamingStyle::Framework,
        habit: habit(SPACED, Spelling::Upper),
        apps: &[
            app(
                "invoicing",
                StackShape::Web,
                &[(&FINANCE, Production), (&FINANCE, Test)],
            ),
            app(
                "reconciliation",
                StackShape::Functions,
                &[(&FINANCE, Production), (&FINANCE, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "fulfilment",
        lead: "anders.lund",
        business_unit: "logistics",
        cost_center: "CC-3110",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentLast,
        habit: habit(TERSE, Spelling::CapitalShort),
        apps: &[
            app(
                "order-router",
                StackShape::Functions,
                &[
                    (&LOGISTICS_PROD, Production),
                    (&LOGISTICS_NONPROD, Staging),
                    (&LOGISTICS_NONPROD, Development),
                ],
            ),
            app(
                "warehouse-ops",
                StackShape::Web,
                &[
                    (&LOGISTICS_PROD, Production),
                    (&LOGISTICS_NONPROD, Staging),
                    (&LOGISTICS_NONPROD, Test),
                ],
            ),
            app(
                "handhelds",
                StackShape::Things,
                &[(&WAREHOUSE_DEVICES, Production)],
            ),
        ],
    },
    DemoTeam {
        name: "fleet",
        lead: "kofi.mensah",
        business_unit: "logistics",
        cost_center: "CC-3120",
        former_cost_center: None,
        naming: NamingStyle::Dotted,
        habit: habit(PASCAL, Spelling::Long),
        apps: &[
            app(
                "route-planner",
                StackShape::Web,
                &[(&LOGISTICS_PROD, Production), (&LOGISTICS_NONPROD, Development)],
            ),
            app(
                "devicehub",
                StackShape::Cluster,
                &[
                    (&FLEET_DEVICES, Production),
                    (&FLEET_DEVICES, Production),
                    (&FLEET_NONPROD, Staging),
                ],
            ),
            app(
                "telematics",
                StackShape::Pipeline,
                &[(&TELEMATICS_PROD, Production), (&FLEET_NONPROD, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "returns",
        lead: "lucia.romero",
        business_unit: "logistics",
        cost_center: "CC-3130",
        former_cost_center: Some("CC-3100"),
        naming: NamingStyle::NoEnvironment,
        habit: habit(LONG, Spelling::Long),
        apps: &[app(
            "returns-portal",
            StackShape::Web,
            &[(&LOGISTICS_PROD, Production), (&LOGISTICS_NONPROD, Development)],
        )],
    },
    DemoTeam {
        name: "data-platform",
        lead: "wei.zhang",
        business_unit: "data",
        cost_center: "CC-4110",
        former_cost_center: None,
        naming: NamingStyle::NoEnvironment,
        habit: habit(LONG, Spelling::Long),
        apps: &[
            app(
                "clickstream",
                StackShape::Pipeline,
                &[(&DATA_PROD, Production), (&DATA_DEV, Development)],
            ),
            app(
                "lakehouse",
                StackShape::Pipeline,
                &[
                    (&DATA_PROD, Production),
                    (&DATA_PROD, Staging),
                    (&DATA_DEV, Development),
                ],
            ),
            app(
                "ingest",
                StackShape::Cluster,
                &[(&DATA_PROD, Production), (&DATA_DEV, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "analytics",
        lead: "clara.voss",
        business_unit: "data",
        cost_center: "CC-4120",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentFirst,
        habit: habit(LONG, Spelling::Short),
        apps: &[
            app(
                "reporting",
                StackShape::Pipeline,
                &[(&DATA_PROD, Production), (&DATA_DEV, Development)],
            ),
            app(
                "forecast",
                StackShape::Pipeline,
                &[(&DATA_PROD, Production), (&DATA_DEV, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "machine-learning",
        lead: "ravi.menon",
        business_unit: "data",
        cost_center: "CC-4130",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentLast,
        habit: habit(LOWER, Spelling::Short),
        apps: &[
            app(
                "recommender",
                StackShape::Cluster,
                &[(&ML_PROD, Production), (&ML_LAB, Development)],
            ),
            app(
                "demand-model",
                StackShape::Pipeline,
                &[(&ML_PROD, Production), (&ML_LAB, Development)],
            ),
            app(
                "shelf-vision",
                StackShape::Pipeline,
                &[(&ML_PROD, Production), (&ML_LAB, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "workplace",
        lead: "jonas.beck",
        business_unit: "corporate",
        cost_center: "CC-5110",
        former_cost_center: None,
        naming: NamingStyle::Framework,
        habit: habit(SPACED, Spelling::Upper),
        apps: &[
            app(
                "intranet",
                StackShape::Web,
                &[(&CORP_PROD, Production), (&CORP_NONPROD, Development)],
            ),
            app(
                "helpdesk",
                StackShape::Hosts,
                &[(&CORP_PROD, Production), (&CORP_NONPROD, Test)],
            ),
            app(
                "virtual-desktops",
                StackShape::Desktops,
                &[(&WORKPLACE, Production)],
            ),
            app("fileshare", StackShape::Hosts, &[(&LEGACY_FILES, Production)]),
        ],
    },
    DemoTeam {
        name: "people-systems",
        lead: "amara.diallo",
        business_unit: "corporate",
        cost_center: "CC-5120",
        former_cost_center: Some("HR-040"),
        naming: NamingStyle::Capitals,
        habit: habit(SPACED, Spelling::Capital),
        apps: &[
            app(
                "payroll",
                StackShape::Web,
                &[(&PAYROLL, Production), (&PAYROLL, Production), (&PEOPLE, Test)],
            ),
            app(
                "recruiting",
                StackShape::Functions,
                &[(&PEOPLE, Production), (&PEOPLE, Development)],
            ),
        ],
    },
    DemoTeam {
        name: "erp",
        lead: "stefan.horvat",
        business_unit: "corporate",
        cost_center: "CC-5130",
        former_cost_center: None,
        naming: NamingStyle::Capitals,
        habit: habit(SPACED, Spelling::Upper),
        apps: &[
            app(
                "procurement",
                StackShape::Hosts,
                &[
                    (&CORP_PROD, Production),
                    (&CORP_NONPROD, Staging),
                    (&CORP_NONPROD, Test),
                ],
            ),
            app(
                "oldcrm",
                StackShape::Hosts,
                &[(&LEGACY_CRM, Production), (&LEGACY_CRM, Production)],
            ),
        ],
    },
    DemoTeam {
        name: "platform",
        lead: "freya.dahl",
        business_unit: "technology",
        cost_center: "CC-6110",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentLast,
        habit: habit(LONG, Spelling::Long),
        apps: &[
            app(
                "observability",
                StackShape::Web,
                &[(&SHARED_SERVICES, Production), (&SHARED_SERVICES, Staging)],
            ),
            app("build-farm", StackShape::Hosts, &[(&SHARED_SERVICES, Production)]),
            app(
                "api-gateway",
                StackShape::Functions,
                &[(&SHARED_SERVICES, Production), (&SHARED_SERVICES, Staging)],
            ),
            app("experiments", StackShape::Web, &[(&SANDBOX, Development)]),
            app("prototypes", StackShape::Functions, &[(&SANDBOX, Development)]),
        ],
    },
    DemoTeam {
        name: "network",
        lead: "marek.novy",
        business_unit: "technology",
        cost_center: "CC-6120",
        former_cost_center: None,
        naming: NamingStyle::CompanyFirst,
        habit: habit(LOWER, Spelling::Short),
        apps: &[
            app("transit", StackShape::Network, &[(&NETWORK_HUB, Production)]),
            app(
                "edge-proxy",
                StackShape::Hosts,
                &[(&NETWORK_HUB, Production), (&NETWORK_HUB, Staging)],
            ),
        ],
    },
    DemoTeam {
        name: "security",
        lead: "leila.karimi",
        business_unit: "technology",
        cost_center: "CC-6130",
        former_cost_center: None,
        naming: NamingStyle::EnvironmentFirst,
        habit: habit(LONG, Spelling::Long),
        apps: &[
            app("audit-archive", StackShape::Network, &[(&SECURITY, Production)]),
            app(
                "vault",
                StackShape::Functions,
                &[(&SECURITY, Production), (&SECURITY, Staging)],
            ),
        ],
    },
    DemoTeam {
        name: "identity",
        lead: "owen.price",
        business_unit: "technology",
        cost_center: "CC-6140",
        former_cost_center: None,
        naming: NamingStyle::NoEnvironment,
        habit: habit(PASCAL, Spelling::Capital),
        apps: &[
            app(
                "sign-in",
                StackShape::Functions,
                &[(&SHARED_SERVICES, Production), (&SHARED_SERVICES, Staging)],
            ),
            app("directory", StackShape::Hosts, &[(&CORP_PROD, Production)]),
        ],
    },
];
