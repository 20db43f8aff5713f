//! The types `Resource` and `EffectiveTag`.

use crate::domain::approvals::VirtualTag as VirtualTagRow;
use crate::domain::approvals::tags::ResourceTagFilter;
use crate::domain::cost::CostMonth;
use crate::domain::evaluation::subject;
use crate::domain::inventory::Resource as ResourceRow;
use crate::domain::inventory::tagged::ResourceWithTags;
use crate::domain::keyset::Page;
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::scalars::id::ResourceKind;
use crate::graphql::state::ContextExt;
use crate::graphql::types::cost::MonthlyCostObject;
use crate::graphql::types::enums::{ApprovalStatusEnum, CloudEnum};
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::projection::{self, TagPageArgs, nodes};
use crate::graphql::types::row::{db_enum, row_object};
use crate::graphql::types::tag_audit::TagAudit;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Json, SimpleObject};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tagging::{ResolvedTag, TagOrigin, service_category};

/// Cloud resource, with a page of its tags where the statement that found the resource read both.
#[derive(Clone)]
pub struct Resource {
    row: Arc<ResourceRow>,
    tags: Option<KnownTags>,
}

/// Page of the tags of a resource, and the arguments for which it is the page.
#[derive(Clone)]
struct KnownTags {
    args: Arc<TagPageArgs>,
    page: Page<Arc<VirtualTagRow>>,
}

impl Resource {
    /// Resource with the page of its tags for these arguments, where one was read.
    pub fn tagged(found: ResourceWithTags, args: Option<Arc<TagPageArgs>>) -> Self {
        let tags = args.zip(found.tags).map(|(args, page)| KnownTags {
            args,
            page: page.map(Arc::new),
        });
        Self {
            row: Arc::new(found.resource),
            tags,
        }
    }

    /// Page of the tags for these arguments, where it is known.
    fn known_tags(&self, asked: &TagPageArgs) -> Option<Page<Arc<VirtualTagRow>>> {
        let known = self.tags.as_ref().filter(|known| *known.args == *asked)?;
        Some(known.page.clone())
    }
}

impl From<Arc<ResourceRow>> for Resource {
    fn from(row: Arc<ResourceRow>) -> Self {
        Self { row, tags: None }
    }
}

impl From<ResourceRow> for Resource {
    fn from(row: ResourceRow) -> Self {
        Arc::new(row).into()
    }
}

impl AsRef<ResourceRow> for Resource {
    fn as_ref(&self) -> &ResourceRow {
        &self.row
    }
}

row_object! {
    /// Cloud resource, as reported by the provider.
    impl Resource("Resource", ResourceKind) of ResourceRow {
        /// Provider's id or ARN; unique.
        resource_id: &str,
        /// Display name.
        name: &str,
        /// Cloud of the resource.
        cloud: CloudEnum,
        /// Account, subscription or project of the resource.
        account_id: &str,
        /// Resource type, as named by the provider.
        resource_type: &str,
        /// Region; null for global resources.
        region: Option<&str>,
        /// Tags that the resource has in the cloud.
        native_tags: Json<&serde_json::Value>,
        /// Creation time in the cloud; the time of the first report if unknown.
        created_at: DateTime<Utc>,
        /// Time of the first report.
        first_seen_at: DateTime<Utc>,
        /// Time of the last report.
        last_seen_at: DateTime<Utc>,
        /// Time at which discovery found the resource deleted; null while the resource exists.
        retired_at: Option<DateTime<Utc>>,
    }

    /// Service category of the resource, named as FOCUS names it (`Compute`, `Databases`, `Networking`, ...): a fact that
    /// follows from the resource type, not a tag; null for unknown types.
    pub async fn service_category(&self) -> Option<&'static str> {
        service_category(self.row.cloud.into(), &self.row.resource_type)
    }

    /// Virtual tags of the resource in order of creation.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of a Relay connection")]
    async fn virtual_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter by approval status.")] status: Option<ApprovalStatusEnum>,
        #[graphql(desc = "Filter by tag key.")] tag_key: Option<String>,
    ) -> FieldResult<Connection<VirtualTag>> {
        let args = PageArgs::new(first, after, last, before);
        let filter = ResourceTagFilter {
            status: status.map(Into::into),
            tag_key,
        };
        let (asked, tags) = (TagPageArgs { filter, args }, &ctx.loaders()?.tags_of_resource);
        let known = self.known_tags(&asked);
        let columns = || projection::tags(&nodes(&ctx.look_ahead())).tag;
        tags.connection(ctx, self.row.id, asked.filter, asked.args, columns, known).await
    }

    /// Tags in effect, at most one for each key, in order of keys: an approved virtual tag before an applied one, an
    /// applied one before the resource's own tags. A denied native value is not in effect.
    async fn effective_tags(&self, ctx: &Context<'_>) -> FieldResult<Vec<EffectiveTag>> {
        let tags = ctx.loaders()?.resolution_tags.load(self.row.id).await?.unwrap_or_default();
        let resource = subject(ResourceRow::clone(&self.row), &tags)?;
        let resolved = resource.resolve(&ctx.services()?.engine.vocabulary()).into_iter();
        Ok(resolved.map(|tag| EffectiveTag::new(tag, &tags)).collect())
    }

    /// Cost of the resource in a month, one amount a currency, the largest first; none if no cost is known.
    async fn cost(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Month, such as `2024-09`; the latest complete month by default.")] month: Option<String>,
    ) -> FieldResult<Vec<MonthlyCostObject>> {
        let month = CostMonth::parse_optional(month.as_deref())?;
        let costs = ctx.loaders()?.costs.load((self.row.id, month)).await?;
        Ok(costs.into_iter().flatten().map(Into::into).collect())
    }

    /// Inferences for the resource, newest first.
    async fn inferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<MlInference>> {
        let args = PageArgs::new(first, after, last, before);
        let inferences = &ctx.loaders()?.inferences_of_resource;
        inferences.connection(ctx, self.row.id, (), args, || (), None).await
    }

    /// Audit rows of the resource's virtual tags, newest first.
    async fn audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<TagAudit>> {
        let args = PageArgs::new(first, after, last, before);
        let audit = &ctx.loaders()?.audit_of_resource;
        audit.connection(ctx, self.row.id, (), args, || (), None).await
    }
}

db_enum! {
    /// Origin of a tag in effect.
    pub enum TagOriginEnum("TagOrigin") mirrors TagOrigin {
        /// Approved virtual tag.
        Approved,
        /// Virtual tag that was applied and is not yet decided.
        Applied,
        /// Tag of the resource itself.
        Native,
    }
}

/// Tag in effect on a resource.
#[derive(Clone, SimpleObject)]
pub struct EffectiveTag {
    /// Tag key: the canonical key, if in the vocabulary.
    pub key: String,
    /// Tag value.
    pub value: String,
    /// Origin of the value.
    pub origin: TagOriginEnum,
    /// Virtual tag with this key and value; null for a native tag.
    pub virtual_tag: Option<VirtualTag>,
    /// Key, as spelled in the cloud, of the resource's own tag about this key; null if it has none.
    pub raw_key: Option<String>,
    /// Value, as spelled in the cloud, of the resource's own tag about this key; null if it has none.
    pub raw_value: Option<String>,
    /// True if the resource's own tags state another value, or contradict each other.
    pub contradicts: bool,
}

impl EffectiveTag {
    fn new(tag: ResolvedTag, tags: &[VirtualTagRow]) -> Self {
        let is_it = |row: &&VirtualTagRow| {
            tag.origin != TagOrigin::Native && row.tag_key == tag.key && row.tag_value == tag.value
        };
        let virtual_tag = tags.iter().find(is_it).cloned().map(Into::into);
        let (raw_key, raw_value) = tag
            .native
            .map(|native| (native.raw_key, native.raw_value))
            .unzip();
        Self {
            key: tag.key,
            value: tag.value,
            origin: tag.origin.into(),
            virtual_tag,
            raw_key,
            raw_value,
            contradicts: tag.contradicts,
        }
    }
}
