//! Who asks.

use crate::auth::{AccountScope, Role as DomainRole};
use crate::graphql::error::Result;
use crate::graphql::state::ContextExt;
use async_graphql::{Context, Enum, Object, SimpleObject};

/// What an actor may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DomainRole")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and decides.
    Approver,
    /// Does everything.
    Admin,
}

/// The caller, as the service knows it.
#[derive(Clone, Debug, SimpleObject)]
pub struct Viewer {
    /// The name that decisions and audit rows carry.
    pub subject: String,
    /// What the caller may do.
    pub role: Role,
    /// The accounts that exist for the caller; null when all do.
    pub accounts: Option<Vec<String>>,
}

/// Queries about the caller.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who the caller is, and may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
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
