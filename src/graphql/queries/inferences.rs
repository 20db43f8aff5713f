//! Queries on inferences, and the dry run of an inference.

use crate::domain::evaluation::dry_run;
use crate::domain::inventory::inferences::{self, InferenceOrder};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::id::{Id, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::ml_inference::MlInference;
use crate::graphql::types::prediction::Prediction;
use crate::graphql::types::resource_input::ResourceInput;
use async_graphql::{Context, Object, OneofObject, SimpleObject};

/// Input of `inferTags`: a stored or a described resource.
#[derive(Clone, Debug, OneofObject)]
pub enum InferTagsInput {
    /// Global id of a stored resource.
    Id(Id<ResourceKind>),
    /// Description of a resource that need not exist.
    Resource(ResourceInput),
}

/// Result of `inferTags`.
#[derive(Clone, Debug, SimpleObject)]
pub struct InferTagsResult {
    /// Winning value of each key.
    pub predictions: Vec<Prediction>,
}

/// Queries on inferences.
#[derive(Default)]
pub struct InferenceQuery;

#[Object]
impl InferenceQuery {
    /// Inferences of one resource or of all resources that the caller may access, newest first.
    async fn ml_inferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Global id of the resource.")] resource_id: Option<Id<ResourceKind>>,
    ) -> FieldResult<Connection<MlInference>> {
        let args = PageArgs::new(first, after, last, before);
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

    /// Dry run of the engine on a stored or a described resource, with reasons. No data is changed.
    async fn infer_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Resource.")] input: InferTagsInput,
    ) -> FieldResult<InferTagsResult> {
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
