//! Verification of API tokens: at each request, with rows that are cached for [`CACHE_TTL`].

use super::ApiToken;
use super::secret::TokenSecret;
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

/// Time for which the row of a token is cached: no replica accepts a revoked token for longer.
pub const CACHE_TTL: Duration = Duration::from_secs(2);

/// Precision of `last_used_at`.
const LAST_USED_PRECISION: &str = "1 minute";

/// Maximum of cached tokens.
const MAX_CACHED: usize = 10_000;

/// Bearer of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBearer {
    /// Actor of the token.
    pub actor: Actor,
    /// Expiry of the token.
    pub expires_at: DateTime<Utc>,
    /// Public part of the token.
    pub public_id: String,
}

/// Cache entry of one token, locked while its row is read, so that other requests wait instead of reading it, too.
type CacheSlot = Arc<Mutex<Option<CachedToken>>>;

struct CachedToken {
    read_at: Instant,
    row: Option<Arc<ApiToken>>,
}

/// Verifier of tokens. Clones share the cache.
#[derive(Clone)]
pub struct TokenVerifier {
    db: DatabaseConnection,
    slots: Arc<SyncMutex<HashMap<String, CacheSlot>>>,
}

impl TokenVerifier {
    /// Verifier that reads from this database.
    pub fn new(db: DatabaseConnection) -> Self {
        Self {
            db,
            slots: Arc::default(),
        }
    }

    /// Verifies a token; `None` if it does not exist, was revoked or has expired. Fails if the database cannot be read.
    pub async fn verify(&self, secret: &TokenSecret, now: DateTime<Utc>) -> Result<Option<TokenBearer>> {
        match self.read(secret.public_id()).await? {
            Some(row) if secret.matches_hash(&row.secret_hash) => bearer_of(&row, now),
            _ => Ok(None),
        }
    }

    /// True if this token is cached, and was not revoked when it was read.
    pub fn is_known(&self, secret: &TokenSecret) -> bool {
        let slots = self.slots.lock();
        let Some(slot) = slots.get(secret.public_id()) else {
            return false;
        };
        // A slot that is locked is being read: unknown.
        let row = slot
            .try_lock()
            .ok()
            .and_then(|cached| cached.as_ref()?.row.clone());
        row.is_some_and(|row| row.revoked_at.is_none() && secret.matches_hash(&row.secret_hash))
    }

    /// True if a token that was verified before is still valid.
    pub async fn is_still_valid(&self, public_id: &str, now: DateTime<Utc>) -> Result<bool> {
        let row = self.read(public_id).await?;
        Ok(row.is_some_and(|row| row.revoked_at.is_none() && row.expires_at > now))
    }

    async fn read(&self, public_id: &str) -> Result<Option<Arc<ApiToken>>> {
        let slot = self.slot(public_id);
        let mut slot = slot.lock().await;
        if let Some(cached) = &*slot
            && cached.read_at.elapsed() < CACHE_TTL
        {
            return Ok(cached.row.clone());
        }
        let read_at = Instant::now();
        let row = api_token::find_shown(public_id)
            .one(&self.db)
            .await?
            .map(Arc::new);
        if let Some(row) = &row {
            self.record_use(row).await;
        }
        *slot = Some(CachedToken {
            read_at,
            row: row.clone(),
        });
        Ok(row)
    }

    fn slot(&self, public_id: &str) -> CacheSlot {
        let mut slots = self.slots.lock();
        if slots.len() >= MAX_CACHED && !slots.contains_key(public_id) {
            // Most of so many are guessed ids; valid tokens are read again.
            slots.clear();
        }
        slots.entry(public_id.to_owned()).or_default().clone()
    }

    /// Records the use of a token. A failure is only logged: it is no reason to refuse the token.
    async fn record_use(&self, row: &ApiToken) {
        let minute = |used: DateTime<Utc>| (Utc::now() - used).num_seconds() < 60;
        if row.revoked_at.is_some() || row.last_used_at.is_some_and(minute) {
            return;
        }
        let record = format!(
            "UPDATE api_tokens SET last_used_at = now() WHERE id = $1 AND
             (last_used_at IS NULL OR last_used_at < now() - interval '{LAST_USED_PRECISION}')"
        );
        if let Err(error) = sql::execute(&self.db, &record, [row.id.into()]).await {
            error.log("cannot record the use of an API token");
        }
    }
}

fn bearer_of(row: &ApiToken, now: DateTime<Utc>) -> Result<Option<TokenBearer>> {
    if row.revoked_at.is_some() || row.expires_at <= now {
        return Ok(None);
    }
    Ok(Some(TokenBearer {
        actor: row.actor()?,
        expires_at: row.expires_at,
        public_id: row.public_id.clone(),
    }))
}
