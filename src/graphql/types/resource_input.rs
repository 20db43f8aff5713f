//! Input that describes a resource.

use crate::domain::discovery::ResourceReport;
use crate::error::{Error, Result as DomainResult};
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::types::enums::Cloud;
use async_graphql::{InputObject, Json};
use std::collections::BTreeMap;

/// A resource, described by hand.
#[derive(Clone, Debug, InputObject)]
pub struct ResourceInput {
    /// The provider's id or ARN; unique.
    resource_id: String,
    /// The name.
    name: String,
    /// The cloud that it lives in.
    cloud: Cloud,
    /// The account, subscription or project that it belongs to.
    account_id: String,
    /// What it is, as the provider names it.
    resource_type: String,
    /// Where it runs.
    region: Option<String>,
    /// The tags that it carries in its cloud: an object whose values are text; none when left out.
    native_tags: Option<Json<serde_json::Value>>,
    /// When its cloud created it.
    created_at: Option<DateTimeInput>,
}

/// The native tags of an input; refuses what is no object of texts.
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
        })
    }
}
