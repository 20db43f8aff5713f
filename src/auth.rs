//! Who acts, and what they may do.

use crate::db::row_security::{self, ScopedFuture};
pub use crate::entities::AccountScope;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Marks a future or a stream as the work of a caller with this scope, for PostgreSQL to hold it to; see [`scoped`].
pub fn with_account_scope<T>(scope: &AccountScope, work: T) -> ScopedFuture<T> {
    row_security::with_account_scope(scope.as_bind(), work)
}

/// What an actor may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and decides.
    Approver,
    /// Does everything.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Approver => "approver",
            Self::Admin => "admin",
        })
    }
}

/// The one who asks: a person, a script, or the service itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name that decisions and audit rows carry.
    pub subject: String,
    /// What the actor may do.
    pub role: Role,
    /// The accounts that exist for the actor.
    pub scope: AccountScope,
    /// When the credentials expire by which the actor was recognised; `None` when there were none, or they never do.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Actor {
    /// How the names of scripts begin.
    pub const TOKEN: &'static str = "token:";

    /// How the names of the service itself begin.
    pub const SYSTEM: &'static str = "system:";

    /// The service itself, in the name of one of its jobs.
    pub fn system(job: &str) -> Self {
        Self {
            subject: format!("{}{job}", Self::SYSTEM),
            role: Role::Admin,
            scope: AccountScope::All,
            expires_at: None,
        }
    }

    /// Whether it is the service itself.
    pub fn is_system(&self) -> bool {
        self.subject.starts_with(Self::SYSTEM)
    }

    /// The public id of the API token, of a script.
    pub fn api_token(&self) -> Option<&str> {
        self.subject.strip_prefix(Self::TOKEN)?.split(':').next()
    }

    /// Passes when the actor has the role or a higher one; otherwise [`Error::Forbidden`].
    pub fn require(&self, role: Role) -> Result<()> {
        if self.role >= role {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this needs the role {role}; you have {}",
            self.role
        )))
    }

    /// Passes for what concerns all accounts; [`Error::Forbidden`] to an actor limited to some of them.
    pub fn require_all_accounts(&self) -> Result<()> {
        match self.scope {
            AccountScope::All => Ok(()),
            AccountScope::Only(_) => Err(Error::Forbidden(
                "this concerns all accounts; you are limited to some".into(),
            )),
        }
    }
}
