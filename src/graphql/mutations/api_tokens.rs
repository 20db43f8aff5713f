//! Mutations of API tokens.

use crate::domain::tokens::{self, TokenDraft};
use crate::graphql::error::Result;
use crate::graphql::scalars::id::{ApiTokenKind, Id};
use crate::graphql::state::ContextExt;
use crate::graphql::types::api_token::ApiToken;
use crate::graphql::types::user_error::{UserError, split_user_errors};
use crate::graphql::types::viewer::Role;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

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
