//! Query on sources of resources.

use crate::domain::sources;
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::source::Source;
use async_graphql::{Context, Object};

/// Query on sources of resources.
#[derive(Default)]
pub struct SourceQuery;

#[Object]
impl SourceQuery {
    /// Configured sources of resources, with what their last reports cover.
    async fn sources(&self, ctx: &Context<'_>) -> FieldResult<Vec<Source>> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let found = sources::list(ctx.reads()?, actor, &*services.clock, &services.sources).await?;
        Ok(found.into_iter().map(Source).collect())
    }
}
