//! Teams of finance and logistics.

use super::super::accounts::{
    FINANCE, FLEET_DEVICES, FLEET_NONPROD, LOGISTICS_NONPROD, LOGISTICS_PROD, PAYMENTS_NONPROD,
    PAYMENTS_PROD, TELEMATICS_PROD, WAREHOUSE_DEVICES,
};
use super::super::components::StackShape;
use super::super::names::NamingStyle;
use super::super::organization::{DemoTeam, LONG, PASCAL, PREFIXED, SPACED, TERSE, app, habit};
use crate::providers::environments::InventedEnvironment::{Development, Production, Staging, Test};
use crate::providers::environments::Spelling;

pub(super) static TEAMS: &[DemoTeam] = &[
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
];
