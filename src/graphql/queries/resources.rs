//! Queries on resources.

use crate::domain::inventory::list::{self, ResourceFilter, ResourceOrder};
use crate::graphql::error::{Nullable, ResolverError, Result, nullable};
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::Cloud;
use crate::graphql::types::resource::Resource;
use async_graphql::{Context, Enum, ID, InputObject, Object};
use std::sync::Arc;

/// Which resources; fields left out do not matter.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "ResourceFilter")]
pub struct ResourceFilterInput {
    /// The cloud that they live in.
    cloud: Option<Cloud>,
    /// Their account.
    account_id: Option<String>,
    /// Their type, as the provider names it.
    resource_type: Option<String>,
    /// Their region.
    region: Option<String>,
    /// What their name starts with; case matters.
    name_prefix: Option<String>,
    /// Whether they are gone; both when left out.
    retired: Option<bool>,
    /// Created at this moment or later.
    created_from: Option<DateTimeInput>,
    /// Created before this moment.
    created_before: Option<DateTimeInput>,
    /// They have a virtual tag of this key that is approved or waits.
    tag_key: Option<String>,
    /// They have no approved virtual tag of this key.
    lacks_tag_key: Option<String>,
}

impl From<ResourceFilterInput> for ResourceFilter {
    fn from(input: ResourceFilterInput) -> Self {
        Self {
            cloud: input.cloud.map(Into::into),
            account_id: input.account_id,
            resource_type: input.resource_type,
            region: input.region,
            name_prefix: input.name_prefix,
            retired: input.retired,
            created_from: input.created_from.map(Into::into),
            created_before: input.created_before.map(Into::into),
            tag_key: input.tag_key,
            lacks_tag_key: input.lacks_tag_key,
        }
    }
}

/// In which order resources come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(name = "ResourceOrder", remote = "ResourceOrder")]
pub enum ResourceOrderInput {
    /// As they were first seen.
    #[default]
    Id,
    /// The last created first.
    Newest,
    /// The first created first.
    Oldest,
}

/// Queries about resources.
#[derive(Default)]
pub struct ResourceQuery;

#[Object]
impl ResourceQuery {
    /// One resource, by its global id or by its provider's id; null when there is none for the caller.
    async fn resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: Option<ID>,
        #[graphql(desc = "The provider's id or ARN.")] resource_id: Option<String>,
    ) -> Nullable<Resource> {
        nullable(async {
            match (id, resource_id) {
                (Some(id), None) => {
                    let Id(key) = Id::<ResourceKind>::of(&id)?;
                    ctx.loaders()?.resources.load(key).await
                }
                (None, Some(text)) => {
                    let found = list::by_resource_id(ctx.reads()?, ctx.actor()?, &text).await?;
                    Ok(found.map(Arc::new))
                }
                _ => Err(ResolverError::bad_input("give id or resourceId, and not both")),
            }
        })
        .await
    }

    /// The resources that exist for the caller.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn resources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which resources.")] filter: Option<ResourceFilterInput>,
        #[graphql(desc = "In which order.", default)] order: ResourceOrderInput,
    ) -> Result<Connection<Resource>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let (filter, order) = (filter.unwrap_or_default().into(), ResourceOrder::from(order));
        connection(
            ctx,
            args,
            order,
            async |window| list::list(db, actor, &filter, order, &window).await,
            async || list::count(db, actor, &filter).await,
        )
        .await
    }
}
