//! Inferences: what the engine concluded, and what it would.

use crate::domain::inventory::inferences::Inference as Row;
use crate::error::Error;
use crate::graphql::error::{Nullable, Result, nullable};
use crate::graphql::scalars::id::{Id, InferenceKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::prediction::Prediction;
use crate::graphql::types::resource::Resource;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::sync::Arc;
use tagging::KeyPrediction;

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
        let stored = Vec::<KeyPrediction>::deserialize(&self.0.predictions).map_err(Error::internal)?;
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
