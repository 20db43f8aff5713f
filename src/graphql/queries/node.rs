//! Objects by global id, of any type.

use crate::auth::Role;
use crate::graphql::error::{FieldResult, Nullable, ResolverError, nullable};
use crate::graphql::relay::bounded_list::BoundedList;
use crate::graphql::scalars::id::{
    AdminChangeKind, ApiTokenKind, AuditKind, Id, InferenceKind, JobRunKind, ModelKind, NodeType,
    ResourceKind, RuleKind, RuleSuggestionKind, ScheduleKind, VirtualTagKind, split,
};
use crate::graphql::state::ContextExt;
use crate::graphql::types::admin_change::AdminChange;
use crate::graphql::types::api_token::ApiToken;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::model::ModelObject;
use crate::graphql::types::projection;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::rule::RuleObject;
use crate::graphql::types::rule_suggestion::RuleSuggestion;
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
    /// Suggestion of rules.
    RuleSuggestion(RuleSuggestion),
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
    /// Trained model; for callers with access to all accounts.
    Model(ModelObject),
}

/// Loads an object by its key: `found!(loaders.rules, RuleKind, Rule, id)`.
macro_rules! found {
    ($loaders:ident.$loader:ident, $kind:ident, $node:ident, $id:ident $(, $columns:expr)?) => {{
        let Id(key) = Id::<$kind>::of($id)?;
        let row = $loaders.$loader.load(found!(@key key $(, $columns)?)).await?;
        row.map(|row| Node::$node(row.into()))
    }};
    (@key $key:ident) => { $key };
    (@key $key:ident, $columns:expr) => { ($key, $columns) };
}

async fn load(ctx: &Context<'_>, id: &ID) -> FieldResult<Option<Node>> {
    let bad = |why: &str| ResolverError::bad_input(format!("id {}: {why}", **id));
    let (name, _) = split(id).map_err(|why| bad(&why))?;
    let loaders = ctx.loaders()?;
    Ok(match name.as_str() {
        ResourceKind::NAME => {
            found!(
                loaders.resources,
                ResourceKind,
                Resource,
                id,
                projection::resource(ctx)
            )
        }
        VirtualTagKind::NAME => {
            found!(
                loaders.virtual_tags,
                VirtualTagKind,
                VirtualTag,
                id,
                projection::tag(ctx)
            )
        }
        RuleKind::NAME => found!(loaders.rules, RuleKind, Rule, id),
        RuleSuggestionKind::NAME => found!(loaders.suggestions, RuleSuggestionKind, RuleSuggestion, id),
        InferenceKind::NAME => found!(loaders.inferences, InferenceKind, MlInference, id),
        JobRunKind::NAME => found!(loaders.runs, JobRunKind, JobRun, id),
        AuditKind::NAME => found!(loaders.audit_rows, AuditKind, TagAudit, id),
        ApiTokenKind::NAME => {
            ctx.actor()?.require(Role::Admin)?;
            found!(loaders.api_tokens, ApiTokenKind, ApiToken, id)
        }
        AdminChangeKind::NAME => {
            ctx.actor()?.require(Role::Admin)?;
            found!(loaders.admin_changes, AdminChangeKind, AdminChange, id)
        }
        ModelKind::NAME => found!(loaders.models, ModelKind, Model, id),
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
