//! Inferences: what the engine concluded, and what it would.

use crate::domain::evaluation::dry_run;
use crate::domain::inventory::inferences::{self, Inference as Row, InferenceOrder};
use crate::error::Error;
use crate::graphql::error::{Nullable, Result, nullable};
use crate::graphql::relay::page::{Connection, PageArgs, connection};
use crate::graphql::scalars::id::{Id, InferenceKind, ResourceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::TagSource;
use crate::graphql::types::resource::{Resource, ResourceInput};
use async_graphql::{Context, Enum, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::sync::Arc;
use tagging::{Alternative as DomainAlternative, Outcome as DomainOutcome, Prediction as DomainPrediction};

/// An evaluation.
#[derive(Clone)]
pub struct MlInference(Arc<Row>);

impl From<Arc<Row>> for MlInference {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for MlInference {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for MlInference {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// One evaluation of a resource, with all that was considered.
#[Object]
impl MlInference {
    /// The global id.
    pub async fn id(&self) -> Id<InferenceKind> {
        Id(self.0.id)
    }

    /// The version of the model that took part.
    async fn model_version(&self) -> &str {
        &self.0.model_version
    }

    /// The revision of rules, vocabulary, model and thresholds.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// The winner of each key with what became of it and the alternatives, each with its source and confidence.
    async fn predictions(&self) -> Result<Vec<Prediction>> {
        let stored = Vec::<DomainPrediction>::deserialize(&self.0.predictions).map_err(Error::internal)?;
        Ok(stored.into_iter().map(Into::into).collect())
    }

    /// When it was made.
    async fn predicted_at(&self) -> DateTime<Utc> {
        self.0.predicted_at
    }

    /// The resource that was evaluated.
    async fn resource(&self, ctx: &Context<'_>) -> Nullable<Resource> {
        nullable(async { ctx.loaders()?.resources.load(self.0.resource_id).await }).await
    }
}

/// What is done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainOutcome")]
pub enum PredictionOutcome {
    /// Applied at once, and put before people.
    AutoApply,
    /// Put before people.
    Suggest,
    /// Not sure enough to be shown.
    Discard,
    /// An approved value or a native tag says this already.
    AlreadyHolds,
}

/// The winner of one key.
#[derive(Clone, Debug, SimpleObject)]
pub struct Prediction {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// Where the value comes from.
    pub source: TagSource,
    /// The probability that the value is right, from 0 to 1.
    pub confidence: f64,
    /// What would be done with it.
    pub outcome: PredictionOutcome,
    /// Why.
    pub reason: String,
    /// What else was proposed for the key.
    pub alternatives: Vec<Alternative>,
}

/// A value that lost.
#[derive(Clone, Debug, SimpleObject)]
pub struct Alternative {
    /// The value.
    pub value: String,
    /// Where it comes from.
    pub source: TagSource,
    /// Its own confidence, from 0 to 1.
    pub confidence: f64,
    /// What speaks for it.
    pub reason: String,
    /// Why the winner was preferred.
    pub lost_because: String,
}

impl From<DomainPrediction> for Prediction {
    fn from(prediction: DomainPrediction) -> Self {
        Self {
            key: prediction.key,
            value: prediction.value,
            source: crate::domain::TagSource::from(prediction.source).into(),
            confidence: prediction.confidence,
            outcome: prediction.outcome.into(),
            reason: prediction.reason,
            alternatives: prediction.alternatives.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<DomainAlternative> for Alternative {
    fn from(alternative: DomainAlternative) -> Self {
        Self {
            value: alternative.value,
            source: crate::domain::TagSource::from(alternative.source).into(),
            confidence: alternative.confidence,
            reason: alternative.reason,
            lost_because: alternative.lost_because,
        }
    }
}

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
