//! The query `viewer`.

use crate::auth::AccountScope;
use crate::graphql::error::FieldResult;
use crate::graphql::state::ContextExt;
use crate::graphql::types::viewer::Viewer;
use async_graphql::{Context, Object};

/// Queries on the caller.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Authenticated caller.
    async fn viewer(&self, ctx: &Context<'_>) -> FieldResult<Viewer> {
        let actor = ctx.actor()?;
        Ok(Viewer {
            subject: actor.subject.clone(),
            role: actor.role.into(),
            accounts: match &actor.scope {
                AccountScope::All => None,
                AccountScope::Only(accounts) => Some(accounts.clone()),
            },
        })
    }
}
