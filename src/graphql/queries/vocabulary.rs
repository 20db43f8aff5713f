//! The query `vocabulary`.

use crate::graphql::error::Result;
use crate::graphql::state::ContextExt;
use crate::graphql::types::vocabulary::VocabularyKey;
use async_graphql::{Context, Object};

/// Queries about the vocabulary.
#[derive(Default)]
pub struct VocabularyQuery;

#[Object]
impl VocabularyQuery {
    /// The keys that the service knows, with their values and spellings.
    async fn vocabulary(&self, ctx: &Context<'_>) -> Result<Vec<VocabularyKey>> {
        ctx.actor()?;
        Ok(ctx
            .services()?
            .engine
            .vocabulary
            .keys()
            .iter()
            .map(Into::into)
            .collect())
    }
}
