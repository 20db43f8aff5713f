//! Queries on rules.

use crate::domain::rules::list::{self, RuleOrder};
use crate::graphql::error::{FieldResult, Nullable, nullable};
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::scalars::id::{Id, RuleKind};
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule::RuleObject;
use async_graphql::{Context, ID, Object};

/// Queries on rules.
#[derive(Default)]
pub struct RuleQuery;

#[Object]
impl RuleQuery {
    /// Rules in order of evaluation.
    async fn rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter by `enabled`.")] enabled: Option<bool>,
    ) -> FieldResult<Connection<RuleObject>> {
        let args = PageArgs::new(first, after, last, before);
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

    /// Rule with a global id; null if no such rule exists.
    async fn rule(&self, ctx: &Context<'_>, #[graphql(desc = "Global id.")] id: ID) -> Nullable<RuleObject> {
        nullable(async { ctx.loaders()?.rules.load(Id::<RuleKind>::of(&id)?.0).await }).await
    }
}
