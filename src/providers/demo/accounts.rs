//! Accounts, projects and subscriptions of the invented company.

use crate::domain::Cloud;

/// Account, project or subscription.
pub(super) struct DemoAccount {
    pub cloud: Cloud,
    pub id: &'static str,
    /// Name by which people know it; tags repeat it at times.
    pub name: &'static str,
    pub regions: &'static [&'static str],
    /// Share of the stacks that carry tags of people, 0 to 1; in accounts with 0 one resource of each stack carries them.
    pub tagged: f64,
}

const fn aws(id: &'static str, name: &'static str, tagged: f64) -> DemoAccount {
    DemoAccount {
        cloud: Cloud::Aws,
        id,
        name,
        regions: &["eu-west-1", "eu-west-1", "eu-central-1"],
        tagged,
    }
}

const fn gcp(id: &'static str, tagged: f64) -> DemoAccount {
    DemoAccount {
        cloud: Cloud::Gcp,
        id,
        name: id,
        regions: &["europe-west1", "europe-west4"],
        tagged,
    }
}

const fn azure(id: &'static str, name: &'static str, tagged: f64) -> DemoAccount {
    DemoAccount {
        cloud: Cloud::Azure,
        id,
        name,
        regions: &["westeurope", "westeurope", "northeurope"],
        tagged,
    }
}

pub(super) static SHOP_PROD: DemoAccount = aws("104728359016", "shop-prod", 0.7);
pub(super) static SHOP_NONPROD: DemoAccount = aws("204728359017", "shop-nonprod", 0.4);
pub(super) static PAYMENTS_PROD: DemoAccount = aws("318840275590", "payments-prod", 0.9);
pub(super) static PAYMENTS_NONPROD: DemoAccount = aws("318840275591", "payments-nonprod", 0.5);
pub(super) static LOGISTICS_PROD: DemoAccount = aws("427719603358", "logistics-prod", 0.55);
pub(super) static LOGISTICS_NONPROD: DemoAccount = aws("427719603359", "logistics-nonprod", 0.3);
pub(super) static MEDIA_PROD: DemoAccount = aws("539006184427", "media-prod", 0.0);
pub(super) static MEDIA_NONPROD: DemoAccount = aws("539006184428", "media-nonprod", 0.45);
pub(super) static SHARED_SERVICES: DemoAccount = aws("640215577803", "shared-services", 0.75);
pub(super) static NETWORK_HUB: DemoAccount = aws("640215577804", "network-hub", 0.6);
pub(super) static SECURITY: DemoAccount = aws("640215577805", "security", 0.85);
pub(super) static SANDBOX: DemoAccount = aws("751830942265", "engineering-sandbox", 0.0);
/// Scanners and printers of the warehouses.
pub(super) static WAREHOUSE_DEVICES: DemoAccount = aws("427719603360", "warehouse-devices", 0.0);
// Moved out of a data centre as they were.
pub(super) static LEGACY_CRM: DemoAccount = aws("862947301174", "legacy-crm", 0.0);
pub(super) static LEGACY_SHOP: DemoAccount = aws("862947301175", "legacy-shop", 0.0);
pub(super) static LEGACY_FILES: DemoAccount = aws("862947301176", "legacy-files", 0.0);
pub(super) static SEARCH_PROD: DemoAccount = gcp("quillmoor-search-prod", 0.65);
pub(super) static SEARCH_NONPROD: DemoAccount = gcp("quillmoor-search-nonprod", 0.35);
pub(super) static DATA_PROD: DemoAccount = gcp("quillmoor-data-prod", 0.6);
pub(super) static DATA_DEV: DemoAccount = gcp("quillmoor-data-dev", 0.4);
pub(super) static ML_PROD: DemoAccount = gcp("quillmoor-ml-prod", 0.5);
pub(super) static ML_LAB: DemoAccount = gcp("quillmoor-ml-lab", 0.0);
pub(super) static FLEET_DEVICES: DemoAccount = gcp("quillmoor-fleet-devices", 0.0);
pub(super) static TELEMATICS_PROD: DemoAccount = gcp("quillmoor-telematics-prod", 0.6);
pub(super) static FLEET_NONPROD: DemoAccount = gcp("quillmoor-fleet-nonprod", 0.45);
pub(super) static CORP_PROD: DemoAccount =
    azure("5d2c7a10-6f1e-4b7c-9a53-0c1de2f3a401", "sub-corporate-prod", 0.6);
pub(super) static CORP_NONPROD: DemoAccount = azure(
    "5d2c7a10-6f1e-4b7c-9a53-0c1de2f3a402",
    "sub-corporate-nonprod",
    0.35,
);
pub(super) static FINANCE: DemoAccount = azure("8e0b4f6d-2a77-4d19-8c1f-77a9b0c1d203", "sub-finance", 0.7);
pub(super) static PAYROLL: DemoAccount = azure("8e0b4f6d-2a77-4d19-8c1f-77a9b0c1d204", "sub-payroll", 0.0);
pub(super) static PEOPLE: DemoAccount = azure("8e0b4f6d-2a77-4d19-8c1f-77a9b0c1d205", "sub-people", 0.6);
pub(super) static WORKPLACE: DemoAccount =
    azure("b1f39d52-90ce-4a08-b7d4-31e6f0a8c905", "sub-workplace", 0.0);
pub(super) static STORES_PROD: DemoAccount =
    azure("c7a480be-15d3-4f62-8b9a-e20d47f6a106", "sub-stores-prod", 0.6);
pub(super) static STORES_NONPROD: DemoAccount =
    azure("c7a480be-15d3-4f62-8b9a-e20d47f6a107", "sub-stores-nonprod", 0.4);
