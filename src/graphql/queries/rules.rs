//! Queries on rules.

use crate::domain::rules::list::{self, RuleOrder};
use crate::graphql::error::{Nullable, Result, nullable};
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule::Rule;
use async_graphql::{Context, ID, Object};

/// Queries about rules.
#[derive(Default)]
pub struct RuleQuery;

#[Object]
impl RuleQuery {
    /// The rules, in the order in which they are tried.
    async fn rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that are on, or off; both when left out.")] enabled: Option<bool>,
    ) -> Result<Connection<Rule>> {
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
            RuleOrder,
            async |window| list::list(db, actor, enabled, &window).await,
            async || list::count(db, actor, enabled).await,
        )
        .await
    }

    /// One rule; null when there is none.
    async fn rule(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Nullable<Rule> {
        nullable(async { ctx.loaders()?.rules.load(Id::<RuleKind>::of(&id)?.0).await }).await
    }
}
