//! Objects by global id, of any type.

use crate::auth::Role;
use crate::graphql::error::{FieldResult, Nullable, ResolverError, nullable};
use crate::graphql::relay::bounded_list::BoundedList;
use crate::graphql::scalars::id::{
    AdminChangeKind, ApiTokenKind, AuditKind, Id, InferenceKind, JobRunKind, NodeType, ResourceKind,
    RuleKind, ScheduleKind, VirtualTagKind, split,
};
use crate::graphql::state::ContextExt;
use crate::graphql::types::admin_change::AdminChange;
use crate::graphql::types::api_token::ApiToken;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::RuleObject;
use crate::graphql::types::schedule::Schedule;
use crate::graphql::types::tag_audit::TagAudit;
use crate::graphql::types::virtual_tag::VirtualTag;
use crate::runs::list as runs;
use async_graphql::{Context, ID, Interface, Object};
use futures::future::join_all;
use sea_orm::ActiveEnum;

/// Maximum number of ids per call of `nodes`.
const MAX_NODES: usize = 100;

/// Object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id."))]
pub enum Node {
    /// Resource.
    Resource(Resource),
    /// Virtual tag.
    VirtualTag(VirtualTag),
    /// Rule.
    Rule(RuleObject),
    /// Inference.
    MlInference(MlInference),
    /// Audit row.
    TagAudit(TagAudit),
    /// Job run.
    JobRun(JobRun),
    /// Schedule.
    Schedule(Schedule),
    /// API token; for admins.
    ApiToken(ApiToken),
    /// Administrative change; for admins.
    AdminChange(AdminChange),
}

async fn load(ctx: &Context<'_>, id: &ID) -> FieldResult<Option<Node>> {
    let bad = |why: &str| ResolverError::bad_input(format!("id {}: {why}", **id));
    let (name, _) = split(id).map_err(|why| bad(&why))?;
    let loaders = ctx.loaders()?;
    Ok(match name.as_str() {
        ResourceKind::NAME => {
            let id = Id::<ResourceKind>::of(id)?;
            loaders
                .resources
                .load(id.0)
                .await?
                .map(|row| Node::Resource(row.into()))
        }
        VirtualTagKind::NAME => {
            let id = Id::<VirtualTagKind>::of(id)?;
            loaders
                .virtual_tags
                .load(id.0)
                .await?
                .map(|row| Node::VirtualTag(row.into()))
        }
        RuleKind::NAME => {
            let id = Id::<RuleKind>::of(id)?;
            loaders.rules.load(id.0).await?.map(|row| Node::Rule(row.into()))
        }
        InferenceKind::NAME => {
            let id = Id::<InferenceKind>::of(id)?;
            loaders
                .inferences
                .load(id.0)
                .await?
                .map(|row| Node::MlInference(row.into()))
        }
        JobRunKind::NAME => {
            let id = Id::<JobRunKind>::of(id)?;
            loaders.runs.load(id.0).await?.map(|row| Node::JobRun(row.into()))
        }
        AuditKind::NAME => {
            let id = Id::<AuditKind>::of(id)?;
            loaders
                .audit_rows
                .load(id.0)
                .await?
                .map(|row| Node::TagAudit(row.into()))
        }
        ApiTokenKind::NAME => {
            let id = Id::<ApiTokenKind>::of(id)?;
            ctx.actor()?.require(Role::Admin)?;
            loaders
                .api_tokens
                .load(id.0)
                .await?
                .map(|row| Node::ApiToken(row.into()))
        }
        AdminChangeKind::NAME => {
            let id = Id::<AdminChangeKind>::of(id)?;
            ctx.actor()?.require(Role::Admin)?;
            loaders
                .admin_changes
                .load(id.0)
                .await?
                .map(|row| Node::AdminChange(row.into()))
        }
        ScheduleKind::NAME => {
            let Id(job) = Id::<ScheduleKind>::of(id)?;
            schedule(ctx, &job).await?.map(Node::Schedule)
        }
        _ => return Err(bad("objects of this type are not found by id")),
    })
}

/// Finds the schedule of a job. There are as few schedules as jobs: no batch is needed.
async fn schedule(ctx: &Context<'_>, job: &str) -> FieldResult<Option<Schedule>> {
    let services = ctx.services()?;
    let schedules = runs::schedules(ctx.reads()?, ctx.actor()?).await?;
    let found = schedules.into_iter().find(|row| row.job_name.to_value() == job);
    Ok(found.map(|row| Schedule::new(row, &*services.clock)))
}

/// Queries by global id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Object with a global id; null if no such object exists for the caller.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Global id.")] id: ID) -> Nullable<Node> {
        nullable(load(ctx, &id)).await
    }

    /// Objects with the given global ids, at most 100, in the order of the ids; null for ids without an object.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids.")] ids: Vec<ID>,
    ) -> FieldResult<BoundedList<Nullable<Node>>> {
        ctx.actor()?;
        if ids.len() > MAX_NODES {
            let message = format!("{} ids: at most {MAX_NODES} objects come at once", ids.len());
            return Err(ResolverError::bad_input(message));
        }
        let nodes = join_all(ids.iter().map(|id| nullable(load(ctx, id)))).await;
        Ok(BoundedList(nodes))
    }
}
