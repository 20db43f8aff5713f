//! Objects by their global ids, whatever their type.

use super::audit::TagAudit;
use super::context::ContextExt;
use super::error::{Failure, Result};
use super::id::{
    AuditKind, Id, InferenceKind, JobRunKind, Kind, ResourceKind, RuleKind, VirtualTagKind, split,
};
use super::inference::MlInference;
use super::resource::Resource;
use super::rule::Rule;
use super::run::JobRun;
use super::virtual_tag::VirtualTag;
use async_graphql::{Context, ID, Interface, Object};
use futures::future::try_join_all;

/// How many objects one call may ask for.
const MAX_NODES: usize = 100;

/// An object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub enum Node {
    /// A resource.
    Resource(Resource),
    /// A virtual tag.
    VirtualTag(VirtualTag),
    /// A rule.
    Rule(Rule),
    /// An evaluation.
    MlInference(MlInference),
    /// An audit row.
    TagAudit(TagAudit),
    /// A run of a job.
    JobRun(JobRun),
}

async fn load(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let bad = |why: String| Failure::bad_input(format!("id {}: {why}", **id));
    let (name, _) = split(id).map_err(bad)?;
    let loaders = ctx.loaders()?;
    Ok(match name.as_str() {
        ResourceKind::NAME => {
            let id = Id::<ResourceKind>::decode(id).map_err(bad)?;
            loaders
                .resources
                .load(id.0)
                .await?
                .map(|row| Node::Resource(row.into()))
        }
        VirtualTagKind::NAME => {
            let id = Id::<VirtualTagKind>::decode(id).map_err(bad)?;
            loaders
                .virtual_tags
                .load(id.0)
                .await?
                .map(|row| Node::VirtualTag(row.into()))
        }
        RuleKind::NAME => {
            let id = Id::<RuleKind>::decode(id).map_err(bad)?;
            loaders.rules.load(id.0).await?.map(|row| Node::Rule(row.into()))
        }
        InferenceKind::NAME => {
            let id = Id::<InferenceKind>::decode(id).map_err(bad)?;
            loaders
                .inferences
                .load(id.0)
                .await?
                .map(|row| Node::MlInference(row.into()))
        }
        JobRunKind::NAME => {
            let id = Id::<JobRunKind>::decode(id).map_err(bad)?;
            loaders.runs.load(id.0).await?.map(|row| Node::JobRun(row.into()))
        }
        AuditKind::NAME => {
            let id = Id::<AuditKind>::decode(id).map_err(bad)?;
            loaders
                .audit_rows
                .load(id.0)
                .await?
                .map(|row| Node::TagAudit(row.into()))
        }
        _ => return Err(bad("no type of this name has ids".into())),
    })
}

/// Queries by global id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// One object by its global id; null when there is none for the caller.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Node>> {
        ctx.actor()?;
        load(ctx, &id).await
    }

    /// At most 100 objects by their global ids, in the order of the ids; null stands for what does not exist.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        ctx.actor()?;
        if ids.len() > MAX_NODES {
            let message = format!("{} ids: at most {MAX_NODES} objects come at once", ids.len());
            return Err(Failure::bad_input(message));
        }
        try_join_all(ids.iter().map(|id| load(ctx, id))).await
    }
}
