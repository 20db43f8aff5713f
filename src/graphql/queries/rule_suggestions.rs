//! Queries on suggestions.

use crate::domain::suggestions::{SuggestionFilter, SuggestionOrder, list};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::rule_suggestion::RuleSuggestion;
use async_graphql::{Context, InputObject, Object};

/// Filter of suggestions; omitted fields match all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct RuleSuggestionFilter {
    /// Filter by a suggested tag key.
    tag_key: Option<String>,
    /// Filter by the account of at least one resource.
    account_id: Option<String>,
    /// Minimum number of resources.
    min_resources: Option<i32>,
}

impl From<RuleSuggestionFilter> for SuggestionFilter {
    fn from(input: RuleSuggestionFilter) -> Self {
        Self {
            tag_key: input.tag_key,
            account_id: input.account_id,
            min_resources: input.min_resources.map(Into::into),
        }
    }
}

/// Queries on suggestions.
#[derive(Default)]
pub struct RuleSuggestionQuery;

#[Object]
impl RuleSuggestionQuery {
    /// Suggestions of rules that wait for a decision, those first that settle most. A caller limited to accounts is shown
    /// those of which all resources are there.
    async fn rule_suggestions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
        #[graphql(desc = "Filter.")] filter: Option<RuleSuggestionFilter>,
    ) -> FieldResult<Connection<RuleSuggestion>> {
        let args = PageArgs::new(first, after, last, before);
        let (actor, db, filter) = (ctx.actor()?, ctx.reads()?, filter.unwrap_or_default().into());
        connection(
            ctx,
            args,
            SuggestionOrder,
            async |window| list::list(db, actor, &filter, &window).await,
            async || list::count(db, actor, &filter).await,
        )
        .await
    }
}
