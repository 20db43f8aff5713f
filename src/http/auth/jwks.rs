//! JSON Web Key Set of the issuer of tokens, fetched from its address and kept fresh.

use super::jwt::VerificationKey;
use crate::config::ConfigError;
use crate::telemetry::names;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::RwLock;
use reqwest::redirect;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Time between two fetches for keys that are not known.
pub const UNKNOWN_KEY_PAUSE: Duration = Duration::from_mins(1);
/// Time between two fetches in any case: a revoked key must not be accepted for ever.
const REFRESH_EVERY: Duration = Duration::from_mins(5);
/// Pauses after a failed fetch, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Time limit of one fetch.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// Bytes of the longest response that is read to its end.
const RESPONSE_MAX_BYTES: usize = 256 << 10;
/// Keys that are kept at most.
const KEYS_MAX: usize = 100;

/// Keys by their ids.
#[derive(Default)]
struct KeySet {
    named: HashMap<String, VerificationKey>,
    /// Key for tokens that name none: the only one.
    only: Option<VerificationKey>,
}

/// Key set at an address.
pub struct Jwks {
    url: Url,
    client: Client,
    /// None before the first fetch that succeeded. A failure later changes nothing.
    keys: RwLock<Option<Arc<KeySet>>>,
    /// Beginning of the last fetch for a key that was not known. Held while fetching.
    last: Mutex<Option<Instant>>,
}

/// Result of looking up a key.
pub enum KeyLookup {
    /// Key that was found.
    Key(VerificationKey),
    /// No key has this id.
    Unknown,
    /// No keys have been fetched yet.
    NoKeys,
}

impl Jwks {
    /// Builds the key set at this address. Nothing is fetched yet.
    pub fn new(url: Url) -> Result<Self, ConfigError> {
        // One provider for the process; a second installation is refused, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        // The response counts from this address only. Plain HTTP is for this machine, which no proxy reaches.
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(FETCH_TIME)
            .user_agent("virtual-tagging");
        if url.scheme() == "http" {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| ConfigError::Conflict(format!("JWT_JWKS_URL={url} cannot be used: {error}")))?;
        Ok(Self {
            url,
            client,
            keys: RwLock::default(),
            last: Mutex::default(),
        })
    }

    /// Key of this id; without an id, the only key of the set. An unknown key makes the set be fetched, if that was not
    /// done within [`UNKNOWN_KEY_PAUSE`].
    pub async fn find(self: &Arc<Self>, id: Option<&str>) -> KeyLookup {
        if self.known(id).is_none() && self.is_due() {
            let (keys, id) = (self.clone(), id.map(str::to_owned));
            // On a task of its own: a caller who goes away must not cancel the one fetch of this minute.
            let _ended = tokio::spawn(async move { keys.catch_up(id.as_deref()).await }).await;
        }
        match self.known(id) {
            Some(key) => KeyLookup::Key(key),
            None if self.keys().is_some() => KeyLookup::Unknown,
            None => KeyLookup::NoKeys,
        }
    }

    /// Keys may be fetched for one that is not known, or are being fetched.
    fn is_due(&self) -> bool {
        match self.last.try_lock() {
            Ok(last) => last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE),
            Err(_busy) => true,
        }
    }

    async fn catch_up(&self, id: Option<&str>) {
        let mut last = self.last.lock().await;
        // Another caller may have fetched it meanwhile.
        if self.known(id).is_none() && last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE) {
            *last = Some(Instant::now());
            self.refresh().await;
        }
    }

    /// Refreshes the keys until it is cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let fetching = self.last.lock().await;
            let fetched = self.refresh().await;
            drop(fetching);
            let pause = if fetched {
                failures = 0;
                REFRESH_EVERY
            } else {
                failures += 1;
                let longer = FIRST_PAUSE.saturating_mul(1 << (failures - 1).min(10));
                longer.min(LONGEST_PAUSE)
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn keys(&self) -> Option<Arc<KeySet>> {
        self.keys.read().clone()
    }

    fn known(&self, id: Option<&str>) -> Option<VerificationKey> {
        let keys = self.keys()?;
        let key = match id {
            Some(id) => keys.named.get(id),
            None => keys.only.as_ref(),
        };
        key.cloned()
    }

    /// Fetches the keys, and keeps the present ones when it fails. Gives whether it succeeded.
    async fn refresh(&self) -> bool {
        let fetched = self.fetch().await;
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        metrics::counter!(names::JWKS_FETCHES, "outcome" => outcome).increment(1);
        match fetched {
            Ok(keys) => {
                metrics::gauge!(names::JWKS_KEYS).set(keys.named.len() as f64);
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                metrics::gauge!(names::JWKS_FETCHED).set(now.unwrap_or_default().as_secs_f64());
                *self.keys.write() = Some(Arc::new(keys));
                true
            }
            Err(why) => {
                let consequence = if self.keys().is_some() {
                    "those of the last time stay"
                } else {
                    "no token is accepted"
                };
                tracing::error!(
                    "keys of tokens cannot be fetched from {}: {why}; {consequence}",
                    self.url
                );
                false
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let shown = |error: reqwest::Error| error.without_url().to_string();
        let mut response = self.client.get(self.url.clone()).send().await.map_err(shown)?;
        if response.status() != StatusCode::OK {
            return Err(format!("the response is {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(shown)? {
            if body.len() + chunk.len() > RESPONSE_MAX_BYTES {
                return Err(format!("the response has more than {RESPONSE_MAX_BYTES} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        read(&body)
    }
}

/// Key set as it is published (RFC 7517, 5).
#[derive(Deserialize)]
struct PublishedKeySet {
    keys: Vec<serde_json::Value>,
}

/// Reads a key set. Keys that are of no use here are ignored (RFC 7517, 5); a set without any other is refused.
fn read(body: &[u8]) -> Result<KeySet, String> {
    let published: PublishedKeySet =
        serde_json::from_slice(body).map_err(|error| format!("the response is no set of keys: {error}"))?;
    let mut set = KeySet::default();
    let mut usable = 0;
    for key in published.keys.into_iter().take(KEYS_MAX) {
        let Some((id, key)) = serde_json::from_value(key).ok().and_then(|key| usable_key(&key)) else {
            tracing::debug!("a published key is of no use");
            continue;
        };
        usable += 1;
        set.only = (usable == 1).then(|| key.clone());
        if let Some(id) = id {
            // Of two with one id the first counts.
            set.named.entry(id).or_insert(key);
        }
    }
    if usable == 0 {
        return Err("none of its keys is of use: RSA, EC (P-256, P-384) or Ed25519, for signatures".into());
    }
    Ok(set)
}

fn usable_key(published: &Jwk) -> Option<(Option<String>, VerificationKey)> {
    let common = &published.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithm = algorithm(&published.algorithm, common.key_algorithm)?;
    let key = DecodingKey::from_jwk(published).ok()?;
    Some((common.key_id.clone(), VerificationKey { algorithm, key }))
}

/// Algorithm of a key: the published one, or the usual one of its kind. Keys for HMAC are secrets, which nobody
/// publishes.
fn algorithm(parameters: &AlgorithmParameters, published: Option<KeyAlgorithm>) -> Option<Algorithm> {
    use KeyAlgorithm as Name;
    Some(match (parameters, published) {
        (AlgorithmParameters::RSA(_), None | Some(Name::RS256)) => Algorithm::RS256,
        (AlgorithmParameters::RSA(_), Some(Name::RS384)) => Algorithm::RS384,
        (AlgorithmParameters::RSA(_), Some(Name::RS512)) => Algorithm::RS512,
        (AlgorithmParameters::RSA(_), Some(Name::PS256)) => Algorithm::PS256,
        (AlgorithmParameters::RSA(_), Some(Name::PS384)) => Algorithm::PS384,
        (AlgorithmParameters::RSA(_), Some(Name::PS512)) => Algorithm::PS512,
        (AlgorithmParameters::EllipticCurve(key), None | Some(Name::ES256))
            if key.curve == EllipticCurve::P256 =>
        {
            Algorithm::ES256
        }
        (AlgorithmParameters::EllipticCurve(key), None | Some(Name::ES384))
            if key.curve == EllipticCurve::P384 =>
        {
            Algorithm::ES384
        }
        (AlgorithmParameters::OctetKeyPair(key), None | Some(Name::EdDSA))
            if key.curve == EllipticCurve::Ed25519 =>
        {
            Algorithm::EdDSA
        }
        _ => return None,
    })
}
