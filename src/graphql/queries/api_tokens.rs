//! Queries on API tokens.

use crate::domain::tokens::list::{self, TokenOrder};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::api_token::ApiToken;
use async_graphql::{Context, Object};

/// Queries on API tokens.
#[derive(Default)]
pub struct ApiTokenQuery;

#[Object]
impl ApiTokenQuery {
    /// API tokens with no more rights than the caller, newest first. For admins.
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<ApiToken>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        connection(
            ctx,
            args,
            TokenOrder,
            async |window| list::list(db, actor, &window).await,
            async || list::count(db, actor).await,
        )
        .await
    }
}
