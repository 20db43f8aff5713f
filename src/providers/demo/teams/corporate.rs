//! Teams of corporate and technology.

use super::super::accounts::{
    CORP_NONPROD, CORP_PROD, LEGACY_CRM, LEGACY_FILES, NETWORK_HUB, PAYROLL, PEOPLE, SANDBOX, SECURITY,
    SHARED_SERVICES, WORKPLACE,
};
use super::super::components::StackShape;
use super::super::names::NamingStyle;
use super::super::organization::{DemoTeam, LONG, LOWER, PASCAL, SPACED, app, habit};
use crate::providers::environments::InventedEnvironment::{Development, Production, Staging, Test};
use crate::providers::environments::Spelling;

pub(super) static TEAMS: &[DemoTeam] = &[
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
