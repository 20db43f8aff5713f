//! Tokens of scripts.

use crate::domain::tokens::list::{self, TokenOrder};
use crate::domain::tokens::{self, ApiToken as Row, TokenDraft};
use crate::graphql::error::{Result, UserError, split_user_errors};
use crate::graphql::relay::page::{Connection, PageArgs, connection};
use crate::graphql::scalars::id::{ApiTokenKind, Id};
use crate::graphql::state::ContextExt;
use crate::graphql::types::viewer::Role;
use async_graphql::{Context, InputObject, Object, SimpleObject};
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

/// Queries about tokens of scripts.
#[derive(Default)]
pub struct ApiTokenQuery;

#[Object]
impl ApiTokenQuery {
    /// The tokens of scripts that reach no further than the caller, the newest first. For admins.
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ApiToken>> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let (actor, db) = (ctx.actor()?, ctx.reads()?);
        connection(
            ctx,
            args,
            TokenOrder,
            async |window| list::list(db, actor, &window).await,
            async || list::count(db, actor).await,
        )
        .await
    }
}

/// What a new token is to be.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// What it is for: 1 to 100 characters.
    name: String,
    /// What its bearer may do.
    role: Role,
    /// The accounts that exist for its bearer, none but the caller's; all of these when left out.
    accounts: Option<Vec<String>>,
    /// When it ends: at most 366 days ahead.
    expires_at: DateTime<Utc>,
}

/// Which token to take back.
#[derive(InputObject)]
pub struct RevokeApiTokenInput {
    /// The global id.
    id: Id<ApiTokenKind>,
}

/// What came of `createApiToken`.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// The new token; null when it was refused.
    api_token: Option<ApiToken>,
    /// What the script sends as its bearer token. It is shown here and never again.
    secret: Option<String>,
    /// What the caller did wrong; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of `revokeApiToken`.
#[derive(SimpleObject)]
pub struct RevokeApiTokenPayload {
    /// The token as it is now; null when there is none.
    api_token: Option<ApiToken>,
    /// What the caller did wrong; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Making tokens of scripts, and taking them back.
#[derive(Default)]
pub struct ApiTokenMutation;

#[Object]
impl ApiTokenMutation {
    /// Makes a token for a script, which may do and see no more than the caller. For admins who are people.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let draft = TokenDraft {
            name: input.name,
            role: input.role.into(),
            accounts: input.accounts,
            expires_at: input.expires_at,
        };
        let created = tokens::create(&services.db, &*services.clock, actor, draft).await;
        let (issued, user_errors) = split_user_errors(created)?;
        let (api_token, secret) = issued.map(|issued| (issued.row.into(), issued.secret)).unzip();
        Ok(CreateApiTokenPayload {
            api_token,
            secret: secret.map(|secret| secret.reveal().to_owned()),
            user_errors,
        })
    }

    /// Takes a token back: within seconds nobody is let in by it, and its websockets are closed. For admins who are
    /// people.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] input: RevokeApiTokenInput,
    ) -> Result<RevokeApiTokenPayload> {
        let revoked = tokens::revoke(&ctx.services()?.db, ctx.actor()?, input.id.0).await;
        let (row, user_errors) = split_user_errors(revoked)?;
        Ok(RevokeApiTokenPayload {
            api_token: row.map(Into::into),
            user_errors,
        })
    }
}
