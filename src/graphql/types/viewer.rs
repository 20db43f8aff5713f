//! Who asks.

use crate::auth::Role as DomainRole;
use async_graphql::{Enum, SimpleObject};

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
