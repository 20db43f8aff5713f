//! The type `MlInference`.

use crate::domain::inventory::inferences::Inference;
use crate::error::Error;
use crate::graphql::error::{FieldResult, Nullable, nullable};
use crate::graphql::scalars::id::InferenceKind;
use crate::graphql::state::ContextExt;
use crate::graphql::types::prediction::Prediction;
use crate::graphql::types::projection;
use crate::graphql::types::resource::Resource;
use crate::graphql::types::row::row_object;
use async_graphql::Context;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tagging::KeyPrediction;

row_object! {
    /// Inference: one evaluation of a resource, with all considered values.
    pub struct MlInference("MlInference", InferenceKind) of Inference {
        /// Version of the model that took part.
        model_version: &str,
        /// Revision of rules, vocabulary, model and thresholds.
        revision: i64,
        /// Time of the evaluation.
        predicted_at: DateTime<Utc>,
    }

    /// Winning value of each key with outcome and alternatives, each with source and confidence.
    async fn predictions(&self) -> FieldResult<Vec<Prediction>> {
        let stored = Vec::<KeyPrediction>::deserialize(&self.0.predictions).map_err(Error::internal)?;
        Ok(stored.into_iter().map(Into::into).collect())
    }

    /// Evaluated resource.
    async fn resource(&self, ctx: &Context<'_>) -> Nullable<Resource> {
        nullable(async { ctx.loaders()?.resources.load((self.0.resource_id, projection::resource(ctx))).await }).await
    }
}
