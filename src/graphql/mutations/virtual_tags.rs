//! Mutations of manual virtual tags.

use crate::domain::approvals::VirtualTag as VirtualTagRow;
use crate::domain::approvals::{self, NewTag};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payloads;
use crate::graphql::scalars::id::{Id, ResourceKind, VirtualTagKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::virtual_tag::VirtualTag;
use async_graphql::{Context, InputObject, Object};

/// Input of `createVirtualTag`.
#[derive(InputObject)]
pub struct CreateVirtualTagInput {
    /// Global id of the resource.
    resource_id: Id<ResourceKind>,
    /// Tag key: 1 to 128 characters; a spelling that the vocabulary knows becomes its key.
    tag_key: String,
    /// Tag value: 1 to 1024 characters; of a key of the vocabulary, it becomes the canonical value.
    tag_value: String,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Input of `updateVirtualTag`.
#[derive(InputObject)]
pub struct UpdateVirtualTagInput {
    /// Global id.
    id: Id<VirtualTagKind>,
    /// Tag value: 1 to 1024 characters; of a key of the vocabulary, it becomes the canonical value.
    tag_value: String,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Input of `deleteVirtualTag`.
#[derive(InputObject)]
pub struct DeleteVirtualTagInput {
    /// Global id.
    id: Id<VirtualTagKind>,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

/// Input of `denyNativeTag`.
#[derive(InputObject)]
pub struct DenyNativeTagInput {
    /// Global id of the resource.
    resource_id: Id<ResourceKind>,
    /// Tag key, in any spelling.
    tag_key: String,
    /// Reason, stored in the audit trail.
    reason: Option<String>,
}

payloads! {
    /// Payload of `denyNativeTag`.
    DenyNativeTagPayload {
        /// Denied value, as a virtual tag of source NATIVE; null if refused.
        virtual_tag: VirtualTag, from VirtualTagRow
    }
    /// Payload of `createVirtualTag`.
    CreateVirtualTagPayload {
        /// New virtual tag, approved; null if refused.
        virtual_tag: VirtualTag, from VirtualTagRow
    }
    /// Payload of `updateVirtualTag`.
    UpdateVirtualTagPayload {
        /// Virtual tag in the current state; null if refused.
        virtual_tag: VirtualTag, from VirtualTagRow
    }
    /// Payload of `deleteVirtualTag`.
    DeleteVirtualTagPayload {
        /// Deleted virtual tag; null if no tag was deleted.
        virtual_tag: VirtualTag, from VirtualTagRow
    }
}

/// Mutations of manual virtual tags.
#[derive(Default)]
pub struct VirtualTagMutation;

#[Object]
impl VirtualTagMutation {
    /// Creates a manual virtual tag, which is approved immediately and supersedes other values of the key. For
    /// approvers.
    async fn create_virtual_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Virtual tag to create.")] input: CreateVirtualTagInput,
    ) -> FieldResult<CreateVirtualTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let new = NewTag {
            resource_id: input.resource_id.0,
            tag_key: input.tag_key,
            tag_value: input.tag_value,
            reason: input.reason,
        };
        let made = approvals::create(&services.db, &services.engine.vocabulary(), actor, new).await;
        CreateVirtualTagPayload::of(made)
    }

    /// Denies the value that the resource's own tags state for a key: it is no longer in effect, until the tag in the cloud
    /// changes or `undoDecisions` takes the denial back. For approvers.
    async fn deny_native_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Native value to deny.")] input: DenyNativeTagInput,
    ) -> FieldResult<DenyNativeTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (vocabulary, resource) = (&services.engine.vocabulary(), input.resource_id.0);
        let denied = approvals::deny_native(
            &services.db,
            vocabulary,
            actor,
            resource,
            &input.tag_key,
            input.reason,
        );
        DenyNativeTagPayload::of(denied.await)
    }

    /// Changes the value of a manual virtual tag. For approvers.
    async fn update_virtual_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes.")] input: UpdateVirtualTagInput,
    ) -> FieldResult<UpdateVirtualTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (vocabulary, value) = (&services.engine.vocabulary(), &input.tag_value);
        let changed = approvals::update(&services.db, vocabulary, actor, input.id.0, value, input.reason);
        UpdateVirtualTagPayload::of(changed.await)
    }

    /// Deletes a manual virtual tag; tags that the manual tag superseded have their former status. For approvers.
    async fn delete_virtual_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Virtual tag to delete.")] input: DeleteVirtualTagInput,
    ) -> FieldResult<DeleteVirtualTagPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let gone = approvals::delete(&services.db, actor, input.id.0, input.reason).await;
        DeleteVirtualTagPayload::of(gone)
    }
}
