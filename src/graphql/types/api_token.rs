//! Tokens of scripts.

use crate::domain::tokens::ApiToken as Row;
use crate::graphql::error::Result;
use crate::graphql::scalars::id::{ApiTokenKind, Id};
use crate::graphql::types::viewer::Role;
use async_graphql::Object;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A token of a script.
#[derive(Clone)]
pub struct ApiToken(Arc<Row>);

impl From<Arc<Row>> for ApiToken {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl From<Row> for ApiToken {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

impl AsRef<Row> for ApiToken {
    fn as_ref(&self) -> &Row {
        &self.0
    }
}

/// A token of a script: what it may do, and what became of it. The token itself is shown once, when it is made.
#[Object]
impl ApiToken {
    /// The global id.
    pub async fn id(&self) -> Id<ApiTokenKind> {
        Id(self.0.id)
    }

    /// The part of the token between its first two underscores, by which one knows it again.
    async fn public_id(&self) -> &str {
        &self.0.public_id
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name that decisions and audit rows carry when it was used.
    async fn subject(&self) -> Result<String> {
        Ok(self.0.actor()?.subject)
    }

    /// What its bearer may do.
    async fn role(&self) -> Result<Role> {
        Ok(self.0.actor()?.role.into())
    }

    /// The accounts that exist for its bearer; null when all do.
    async fn accounts(&self) -> Option<&[String]> {
        self.0.accounts.as_deref()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who made it.
    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// When it was last used, to the minute; null when it never was.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// When it was taken back; null when it was not.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// Who took it back.
    async fn revoked_by(&self) -> Option<&str> {
        self.0.revoked_by.as_deref()
    }
}
