//! Queries on administrative changes.

use crate::domain::admin_changes::{self, AdminChangeConditions as Filter, AdminChangeOrder};
use crate::graphql::error::FieldResult;
use crate::graphql::relay::connection::Connection;
use crate::graphql::relay::page::PageArgs;
use crate::graphql::relay::resolve::connection;
use crate::graphql::state::ContextExt;
use crate::graphql::types::admin_change::{AdminChange, AdminSubjectEnum};

use async_graphql::{Context, InputObject, Object};

/// Filter of administrative changes; omitted fields match all.
#[derive(Default, InputObject)]
pub struct AdminChangeFilter {
    /// Filter by type of the changed object.
    subject_type: Option<AdminSubjectEnum>,
    /// Filter by actor.
    actor: Option<String>,
}

/// Queries on administrative changes.
#[derive(Default)]
pub struct AdminChangeQuery;

#[Object]
impl AdminChangeQuery {
    /// Changes of rules, schedules and API tokens, newest first. For admins with access to all accounts.
    async fn admin_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of administrative changes.")] filter: Option<AdminChangeFilter>,
        #[graphql(desc = "Maximum number of rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which rows are returned.")] after: Option<String>,
        #[graphql(desc = "Maximum number of rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Cursor before which rows are returned.")] before: Option<String>,
    ) -> FieldResult<Connection<AdminChange>> {
        let args = PageArgs::new(first, after, last, before);
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
