//! The trail of administration.

use crate::domain::admin_changes::{self, AdminChange as Row, AdminChangeFilter as Filter, AdminChangeOrder};
use crate::graphql::error::Result;
use crate::graphql::relay::page::{Connection, PageArgs, connection};
use crate::graphql::scalars::id::{AdminChangeKind, Id};
use crate::graphql::state::ContextExt;
use crate::graphql::types::enums::{AdminAction, AdminSubject};
use async_graphql::{Context, InputObject, Json, Object};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A change of a rule, a schedule or a token of a script.
pub struct AdminChange(Arc<Row>);

impl From<Arc<Row>> for AdminChange {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for AdminChange {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for AdminChange {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// One change of a rule, a schedule or a token of a script. It stays when what it speaks of is gone.
#[Object]
impl AdminChange {
    /// The global id.
    pub async fn id(&self) -> Id<AdminChangeKind> {
        Id(self.0.id)
    }

    /// When it happened.
    async fn timestamp(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    /// Who did it.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// What was done.
    async fn action(&self) -> AdminAction {
        self.0.action.into()
    }

    /// What kind of thing was changed.
    async fn subject_type(&self) -> AdminSubject {
        self.0.subject_type.into()
    }

    /// Its name at that time.
    async fn subject_name(&self) -> &str {
        &self.0.subject_name
    }

    /// What it said before; null when it is new.
    async fn before(&self) -> Option<Json<&serde_json::Value>> {
        self.0.before.as_ref().map(Json)
    }

    /// What it said afterwards; null when it is gone.
    async fn after(&self) -> Option<Json<&serde_json::Value>> {
        self.0.after.as_ref().map(Json)
    }
}

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
