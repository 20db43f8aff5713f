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
    /// Keys of the vocabulary with values, spellings and settings: as shipped, with the changes of administrators.
    async fn vocabulary(&self, ctx: &Context<'_>) -> FieldResult<Vec<VocabularyKey>> {
        ctx.actor()?;
        let stored = ctx.services()?.engine.live.refresh(ctx.reads()?).await?;
        Ok(stored.keys().into_iter().map(Into::into).collect())
    }
}
