//! Principals: the persons and tokens in whose name runs work, and their rights.
//!
//! Rights are looked at when work is done: before the first chunk, and in the transaction of each. An API token must
//! hold at that moment. Of a person only the credentials are known that they showed when they asked, so their work ends
//! with these, or [`GRACE`] after they asked: credentials may be shorter than the work that was asked for with them.
//! Whoever tries a run again takes it over, within the accounts of those who had it before.

use crate::auth::{AccountScope, Actor};
use crate::db::sql;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use std::time::Duration;

/// A person's work may go on for so long after they asked, whenever their credentials expire.
const GRACE: Duration = Duration::from_hours(1);

/// A person or a token that a run works for.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    /// The name that decisions and audit rows carry.
    pub subject: String,
    /// The accounts in which the run may change anything.
    pub scope: AccountScope,
    /// The public id of the API token, if it was one.
    api_token: Option<String>,
    /// When a person's credentials expire; a token's row says it of itself.
    expires_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct PrincipalRow {
    subject: String,
    accounts: Option<Vec<String>>,
    api_token: Option<String>,
    expires_at: Option<DateTime<Utc>>,
}

impl Principal {
    /// The one who asks; `None` for the service itself, whose rights do not end.
    pub fn of(actor: &Actor) -> Option<Self> {
        let api_token = actor.api_token().map(str::to_owned);
        (!actor.is_system()).then(|| Self {
            subject: actor.subject.clone(),
            scope: actor.scope.clone(),
            expires_at: actor.expires_at.filter(|_| api_token.is_none()),
            api_token,
        })
    }

    /// The principal of a run.
    pub async fn load(db: &impl ConnectionTrait, run_id: i64) -> Result<Option<Self>> {
        let load = "SELECT subject, accounts, api_token, expires_at FROM run_principals WHERE run_id = $1";
        let row: Option<PrincipalRow> = sql::row(db, load, [run_id.into()]).await?;
        Ok(row.map(|row| Self {
            subject: row.subject,
            scope: row.accounts.map_or(AccountScope::All, AccountScope::Only),
            api_token: row.api_token,
            expires_at: row.expires_at,
        }))
    }

    /// Makes this the principal of a run, within the accounts of the one before.
    pub async fn take_over(&self, txn: &impl ConnectionTrait, run_id: i64) -> Result<()> {
        let take_over = "INSERT INTO run_principals AS p (run_id, subject, accounts, api_token, expires_at)
             SELECT $1, $2, $3, $4, CASE WHEN $5::timestamptz IS NOT NULL
                 THEN greatest($5::timestamptz, now() + $6 * interval '1 second') END
             ON CONFLICT (run_id) DO UPDATE SET subject = excluded.subject, api_token = excluded.api_token,
                 expires_at = excluded.expires_at,
                 accounts = CASE WHEN p.accounts IS NULL THEN excluded.accounts
                     WHEN excluded.accounts IS NULL THEN p.accounts
                     ELSE ARRAY(SELECT unnest(p.accounts) INTERSECT SELECT unnest(excluded.accounts)) END";
        let binds = [
            run_id.into(),
            self.subject.clone().into(),
            self.scope.as_bind().into(),
            self.api_token.clone().into(),
            self.expires_at.into(),
            GRACE.as_secs_f64().into(),
        ];
        sql::execute(txn, take_over, binds).await?;
        Ok(())
    }

    /// Equal runs are one run only where the same principal asks: or the end of one's rights would end what another
    /// asked for.
    pub fn singleton_key(&self, key: &str) -> String {
        format!("{key} for {}", self.subject)
    }
}

/// Has the run `helper` work in the name of the run that it helps.
pub(super) async fn share(txn: &impl ConnectionTrait, run_id: i64, helper: i64) -> Result<()> {
    let share = "INSERT INTO run_principals (run_id, subject, accounts, api_token, expires_at)
         SELECT $2, subject, accounts, api_token, expires_at FROM run_principals WHERE run_id = $1";
    sql::execute(txn, share, [run_id.into(), helper.into()]).await?;
    Ok(())
}

/// Rights of the run `$1` that are lost, for a statement; NULL when they hold. A token without a row was never
/// made here.
pub(super) const LOST_RIGHTS: &str = "(SELECT CASE
        WHEN p.api_token IS NOT NULL AND (t.id IS NULL OR t.revoked_at IS NOT NULL) THEN 'REVOKED'
        WHEN least(p.expires_at, t.expires_at) <= clock_timestamp() THEN 'EXPIRED' END
      FROM run_principals p LEFT JOIN api_tokens t ON t.public_id = p.api_token WHERE p.run_id = $1)";

/// Passes when nothing is lost; otherwise [`Error::Forbidden`], which ends the run.
pub(super) fn require_held(lost: Option<&str>) -> Result<()> {
    let message = match lost {
        None => return Ok(()),
        Some("REVOKED") => "the API token that asked for this run was revoked",
        Some(_) => "the credentials that asked for this run have expired",
    };
    Err(Error::Forbidden(format!(
        "{message}; what was done before stands, and whoever may do the rest can try the run again"
    )))
}
