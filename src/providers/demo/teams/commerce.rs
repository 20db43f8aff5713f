//! Teams of commerce.

use super::super::accounts::{
    LEGACY_SHOP, MEDIA_NONPROD, MEDIA_PROD, SEARCH_NONPROD, SEARCH_PROD, SHOP_NONPROD, SHOP_PROD,
    STORES_NONPROD, STORES_PROD,
};
use super::super::components::StackShape;
use super::super::names::NamingStyle;
use super::super::organization::{DemoTeam, LOWER, PASCAL, SPACED, TERSE, app, habit};
use crate::providers::environments::InventedEnvironment::{Development, Production, Staging, Test};
use crate::providers::environments::Spelling;

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
];
