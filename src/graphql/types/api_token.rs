//! The type `ApiToken`.

use crate::domain::tokens::ApiToken as ApiTokenRow;
use crate::graphql::error::FieldResult;
use crate::graphql::scalars::id::ApiTokenKind;
use crate::graphql::types::row::row_object;
use crate::graphql::types::viewer::RoleEnum;
use chrono::{DateTime, Utc};

row_object! {
    /// API token of a script: rights and lifetime. The secret is returned once, by `createApiToken`.
    pub struct ApiToken("ApiToken", ApiTokenKind) of ApiTokenRow {
        /// Public part of the token, between the first two underscores, for identification.
        public_id: &str,
        /// Purpose of the token.
        name: &str,
        /// Accounts that the token may access; null if all accounts.
        accounts: Option<&[String]>,
        /// Time of creation.
        created_at: DateTime<Utc>,
        /// Actor who created the token.
        created_by: &str,
        /// Time of expiry.
        expires_at: DateTime<Utc>,
        /// Time of the last use, to the minute; null if the token was never used.
        last_used_at: Option<DateTime<Utc>>,
        /// Time of revocation; null if the token was not revoked.
        revoked_at: Option<DateTime<Utc>>,
        /// Actor who revoked the token.
        revoked_by: Option<&str>,
    }

    /// Actor name that decisions and audit rows record for the token.
    async fn subject(&self) -> FieldResult<String> {
        Ok(self.0.actor()?.subject)
    }

    /// Role of the token.
    async fn role(&self) -> FieldResult<RoleEnum> {
        Ok(self.0.actor()?.role.into())
    }
}
