//! Who shows a token: asked at each request, and read from the database once in a while.

use super::{ApiToken, Secret};
use crate::auth::Actor;
use crate::db::sql;
use crate::entities::api_token;
use crate::error::Result;
use chrono::{DateTime, Utc};
use parking_lot::Mutex as SyncMutex;
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What was read of a token counts for so long, and then it is read again: a token that was taken back is accepted for
/// no longer than this, by any replica.
pub const FRESH: Duration = Duration::from_secs(2);

/// `last_used_at` is this exact.
const USE_NOTED_EVERY: &str = "1 minute";

/// More tokens than this are not remembered.
const REMEMBERED_MAX: usize = 10_000;

/// A token that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// Who acts with it.
    pub actor: Actor,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// The part of it that is no secret.
    pub public_id: String,
}

/// What was read of one token. Whoever reads it holds it, so that others wait instead of reading it as well.
type Slot = Arc<Mutex<Option<Read>>>;

struct Read {
    at: Instant,
    row: Option<Arc<ApiToken>>,
}

/// Knows bearers of tokens. Clones know the same.
#[derive(Clone)]
pub struct Bearers {
    db: DatabaseConnection,
    slots: Arc<SyncMutex<HashMap<String, Slot>>>,
}

impl Bearers {
    /// Reads from this database.
    pub fn new(db: DatabaseConnection) -> Self {
        Self {
            db,
            slots: Arc::default(),
        }
    }

    /// Who shows this token; nobody when it is none, was taken back or has ended. Fails when that cannot be read.
    pub async fn bearer(&self, secret: &Secret, now: DateTime<Utc>) -> Result<Option<Bearer>> {
        match self.read(secret.public_id()).await? {
            Some(row) if secret.is_kept_as(&row.secret_hash) => holding(&row, now),
            _ => Ok(None),
        }
    }

    /// Whether this token was read before and held then.
    pub fn has_accepted(&self, secret: &Secret) -> bool {
        let slots = self.slots.lock();
        let Some(slot) = slots.get(secret.public_id()) else {
            return false;
        };
        // While it is read nobody knows.
        let row = slot.try_lock().ok().and_then(|read| read.as_ref()?.row.clone());
        row.is_some_and(|row| row.revoked_at.is_none() && secret.is_kept_as(&row.secret_hash))
    }

    /// Whether a token that was shown before still holds.
    pub async fn still_holds(&self, public_id: &str, now: DateTime<Utc>) -> Result<bool> {
        let row = self.read(public_id).await?;
        Ok(row.is_some_and(|row| row.revoked_at.is_none() && row.expires_at > now))
    }

    async fn read(&self, public_id: &str) -> Result<Option<Arc<ApiToken>>> {
        let slot = self.slot(public_id);
        let mut slot = slot.lock().await;
        if let Some(read) = &*slot
            && read.at.elapsed() < FRESH
        {
            return Ok(read.row.clone());
        }
        let at = Instant::now();
        let row = api_token::find_shown(public_id)
            .one(&self.db)
            .await?
            .map(Arc::new);
        if let Some(row) = &row {
            self.note_use(row).await;
        }
        *slot = Some(Read { at, row: row.clone() });
        Ok(row)
    }

    fn slot(&self, public_id: &str) -> Slot {
        let mut slots = self.slots.lock();
        if slots.len() >= REMEMBERED_MAX && !slots.contains_key(public_id) {
            // Guessed ones, for there are not so many others; they are read again.
            slots.clear();
        }
        slots.entry(public_id.to_owned()).or_default().clone()
    }

    /// That this fails is no reason to refuse the token.
    async fn note_use(&self, row: &ApiToken) {
        let minute = |used: DateTime<Utc>| (Utc::now() - used).num_seconds() < 60;
        if row.revoked_at.is_some() || row.last_used_at.is_some_and(minute) {
            return;
        }
        let note = format!(
            "UPDATE api_tokens SET last_used_at = now() WHERE id = $1 AND
             (last_used_at IS NULL OR last_used_at < now() - interval '{USE_NOTED_EVERY}')"
        );
        if let Err(error) = sql::execute(&self.db, &note, [row.id.into()]).await {
            error.log("noting the use of an API token");
        }
    }
}

fn holding(row: &ApiToken, now: DateTime<Utc>) -> Result<Option<Bearer>> {
    if row.revoked_at.is_some() || row.expires_at <= now {
        return Ok(None);
    }
    Ok(Some(Bearer {
        actor: row.actor()?,
        expires_at: row.expires_at,
        public_id: row.public_id.clone(),
    }))
}
