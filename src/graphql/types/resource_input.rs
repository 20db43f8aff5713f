//! The input `ResourceInput`.

use crate::domain::discovery::{ResourceReport, UnstatedFields};
use crate::error::{Error, Result as DomainResult};
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::types::enums::CloudEnum;
use async_graphql::{InputObject, Json};
use std::collections::BTreeMap;

/// Description of a resource.
#[derive(Clone, Debug, InputObject)]
pub struct ResourceInput {
    /// Provider's id or ARN; unique.
    resource_id: String,
    /// Display name.
    name: String,
    /// Cloud of the resource.
    cloud: CloudEnum,
    /// Account, subscription or project of the resource.
    account_id: String,
    /// Resource type, as named by the provider.
    resource_type: String,
    /// Region.
    region: Option<String>,
    /// Tags that the resource has in the cloud: an object whose values are text; default: none.
    native_tags: Option<Json<serde_json::Value>>,
    /// Creation time in the cloud.
    created_at: Option<DateTimeInput>,
}

/// Reads native tags; refuses values other than an object of texts.
pub fn native_tags(given: Option<Json<serde_json::Value>>) -> DomainResult<Option<BTreeMap<String, String>>> {
    let tags = given.map(|Json(tags)| serde_json::from_value(tags)).transpose();
    tags.map_err(|_| Error::invalid("nativeTags", "must be an object whose values are text"))
}

impl TryFrom<ResourceInput> for ResourceReport {
    type Error = Error;

    fn try_from(input: ResourceInput) -> DomainResult<Self> {
        Ok(Self {
            resource_id: input.resource_id,
            name: input.name,
            cloud: input.cloud.into(),
            account_id: input.account_id,
            resource_type: input.resource_type,
            region: input.region,
            native_tags: native_tags(input.native_tags)?.unwrap_or_default(),
            created_at: input.created_at.map(Into::into),
            unstated: UnstatedFields::default(),
        })
    }
}
