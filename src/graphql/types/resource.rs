//! Resources.

use crate::domain::approvals::tags::ResourceTagFilter;
use crate::domain::evaluation::subject;
use crate::domain::inventory::Resource as Row;
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{ApprovalStatus, Cloud};
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::tag_audit::TagAudit;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
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
        let filter = ResourceTagFilter { status, tag_key };
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
