//! Facets: values to filter by, with their numbers of rows.

use crate::domain::approvals::facets::{ApprovalFacet, FacetCounts};
use crate::domain::counters::ResourceCounterKey;
use crate::domain::counters::facets::FacetCount;
use crate::domain::discovery::written_type;
use crate::domain::inventory::facets::ResourceFacet;
use crate::graphql::types::enums::CloudEnum;
use crate::graphql::types::row::db_enum;
use async_graphql::{InputObject, SimpleObject};

db_enum! {
    /// Field by which pending virtual tags are counted.
    pub enum ApprovalFacetEnum("ApprovalFacet") mirrors ApprovalFacet {
        /// Account of the resource.
        Account,
        /// Cloud of the resource.
        Cloud,
        /// Tag key.
        Key,
        /// Type of the resource, as named by the provider.
        ResourceType,
        /// Source of the value.
        Source,
        /// Tag value.
        Value,
    }
}

db_enum! {
    /// Field by which resources are counted.
    pub enum ResourceFacetEnum("ResourceFacet") mirrors ResourceFacet {
        /// Account.
        Account,
        /// Cloud.
        Cloud,
        /// Type of the resource, as named by the provider.
        ResourceType,
    }
}

/// Values of a field, those with most rows first.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct FacetList {
    /// Values with their numbers of rows.
    values: Vec<FacetValue>,
    /// True if the numbers are estimates from a sample, in which rare values are missing.
    is_estimate: bool,
}

/// Value of a field.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct FacetValue {
    /// Value, as the filter takes it; of an enum, the name.
    value: String,
    /// Number of rows.
    count: i64,
}

/// Filter of the resources to count; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ResourceFacetFilter {
    /// Filter by cloud.
    cloud: Option<CloudEnum>,
    /// Filter by account.
    account_id: Option<String>,
    /// Filter by resource type, as named by the provider.
    resource_type: Option<String>,
    /// Filter by retirement: true for retired resources, false for existing ones; default: both.
    retired: Option<bool>,
}

impl From<ResourceFacetFilter> for ResourceCounterKey {
    fn from(input: ResourceFacetFilter) -> Self {
        Self {
            account_id: input.account_id,
            cloud: input.cloud.map(Into::into),
            resource_type: input.resource_type.as_deref().map(written_type),
            retired: input.retired,
        }
    }
}

impl FacetList {
    /// List of the counted values; those of an enum have the names of the schema, which are those of the database in
    /// upper case.
    fn of(values: Vec<FacetCount>, is_estimate: bool, is_enum: bool) -> Self {
        let value = |counted: FacetCount| FacetValue {
            value: if is_enum {
                counted.value.to_ascii_uppercase()
            } else {
                counted.value
            },
            count: counted.count,
        };
        Self {
            values: values.into_iter().map(value).collect(),
            is_estimate,
        }
    }

    /// List of the values of a field of pending tags.
    pub fn of_approvals(facet: ApprovalFacet, counted: FacetCounts) -> Self {
        let is_enum = matches!(facet, ApprovalFacet::Cloud | ApprovalFacet::Source);
        Self::of(counted.values, counted.is_estimate, is_enum)
    }

    /// List of the values of a field of resources.
    pub fn of_resources(facet: ResourceFacet, values: Vec<FacetCount>) -> Self {
        Self::of(values, false, facet == ResourceFacet::Cloud)
    }
}
