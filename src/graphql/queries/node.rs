//! Objects by their global ids, whatever their type.

use crate::auth::Role;
use crate::graphql::error::{Nullable, ResolverError, Result, nullable};
use crate::graphql::relay::rows::Rows;
use crate::graphql::scalars::id::{
    AdminChangeKind, ApiTokenKind, AuditKind, Id, InferenceKind, JobRunKind, Kind, ResourceKind, RuleKind,
    ScheduleKind, VirtualTagKind, split,
};
use crate::graphql::state::ContextExt;
use crate::graphql::types::admin_change::AdminChange;
use crate::graphql::types::api_token::ApiToken;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::Rule;
use crate::graphql::types::schedule::Schedule;
use crate::graphql::types::tag_audit::TagAudit;
use crate::graphql::types::virtual_tag::VirtualTag;
use crate::runs::list as runs;
use async_graphql::{Context, ID, Interface, Object};
use futures::future::join_all;
use sea_orm::ActiveEnum;

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
    /// A schedule.
    Schedule(Schedule),
    /// A token of a script; for admins.
    ApiToken(ApiToken),
    /// A change of a rule, a schedule or a token of a script; for admins.
    AdminChange(AdminChange),
}

async fn load(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
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

/// There is one for each job at most, so they need no batch.
async fn schedule(ctx: &Context<'_>, job: &str) -> Result<Option<Schedule>> {
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
    /// One object by its global id; null when there is none for the caller.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Nullable<Node> {
        nullable(load(ctx, &id)).await
    }

    /// At most 100 objects by their global ids, in the order of the ids; null stands for what does not exist.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
    ) -> Result<Rows<Nullable<Node>>> {
        ctx.actor()?;
        if ids.len() > MAX_NODES {
            let message = format!("{} ids: at most {MAX_NODES} objects come at once", ids.len());
            return Err(ResolverError::bad_input(message));
        }
        let nodes = join_all(ids.iter().map(|id| nullable(load(ctx, id)))).await;
        Ok(Rows(nodes))
    }
}
