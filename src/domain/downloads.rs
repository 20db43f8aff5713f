//! Downloads: links by which a browser fetches an export without a header. A link is good for one request within
//! [`LIFETIME`], on any replica, and gives the rights that its creator had: role, accounts and the end of the credentials.

use crate::auth::{AccountScope, Actor, Role};
use crate::db::sql;
use crate::domain::exports::ExportRequest;
use crate::error::{Error, Result};
use crate::runs;
use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, FromQueryResult};
use sha2::{Digest, Sha256};
use std::fmt;

/// Time for which a link is good.
pub const LIFETIME: &str = "2 minutes";

/// Digits of a secret.
const DIGITS: usize = 64;

/// Secret of a link: 256 random bits in hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct DownloadSecret(String);

impl DownloadSecret {
    fn random() -> Self {
        let bits: [u8; DIGITS / 2] = rand::random();
        Self(hex::encode(bits))
    }

    /// Parses a text that has the form of a secret.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == DIGITS && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// Hash that is stored. The secret is random and long: it needs no slow hash.
    fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// Whole secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DownloadSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// New link with its secret, which is not stored.
#[derive(Debug)]
pub struct IssuedDownload {
    pub secret: DownloadSecret,
    pub expires_at: DateTime<Utc>,
}

/// Download that a link gave.
#[derive(Debug, PartialEq)]
pub struct Download {
    /// Actor who made the link.
    pub actor: Actor,
    pub request: ExportRequest,
}

/// Makes a link for an export that the actor may have. Links that have expired are deleted with it.
pub async fn create(
    db: &DatabaseConnection,
    actor: &Actor,
    request: &ExportRequest,
) -> Result<IssuedDownload> {
    #[derive(FromQueryResult)]
    struct CreatedRow {
        expires_at: DateTime<Utc>,
    }
    request.require_rights(actor)?;
    if let ExportRequest::Rejections(run) = request
        && runs::find(db, *run).await?.is_none()
    {
        return Err(Error::not_found("run", "run with this id"));
    }
    let secret = DownloadSecret::random();
    let create = format!(
        "WITH expired AS (SELECT secret_hash FROM downloads WHERE expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED),
              deleted AS (DELETE FROM downloads d USING expired e WHERE d.secret_hash = e.secret_hash)
         INSERT INTO downloads (secret_hash, subject, role, accounts, credentials_end, request, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + interval '{LIFETIME}') RETURNING expires_at"
    );
    let values = [
        secret.hash().into(),
        actor.subject.clone().into(),
        actor.role.to_string().into(),
        actor.scope.as_bind().into(),
        actor.expires_at.into(),
        serde_json::to_value(request).map_err(Error::internal)?.into(),
    ];
    let created: Option<CreatedRow> = sql::row(db, &create, values).await?;
    let created = created.ok_or_else(|| Error::internal("a statement that gives a row gave none"))?;
    Ok(IssuedDownload {
        secret,
        expires_at: created.expires_at,
    })
}

#[derive(FromQueryResult)]
struct DownloadRow {
    subject: String,
    role: String,
    accounts: Option<Vec<String>>,
    credentials_end: Option<DateTime<Utc>>,
    request: serde_json::Value,
    is_valid: bool,
}

/// Takes the download of a link, once; `None` if there is none, or it has expired.
pub async fn redeem(db: &DatabaseConnection, secret: &DownloadSecret) -> Result<Option<Download>> {
    let redeem = "DELETE FROM downloads WHERE secret_hash = $1
        RETURNING subject, role, accounts, credentials_end, request, expires_at > now() AS is_valid";
    let row: Option<DownloadRow> = sql::row(db, redeem, [secret.hash().into()]).await?;
    let Some(row) = row.filter(|row| row.is_valid) else {
        return Ok(None);
    };
    let role = Role::parse(&row.role);
    Ok(Some(Download {
        actor: Actor {
            subject: row.subject,
            role: role.ok_or_else(|| Error::internal(format!("a download has the role {}", row.role)))?,
            scope: row.accounts.map_or(AccountScope::All, AccountScope::Only),
            expires_at: row.credentials_end,
        },
        request: serde_json::from_value(row.request).map_err(Error::internal)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::DownloadSecret;

    #[test]
    fn a_secret_is_known_again_and_not_shown_by_chance() {
        let secret = DownloadSecret::random();
        assert_eq!(DownloadSecret::parse(secret.reveal()).as_ref(), Some(&secret));
        assert_ne!(DownloadSecret::random().hash(), secret.hash());
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        let upper = secret.reveal().to_uppercase() + "A";
        for text in [
            "",
            &secret.reveal()[1..],
            &upper[..64].replace(char::is_numeric, "G"),
        ] {
            assert_eq!(DownloadSecret::parse(text), None, "{text}");
        }
    }
}
