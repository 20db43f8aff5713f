//! Mutations of resources.

use crate::auth::Role;
use crate::domain::inventory::Resource as ResourceRow;
use crate::domain::inventory::{self, ResourcePatch};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payloads;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::resource_input::{ResourceInput, native_tags};
use async_graphql::{Context, InputObject, Json, Object};

/// Input of `updateResource`; omitted fields stay unchanged.
#[derive(InputObject)]
pub struct UpdateResourceInput {
    /// Global id.
    id: Id<ResourceKind>,
    /// New name.
    name: Option<String>,
    /// New region.
    region: Option<String>,
    /// New native tags, which replace all present ones: an object whose values are text.
    native_tags: Option<Json<serde_json::Value>>,
}

/// Input of `deleteResource`.
#[derive(InputObject)]
pub struct DeleteResourceInput {
    /// Global id.
    id: Id<ResourceKind>,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

payloads! {
    /// Payload of `createResource`.
    CreateResourcePayload {
        /// New resource; null if refused.
        resource: Resource, from ResourceRow
    }
    /// Payload of `updateResource`.
    UpdateResourcePayload {
        /// Resource in the current state; null if refused.
        resource: Resource, from ResourceRow
    }
    /// Payload of `deleteResource`.
    DeleteResourcePayload {
        /// Deleted resource; null if no resource was deleted.
        resource: Resource, from ResourceRow
    }
}

/// Mutations of resources.
#[derive(Default)]
pub struct ResourceMutation;

#[Object]
impl ResourceMutation {
    /// Creates a resource, which is evaluated like discovered ones. For admins; callers limited to accounts give a
    /// `resourceId` that names the account.
    async fn create_resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Resource.")] input: ResourceInput,
    ) -> FieldResult<CreateResourcePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let made = match input.try_into() {
            Ok(report) => inventory::create(&services.db, actor, report).await,
            Err(error) => actor.require(Role::Admin).and(Err(error)),
        };
        CreateResourcePayload::of(made)
    }

    /// Updates a resource, which is then evaluated again. The provider's next report overwrites the update. For admins.
    async fn update_resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes.")] input: UpdateResourceInput,
    ) -> FieldResult<UpdateResourcePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let changed = match native_tags(input.native_tags) {
            Ok(native_tags) => {
                let patch = ResourcePatch {
                    name: input.name,
                    region: input.region,
                    native_tags,
                };
                inventory::update(&services.db, actor, input.id.0, patch).await
            }
            Err(error) => actor.require(Role::Admin).and(Err(error)),
        };
        UpdateResourcePayload::of(changed)
    }

    /// Deletes a resource and all virtual tags of the resource; the audit trail remains. For admins.
    async fn delete_resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Resource to delete.")] input: DeleteResourceInput,
    ) -> FieldResult<DeleteResourcePayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let gone = inventory::delete(&services.db, actor, input.id.0, input.reason).await;
        DeleteResourcePayload::of(gone)
    }
}
