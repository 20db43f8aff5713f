//! Queries on resources.

use crate::domain::inventory::list::{self, ResourceFilter, ResourceName, ResourceOrder};
use crate::domain::inventory::{HeldKey, LackedKey};
use crate::graphql::error::{FieldResult, Nullable, ResolverError, nullable};
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::CloudEnum;
use crate::graphql::types::projection::{nodes, tagged_resources};
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::db_enum;
use async_graphql::{Context, ID, InputObject, Object};
use std::sync::Arc;
use tagging::Vocabulary;

/// Filter of resources; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "ResourceFilter")]
pub struct ResourceFilterInput {
    /// Filter by cloud.
    cloud: Option<CloudEnum>,
    /// Filter by account.
    account_id: Option<String>,
    /// Filter by resource type, as named by the provider.
    resource_type: Option<String>,
    /// Filter by region.
    region: Option<String>,
    /// Filter by prefix of the name, case-sensitive.
    name_prefix: Option<String>,
    /// Filter by retirement: true for retired resources, false for existing ones; default: both.
    retired: Option<bool>,
    /// Creation time, inclusive lower bound.
    created_from: Option<DateTimeInput>,
    /// Creation time, exclusive upper bound.
    created_before: Option<DateTimeInput>,
    /// Filter by a tag in effect with this key, in any spelling; see `Resource.effectiveTags`. The resource's own tags
    /// count as of its last evaluation.
    tag_key: Option<String>,
    /// Filter by the absence of a tag in effect with this key, in any spelling; see `Resource.effectiveTags`. The
    /// resource's own tags count as of its last evaluation. Resources of types that are not asked for the key do not lack it.
    lacks_tag_key: Option<String>,
}

impl ResourceFilterInput {
    /// Filter of the domain, with keys of the vocabulary.
    pub fn into_filter(self, vocabulary: &Vocabulary) -> ResourceFilter {
        ResourceFilter {
            cloud: self.cloud.map(Into::into),
            account_id: self.account_id,
            resource_type: self.resource_type,
            region: self.region,
            name_prefix: self.name_prefix,
            retired: self.retired,
            created_from: self.created_from.map(Into::into),
            created_before: self.created_before.map(Into::into),
            tag_key: self.tag_key.map(|key| HeldKey::new(&key, vocabulary)),
            lacks_tag_key: self.lacks_tag_key.map(|key| LackedKey::new(&key, vocabulary)),
        }
    }
}

db_enum! {
    /// Order of resources.
    #[derive(Default)]
    pub enum ResourceOrderEnum("ResourceOrder") mirrors ResourceOrder {
        /// By time of the first report.
        #[default]
        Id,
        /// By creation time, newest first.
        Newest,
        /// By creation time, oldest first.
        Oldest,
    }
}

/// Queries on resources.
#[derive(Default)]
pub struct ResourceQuery;

#[Object]
impl ResourceQuery {
    /// Resource with a global id or a provider's id; null if no such resource exists for the caller.
    async fn resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id.")] id: Option<ID>,
        #[graphql(desc = "Provider's id or ARN.")] resource_id: Option<String>,
    ) -> Nullable<Resource> {
        nullable(async {
            let name = match (id, resource_id) {
                (Some(id), None) => ResourceName::Id(Id::<ResourceKind>::of(&id)?.0),
                (None, Some(text)) => ResourceName::ResourceId(text),
                _ => return Err(ResolverError::bad_input("give id or resourceId, and not both")),
            };
            let selected = ctx.look_ahead().selection_fields();
            let (columns, tags) = tagged_resources(&selected, ctx.services()?.page_limits);
            let found = list::by_name(ctx.reads()?, ctx.actor()?, &name, &columns).await?;
            Ok(found.map(|found| Resource::tagged(found, tags.map(Arc::new))))
        })
        .await
    }

    /// Resources that the caller may access.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn resources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter of resources.")] filter: Option<ResourceFilterInput>,
        #[graphql(desc = "Order of the rows.", default)] order: ResourceOrderEnum,
    ) -> FieldResult<Connection<Resource>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let filter = filter
            .unwrap_or_default()
            .into_filter(&ctx.services()?.engine.vocabulary());
        let order = ResourceOrder::from(order);
        let (columns, tags) = tagged_resources(&nodes(&ctx.look_ahead()), ctx.services()?.page_limits);
        let tags = tags.map(Arc::new);
        connection(
            ctx,
            args,
            order,
            async |window| {
                let page = list::list(db, actor, &filter, order, &window, &columns).await?;
                Ok(page.map(|row| Resource::tagged(row, tags.clone())))
            },
            async || list::count(db, actor, &filter).await,
        )
        .await
    }
}
