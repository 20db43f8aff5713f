//! Queries on trained models.

use crate::domain::models::list::{self, ModelOrder};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::model::ModelObject;
use async_graphql::{Context, Object};

/// Queries on trained models.
#[derive(Default)]
pub struct ModelQuery;

#[Object]
impl ModelQuery {
    /// Models that were trained on this estate, newest first. For callers with access to all accounts.
    async fn models(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<ModelObject>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        connection(
            ctx,
            args,
            ModelOrder,
            async |window| list::list(db, actor, &window).await,
            async || list::count(db, actor).await,
        )
        .await
    }
}
