//! Changing resources, and the tags that people make by hand.

use crate::auth::Role;
use crate::domain::approvals::{self, NewTag};
use crate::domain::inventory::{self, Edit};
use crate::graphql::error::Result;
use crate::graphql::mutations::payload::{
    CreateResourcePayload, CreateVirtualTagPayload, DeleteResourcePayload, DeleteVirtualTagPayload,
    UpdateResourcePayload, UpdateVirtualTagPayload,
};
use crate::graphql::scalars::id::{Id, ResourceKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::resource_input::{ResourceInput, native_tags};
use async_graphql::{Context, InputObject, Json, Object};

/// What to change of a resource; fields left out stay as they are.
#[derive(InputObject)]
pub struct UpdateResourceInput {
    /// The global id.
    id: Id<ResourceKind>,
    /// Another name.
    name: Option<String>,
    /// Another region.
    region: Option<String>,
    /// Other native tags, in place of all that there are: an object whose values are text.
    native_tags: Option<Json<serde_json::Value>>,
}

/// Which resource to remove.
#[derive(InputObject)]
pub struct DeleteResourceInput {
    /// The global id.
    id: Id<ResourceKind>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// A virtual tag to make by hand.
#[derive(InputObject)]
pub struct CreateVirtualTagInput {
    /// The global id of the resource.
    resource_id: Id<ResourceKind>,
    /// The key: 1 to 128 characters.
    tag_key: String,
    /// The value: 1 to 1024 characters.
    tag_value: String,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Another value for a virtual tag that was made by hand.
#[derive(InputObject)]
pub struct UpdateVirtualTagInput {
    /// The global id.
    id: Id<VirtualTagKind>,
    /// The value: 1 to 1024 characters.
    tag_value: String,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Which virtual tag, made by hand, to remove.
#[derive(InputObject)]
pub struct DeleteVirtualTagInput {
    /// The global id.
    id: Id<VirtualTagKind>,
    /// Why; the audit trail keeps it.
    reason: Option<String>,
}

/// Changes of resources and of tags made by hand.
#[derive(Default)]
pub struct ResourceMutation;

#[Object]
impl ResourceMutation {
    /// Adds a resource by hand; it is evaluated like any other. For admins; who is limited to accounts gives an id that
    /// names the account.
    async fn create_resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The resource.")] input: ResourceInput,
    ) -> Result<CreateResourcePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let made = match input.try_into() {
            Ok(report) => inventory::create(&services.db, actor, report).await,
            Err(error) => actor.require(Role::Admin).and(Err(error)),
        };
        CreateResourcePayload::of(made)
    }

    /// Changes a resource; it is evaluated again. What its provider reports wins at its next report. For admins.
    async fn update_resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateResourceInput,
    ) -> Result<UpdateResourcePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let changed = match native_tags(input.native_tags) {
            Ok(native_tags) => {
                let edit = Edit {
                    name: input.name,
                    region: input.region,
                    native_tags,
                };
                inventory::update(&services.db, actor, input.id.0, edit).await
            }
            Err(error) => actor.require(Role::Admin).and(Err(error)),
        };
        UpdateResourcePayload::of(changed)
    }

    /// Removes a resource with its virtual tags; the audit trail stays. For admins.
    async fn delete_resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which resource.")] input: DeleteResourceInput,
    ) -> Result<DeleteResourcePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let gone = inventory::delete(&services.db, actor, input.id.0, input.reason).await;
        DeleteResourcePayload::of(gone)
    }

    /// Makes a virtual tag by hand. It is approved at once, and supersedes what the key had. For approvers.
    async fn create_virtual_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tag.")] input: CreateVirtualTagInput,
    ) -> Result<CreateVirtualTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let new = NewTag {
            resource_id: input.resource_id.0,
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            reason: input.reason,
        };
        let made = approvals::create(&services.db, actor, new).await;
        CreateVirtualTagPayload::of(made)
    }

    /// Gives a virtual tag that was made by hand another value. For approvers.
    async fn update_virtual_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateVirtualTagInput,
    ) -> Result<UpdateVirtualTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let changed =
            approvals::update(&services.db, actor, input.id.0, &input.tag_value, input.reason).await;
        UpdateVirtualTagPayload::of(changed)
    }

    /// Removes a virtual tag that was made by hand; what it had superseded stands again. For approvers.
    async fn delete_virtual_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tag.")] input: DeleteVirtualTagInput,
    ) -> Result<DeleteVirtualTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let gone = approvals::delete(&services.db, actor, input.id.0, input.reason).await;
        DeleteVirtualTagPayload::of(gone)
    }
}
