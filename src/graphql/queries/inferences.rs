//! Queries on inferences, and the dry run of an inference.

use crate::domain::evaluation::{WhyNotReason, dry_run, why_not};
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
use crate::graphql::types::row::db_enum;
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

db_enum! {
    /// Reason why a value is not in effect or not proposed.
    pub enum WhyNotReasonEnum("WhyNotReason") mirrors WhyNotReason {
        /// The value is in effect.
        Holds,
        /// The value is proposed.
        Proposed,
        /// The value was denied.
        Denied,
        /// Another value of the key was approved.
        Superseded,
        /// Resources of this type are not asked for the key.
        NotTaggable,
        /// The vocabulary has no such key.
        UnknownKey,
        /// The key cannot have the value.
        InvalidValue,
        /// The confidence is too low for a suggestion.
        BelowThreshold,
        /// Another value won.
        Lost,
        /// Nothing speaks for the value.
        NoEvidence,
    }
}

/// Explanation of a value that is not in effect.
#[derive(Clone, Debug, SimpleObject)]
pub struct WhyNotResult {
    /// Reason.
    pub reason: WhyNotReasonEnum,
    /// Reason in words.
    pub detail: String,
    /// Confidence in the value from 0 to 1; null if nothing speaks for it.
    pub confidence: Option<f64>,
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

    /// Explanation why a value of a key is not in effect on a resource, or not proposed. No data is changed.
    async fn why_not(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the resource.")] resource_id: Id<ResourceKind>,
        #[graphql(desc = "Tag key, in any spelling.")] tag_key: String,
        #[graphql(desc = "Tag value, in any spelling.")] tag_value: String,
    ) -> FieldResult<WhyNotResult> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (db, runs, engine) = (ctx.reads()?, &*services.dry_runs, &services.engine);
        let why = why_not(db, runs, engine, actor, resource_id.0, &tag_key, &tag_value).await?;
        Ok(WhyNotResult {
            reason: why.reason.into(),
            detail: why.detail,
            confidence: why.confidence,
        })
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
                dry_run::described(runs, &services.engine, actor, input.try_into()?).await?
            }
        };
        Ok(InferTagsResult {
            predictions: evaluation.predictions.into_iter().map(Into::into).collect(),
        })
    }
}
