//! Queries on inferences, and the dry run.

use crate::domain::evaluation::dry_run;
use crate::domain::inventory::inferences::{self, InferenceOrder};
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::prediction::Prediction;
use crate::graphql::types::resource_input::ResourceInput;
use async_graphql::{Context, Object, OneofObject, SimpleObject};

/// The resource to infer tags for.
#[derive(Clone, Debug, OneofObject)]
pub enum InferTagsInput {
    /// One that is stored.
    Id(Id<ResourceKind>),
    /// One that need not exist.
    Resource(ResourceInput),
}

/// What the engine would conclude.
#[derive(Clone, Debug, SimpleObject)]
pub struct InferTagsResult {
    /// The winner of each key.
    pub predictions: Vec<Prediction>,
}

/// Queries about inferences.
#[derive(Default)]
pub struct InferenceQuery;

#[Object]
impl InferenceQuery {
    /// Evaluations, the last first: of one resource, or of all that exist for the caller.
    async fn ml_inferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "The global id of the resource.")] resource_id: Option<Id<ResourceKind>>,
    ) -> Result<Connection<MlInference>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        let resource = resource_id.map(|id| id.0);
        connection(
            ctx,
            args,
            InferenceOrder,
            async |window| inferences::list(db, actor, resource, &window).await,
            async || inferences::count(db, actor, resource).await,
        )
        .await
    }

    /// A dry run: what the engine would conclude now for a stored or a described resource, with why. Stores nothing.
    async fn infer_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The resource.")] input: InferTagsInput,
    ) -> Result<InferTagsResult> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (db, runs) = (ctx.reads()?, &*services.dry_runs);
        let evaluation = match input {
            InferTagsInput::Id(id) => dry_run::stored(db, runs, &services.engine, actor, id.0).await?,
            InferTagsInput::Resource(input) => {
                dry_run::described(db, runs, &services.engine, actor, input.try_into()?).await?
            }
        };
        Ok(InferTagsResult {
            predictions: evaluation.predictions.into_iter().map(Into::into).collect(),
        })
    }
}
