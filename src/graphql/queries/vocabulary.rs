//! The query `vocabulary`.

use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::vocabulary::VocabularyKey;
use async_graphql::{Context, Object};

/// Queries on the vocabulary.
#[derive(Default)]
pub struct VocabularyQuery;

#[Object]
impl VocabularyQuery {
    /// Keys of the vocabulary with values and spellings.
    async fn vocabulary(&self, ctx: &Context<'_>) -> FieldResult<Vec<VocabularyKey>> {
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
