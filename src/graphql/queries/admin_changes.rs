//! Queries on administrative changes.

use crate::domain::admin_changes::{self, AdminChangeFilter as Filter, AdminChangeOrder};
use crate::graphql::error::Result;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::admin_change::AdminChange;
use crate::graphql::types::enums::AdminSubject;
use async_graphql::{Context, InputObject, Object};

/// Which changes to list.
#[derive(Default, InputObject)]
pub struct AdminChangeFilter {
    /// Only of this kind of thing.
    subject_type: Option<AdminSubject>,
    /// Only by this actor.
    actor: Option<String>,
}

/// Queries about administration.
#[derive(Default)]
pub struct AdminChangeQuery;

#[Object]
impl AdminChangeQuery {
    /// Who changed rules, schedules and tokens of scripts, the newest change first. For admins who may see all accounts.
    async fn admin_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which changes; all if left out.")] filter: Option<AdminChangeFilter>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AdminChange>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let filter = filter.unwrap_or_default();
        let filter = &Filter {
            subject: filter.subject_type.map(Into::into),
            actor: filter.actor,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        connection(
            ctx,
            args,
            AdminChangeOrder,
            async |window| admin_changes::list(db, actor, filter, &window).await,
            async || admin_changes::count(db, actor, filter).await,
        )
        .await
    }
}
