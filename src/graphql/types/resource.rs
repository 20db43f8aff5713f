//! Resources.

use crate::domain::approvals::tags::TagsOfFilter;
use crate::domain::discovery::ResourceReport;
use crate::domain::evaluation::subject;
use crate::domain::inventory::Resource as Row;
use crate::domain::inventory::list::{self, ResourceFilter, ResourceOrder};
use crate::error::{Error, Result as DomainResult};
use crate::graphql::error::{Nullable, ResolverError, Result, nullable};
use crate::graphql::relay::page::{Connection, PageArgs, connection};
use crate::graphql::scalars::date_time::DateTimeInput;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ApprovalStatus, Cloud};
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::tag_audit::TagAudit;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A cloud resource.
#[derive(Clone)]
pub struct Resource(pub Arc<Row>);

impl From<Arc<Row>> for Resource {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for Resource {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for Resource {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// A resource as its cloud reports it.
#[Object]
impl Resource {
    /// The global id.
    pub async fn id(&self) -> Id<ResourceKind> {
        Id(self.0.id)
    }

    /// The provider's id or ARN; unique.
    async fn resource_id(&self) -> &str {
        &self.0.resource_id
    }

    /// The name, as its people gave it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The cloud that it lives in.
    async fn cloud(&self) -> Cloud {
        self.0.cloud.into()
    }

    /// The account, subscription or project that it belongs to.
    async fn account_id(&self) -> &str {
        &self.0.account_id
    }

    /// What it is, as the provider names it.
    async fn resource_type(&self) -> &str {
        &self.0.resource_type
    }

    /// Where it runs; null for what runs everywhere.
    async fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// The tags that it carries in its cloud, as they are there.
    async fn native_tags(&self) -> Json<&serde_json::Value> {
        Json(&self.0.native_tags)
    }

    /// When its cloud created it, as far as known; otherwise when it was first seen.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was first reported.
    async fn first_seen_at(&self) -> DateTime<Utc> {
        self.0.first_seen_at
    }

    /// When it was last reported.
    async fn last_seen_at(&self) -> DateTime<Utc> {
        self.0.last_seen_at
    }

    /// When it was found gone; null while it exists.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }

    /// Its virtual tags, in the order in which they were first proposed or made.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the arguments of a Relay connection"
    )]
    async fn virtual_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that stand so.")] status: Option<ApprovalStatus>,
        #[graphql(desc = "Only those with this key.")] tag_key: Option<String>,
    ) -> Result<Connection<VirtualTag>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let status = status.map(Into::into);
        let filter = TagsOfFilter { status, tag_key };
        ctx.loaders()?
            .tags_of_resource
            .connection(ctx, self.0.id, filter, args)
            .await
    }

    /// What holds for it now: approved virtual tags over normalised native tags, in the order of keys.
    async fn effective_tags(&self, ctx: &Context<'_>) -> Result<Vec<EffectiveTag>> {
        let approved = ctx
            .loaders()?
            .approved_tags
            .load(self.0.id)
            .await?
            .unwrap_or_default();
        let subject = subject(Row::clone(&self.0), &approved)?;
        let tags = subject.effective_tags(&ctx.services()?.engine.vocabulary);
        let tag = |(key, value)| EffectiveTag {
            virtual_tag: approved
                .iter()
                .find(|tag| tag.tag_key == key)
                .cloned()
                .map(Into::into),
            key,
            value,
        };
        Ok(tags.into_iter().map(tag).collect())
    }

    /// What the engine concluded for it, the last evaluation first.
    async fn inferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<MlInference>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        ctx.loaders()?
            .inferences_of_resource
            .connection(ctx, self.0.id, (), args)
            .await
    }

    /// What happened to its tags, the last change first.
    async fn audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<TagAudit>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        ctx.loaders()?
            .audit_of_resource
            .connection(ctx, self.0.id, (), args)
            .await
    }
}

/// A tag that holds for a resource.
#[derive(Clone, SimpleObject)]
pub struct EffectiveTag {
    /// The key: canonical, if the vocabulary knows it.
    pub key: String,
    /// The value.
    pub value: String,
    /// The approved virtual tag that it comes from; null for a native tag.
    pub virtual_tag: Option<VirtualTag>,
}

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
