//! API tokens of scripts: created and revoked by admins, shown once, and limited to the rights of their creator.

pub mod check;
pub mod list;
mod secret;

pub use crate::entities::api_token::Model as ApiToken;
pub use check::{TokenBearer, TokenVerifier};
pub use secret::TokenSecret;

use crate::auth::{AccountScope, Actor, Role};
use crate::clock::Clock;
use crate::db::{Begin, Transaction, sql};
use crate::domain::admin_changes::{self, AdminAction, AdminSubject, NewAdminChange};
use crate::domain::subject::has_hidden_characters;
use crate::entities::api_token::{self, Column};
use crate::error::{Error, Problem, ProblemCode, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, QueryFilter, Set};

/// Maximum of days until a token expires.
pub const MAX_DAYS: i64 = 366;

/// Maximum of accounts of a token.
const MAX_ACCOUNTS: usize = 1_000;

/// Definition of a new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDraft {
    /// Purpose of the token: 1 to 100 characters.
    pub name: String,
    /// Role of its bearer.
    pub role: Role,
    /// Accounts of its bearer; those of its creator if left out.
    pub accounts: Option<Vec<String>>,
    pub expires_at: DateTime<Utc>,
}

/// New token with its secret, which is not stored.
#[derive(Debug)]
pub struct IssuedToken {
    pub row: ApiToken,
    pub secret: TokenSecret,
}

impl ApiToken {
    /// Actor of the token.
    pub fn actor(&self) -> Result<Actor> {
        let role = Role::parse(&self.role);
        let role = role.ok_or_else(|| Error::internal(format!("a token has the role {}", self.role)))?;
        Ok(Actor {
            subject: format!("{}{}:{}", Actor::TOKEN, self.public_id, self.name),
            role,
            scope: self
                .accounts
                .clone()
                .map_or(AccountScope::All, AccountScope::Only),
            expires_at: Some(self.expires_at),
        })
    }
}

/// Creates a token. Only admins create tokens, not tokens themselves, and none with more rights or accounts than its
/// creator.
pub async fn create(
    db: &DatabaseConnection,
    clock: &dyn Clock,
    actor: &Actor,
    draft: TokenDraft,
) -> Result<IssuedToken> {
    require_person(actor)?;
    let accounts = check(&draft, actor, clock.now())?;
    let secret = TokenSecret::random();
    let row = api_token::ActiveModel {
        public_id: Set(secret.public_id().to_owned()),
        secret_hash: Set(secret.hash()),
        name: Set(draft.name),
        role: Set(draft.role.to_string()),
        accounts: Set(accounts),
        created_by: Set(actor.subject.clone()),
        expires_at: Set(draft.expires_at),
        ..Default::default()
    };
    let txn = db.begin().await?;
    let row = row.insert(&txn).await?;
    record(&txn, actor, AdminAction::Created, None, &row).await?;
    txn.commit().await?;
    tracing::info!(
        token = row.public_id,
        by = actor.subject,
        role = row.role,
        "an API token was created"
    );
    Ok(IssuedToken { row, secret })
}

/// Revokes a token; one that was revoked stays as it is. After [`check::CACHE_TTL`] no replica accepts it any more.
pub async fn revoke(db: &DatabaseConnection, actor: &Actor, id: i64) -> Result<ApiToken> {
    require_person(actor)?;
    let found = api_token::find(&actor.scope)
        .filter(Column::Id.eq(id))
        .one(db)
        .await?;
    let found = found.ok_or_else(|| Error::not_found("id", "API token with this id"))?;
    let revoke =
        "UPDATE api_tokens SET revoked_at = now(), revoked_by = $2 WHERE id = $1 AND revoked_at IS NULL
        RETURNING *";
    let txn = db.begin().await?;
    let revoked: Option<ApiToken> = sql::row(&txn, revoke, [id.into(), actor.subject.clone().into()]).await?;
    if let Some(row) = &revoked {
        record(&txn, actor, AdminAction::Revoked, Some(&found), row).await?;
    }
    txn.commit().await?;
    match revoked {
        Some(row) => {
            tracing::info!(
                token = row.public_id,
                by = actor.subject,
                "an API token was revoked"
            );
            Ok(row)
        }
        None if found.revoked_at.is_some() => Ok(found),
        // Revoked by somebody else in the meantime.
        None => {
            let found = api_token::find(&actor.scope)
                .filter(Column::Id.eq(id))
                .one(db)
                .await?;
            found.ok_or_else(|| Error::not_found("id", "API token with this id"))
        }
    }
}

/// Records the change of a token in the trail of administration, without its secret.
async fn record(
    txn: &Transaction,
    actor: &Actor,
    action: AdminAction,
    before: Option<&ApiToken>,
    after: &ApiToken,
) -> Result<()> {
    let shown = |row: &ApiToken| {
        serde_json::json!({
            "publicId": row.public_id,
            "name": row.name,
            "role": row.role,
            "accounts": row.accounts,
            "expiresAt": row.expires_at,
            "revoked": row.revoked_at.is_some(),
        })
    };
    let change = NewAdminChange {
        action,
        subject: AdminSubject::ApiToken,
        subject_id: Some(after.public_id.clone()),
        subject_name: after.name.clone(),
        before: before.map(shown),
        after: Some(shown(after)),
    };
    admin_changes::record(txn, actor, change).await
}

/// Refuses tokens: a token that could create tokens would outlive itself.
fn require_person(actor: &Actor) -> Result<()> {
    actor.require(Role::Admin)?;
    if actor.subject.starts_with(Actor::TOKEN) {
        return Err(Error::Forbidden(
            "tokens are made and taken back by people, not by tokens".into(),
        ));
    }
    Ok(())
}

/// Checks a token, and returns its accounts, sorted; the error has all problems.
fn check(draft: &TokenDraft, actor: &Actor, now: DateTime<Utc>) -> Result<Option<Vec<String>>> {
    let mut problems = Vec::new();
    let mut refuse = |field: &str, message: String| {
        problems.push(Problem::field(ProblemCode::Invalid, field, message));
    };
    let name = &draft.name;
    if !(1..=100).contains(&name.chars().count()) || name.trim() != name || has_hidden_characters(name) {
        refuse(
            "name",
            "must have 1 to 100 characters, no blanks around and none that cannot be seen".into(),
        );
    }
    if draft.expires_at <= now || draft.expires_at > now + TimeDelta::days(MAX_DAYS) {
        refuse(
            "expiresAt",
            format!("must be in the future, and at most {MAX_DAYS} days ahead"),
        );
    }
    let mut accounts = draft.accounts.clone().or_else(|| actor.scope.as_bind());
    if let Some(accounts) = &mut accounts {
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.is_empty() || accounts.len() > MAX_ACCOUNTS {
            refuse(
                "accounts",
                format!("must name 1 to {MAX_ACCOUNTS} accounts, or be left out"),
            );
        }
        if let Some(foreign) = accounts.iter().find(|account| !actor.scope.allows(account)) {
            refuse("accounts", format!("{foreign} is none of your accounts"));
        }
    }
    if problems.is_empty() {
        Ok(accounts)
    } else {
        Err(Error::Validation(problems))
    }
}
