//! Facets of resources: accounts, clouds and types with their numbers of resources, by the counters.

use crate::auth::Actor;
use crate::domain::counters::ResourceCounterKey;
use crate::domain::counters::facets::{self, FacetCount, FacetSearch};
use crate::error::Result;
use sea_orm::DatabaseConnection;

/// Column by which resources are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceFacet {
    /// Account.
    Account,
    /// Cloud.
    Cloud,
    /// Type, as the provider names it.
    ResourceType,
}

/// Counts the resources of a key by a column. The key's own condition on the column does not apply, so that other values can be
/// chosen.
pub async fn count_by(
    db: &DatabaseConnection,
    actor: &Actor,
    facet: ResourceFacet,
    mut key: ResourceCounterKey,
    search: &FacetSearch,
) -> Result<Vec<FacetCount>> {
    let column = match facet {
        ResourceFacet::Account => {
            key.account_id = None;
            "account_id"
        }
        ResourceFacet::Cloud => {
            key.cloud = None;
            "cloud"
        }
        ResourceFacet::ResourceType => {
            key.resource_type = None;
            "resource_type"
        }
    };
    facets::of_resources(db, &actor.scope, &key, column, search).await
}
