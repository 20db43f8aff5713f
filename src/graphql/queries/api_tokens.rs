//! Queries on API tokens.

use crate::domain::tokens::list::{self, TokenOrder};
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::api_token::ApiToken;
use async_graphql::{Context, Object};

/// Queries about tokens of scripts.
#[derive(Default)]
pub struct ApiTokenQuery;

#[Object]
impl ApiTokenQuery {
    /// The tokens of scripts that reach no further than the caller, the newest first. For admins.
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ApiToken>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
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
