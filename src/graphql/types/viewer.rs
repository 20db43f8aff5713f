//! The type `Viewer`.

use crate::auth::Role;
use crate::graphql::types::row::db_enum;
use async_graphql::SimpleObject;

db_enum! {
    /// Role of an actor. Each role includes the rights of the roles before.
    pub enum RoleEnum("Role") mirrors Role {
        /// Right to read.
        Viewer,
        /// Right to decide on virtual tags.
        Approver,
        /// Right to perform all operations.
        Admin,
    }
}

/// Authenticated caller.
#[derive(Clone, Debug, SimpleObject)]
pub struct Viewer {
    /// Actor name that decisions and audit rows record for the caller.
    pub subject: String,
    /// Role of the caller.
    pub role: RoleEnum,
    /// Accounts that the caller may access; null if all accounts.
    pub accounts: Option<Vec<String>>,
}
