//! Teams of data.

use super::super::accounts::{DATA_DEV, DATA_PROD, ML_LAB, ML_PROD};
use super::super::components::StackShape;
use super::super::names::NamingStyle;
use super::super::organization::{DemoTeam, LONG, LOWER, app, habit};
use crate::providers::environments::InventedEnvironment::{Development, Production, Staging};
use crate::providers::environments::Spelling;

pub(super) static TEAMS: &[DemoTeam] = &[
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
];
