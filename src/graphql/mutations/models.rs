//! Mutations that train models and put earlier ones into use again.

use crate::domain::models::{self, ModelVersion, TrainModelJob};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payloads;
use crate::graphql::mutations::runs::request;
use crate::graphql::state::ContextExt;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::model::ModelObject;
use crate::runs::Run;
use async_graphql::{Context, InputObject, Object};

/// Input of `rollbackModel`.
#[derive(InputObject)]
pub struct RollbackModelInput {
    /// Version to put into use.
    version: String,
    /// Reason, for the trail of administration.
    reason: Option<String>,
}

payloads! {
    /// Payload of `trainModel`.
    TrainModelPayload {
        /// Requested run, or the equal run that is queued already.
        run: JobRun, from Run
    }
    /// Payload of `rollbackModel`.
    RollbackModelPayload {
        /// Model that is in use now.
        model: ModelObject, from ModelVersion
    }
}

/// Mutations that train models and put earlier ones into use again.
#[derive(Default)]
pub struct ModelMutation;

#[Object]
impl ModelMutation {
    /// Requests a run that trains a model on the native tags and decisions of the estate. The first model is put into use;
    /// another one if it is better than the model in use on labels that are hidden from both. For approvers, as a model
    /// proposes tags and decides none.
    async fn train_model(&self, ctx: &Context<'_>) -> FieldResult<TrainModelPayload> {
        TrainModelPayload::of(request(ctx, &TrainModelJob {}).await?)
    }

    /// Puts another stored model into use; all resources are evaluated again. It stays in use until a newly trained model
    /// is better. For admins with access to all accounts.
    async fn rollback_model(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Model to put into use.")] input: RollbackModelInput,
    ) -> FieldResult<RollbackModelPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let RollbackModelInput { version, reason } = input;
        RollbackModelPayload::of(models::rollback(&services.db, actor, &version, reason).await)
    }
}
