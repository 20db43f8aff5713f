//! Mutations of API tokens.

use crate::domain::tokens::{self, TokenDraft};
use crate::graphql::error::FieldResult;
use crate::graphql::scalars::id::{ApiTokenKind, Id};
use crate::graphql::state::ContextExt;
use crate::graphql::types::api_token::ApiToken;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use crate::graphql::types::viewer::RoleEnum;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

/// Input of `createApiToken`.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// Purpose of the token: 1 to 100 characters.
    name: String,
    /// Role of the token.
    role: RoleEnum,
    /// Accounts that the token may access, a subset of the caller's accounts; default: all accounts of the caller.
    accounts: Option<Vec<String>>,
    /// Time of expiry, at most 366 days from now.
    expires_at: DateTime<Utc>,
}

/// Input of `revokeApiToken`.
#[derive(InputObject)]
pub struct RevokeApiTokenInput {
    /// Global id.
    id: Id<ApiTokenKind>,
}

/// Payload of `createApiToken`.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// New API token; null if refused.
    api_token: Option<ApiToken>,
    /// Bearer token for the script. The secret is returned here and never again.
    secret: Option<String>,
    /// Errors of the caller; empty on success.
    user_errors: Vec<UserError>,
}

/// Payload of `revokeApiToken`.
#[derive(SimpleObject)]
pub struct RevokeApiTokenPayload {
    /// API token in the current state; null if no such token exists.
    api_token: Option<ApiToken>,
    /// Errors of the caller; empty on success.
    user_errors: Vec<UserError>,
}

/// Mutations of API tokens.
#[derive(Default)]
pub struct ApiTokenMutation;

#[Object]
impl ApiTokenMutation {
    /// Creates an API token for a script, with no more rights than the caller. For admins who are people.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "API token to create.")] input: CreateApiTokenInput,
    ) -> FieldResult<CreateApiTokenPayload> {
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

    /// Revokes an API token: within seconds the token is refused and its websockets are closed. For admins who are
    /// people.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "API token to revoke.")] input: RevokeApiTokenInput,
    ) -> FieldResult<RevokeApiTokenPayload> {
        let revoked = tokens::revoke(&ctx.services()?.db, ctx.actor()?, input.id.0).await;
        let (row, user_errors) = split_user_errors(revoked)?;
        Ok(RevokeApiTokenPayload {
            api_token: row.map(Into::into),
            user_errors,
        })
    }
}
