//! Actors: identity, role and accounts of a caller.

use crate::db::row_security::{self, ScopedFuture};
pub use crate::entities::AccountScope;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Runs a future or a stream under this scope, which PostgreSQL enforces by row-level security; see
/// [`row_security::with_account_scope`].
pub fn with_account_scope<T>(scope: &AccountScope, work: T) -> ScopedFuture<T> {
    row_security::with_account_scope(scope.as_bind(), work)
}

/// Role of an actor; each has the rights of the ones before it.
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

impl Role {
    /// Role of a name, as [`Display`](fmt::Display) writes it.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Approver, Self::Admin]
            .into_iter()
            .find(|role| role.to_string() == name)
    }
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

/// Actor: a person, a script, or the service itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name that decisions and audit rows carry.
    pub subject: String,
    pub role: Role,
    /// Accounts that exist for the actor.
    pub scope: AccountScope,
    /// Expiry of the credentials; `None` if there were none, or they never expire.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Actor {
    /// Prefix of the subjects of scripts.
    pub const TOKEN: &'static str = "token:";

    /// Prefix of the subjects of the service itself.
    pub const SYSTEM: &'static str = "system:";

    /// Actor of the service itself, for one of its jobs.
    pub fn system(job: &str) -> Self {
        Self {
            subject: format!("{}{job}", Self::SYSTEM),
            role: Role::Admin,
            scope: AccountScope::All,
            expires_at: None,
        }
    }

    /// True for the service itself.
    pub fn is_system(&self) -> bool {
        self.subject.starts_with(Self::SYSTEM)
    }

    /// Public id of the API token of a script.
    pub fn api_token(&self) -> Option<&str> {
        self.subject.strip_prefix(Self::TOKEN)?.split(':').next()
    }

    /// Checks that the actor has the role or a higher one; [`Error::Forbidden`] otherwise.
    pub fn require(&self, role: Role) -> Result<()> {
        if self.role >= role {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this needs the role {role}; you have {}",
            self.role
        )))
    }

    /// Checks that the actor may see all accounts; [`Error::Forbidden`] otherwise.
    pub fn require_all_accounts(&self) -> Result<()> {
        match self.scope {
            AccountScope::All => Ok(()),
            AccountScope::Only(_) => Err(Error::Forbidden(
                "this concerns all accounts; you are limited to some".into(),
            )),
        }
    }
}
