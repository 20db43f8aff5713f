//! The keys of who makes the tokens, fetched from where they are published, and fetched anew as they change.

use super::jwt::Key;
use crate::config::ConfigError;
use crate::telemetry::names;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::redirect;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A key that is not known lets the keys be fetched at most this often.
pub const UNKNOWN_KEY_PAUSE: Duration = Duration::from_mins(1);
/// The keys are fetched this often in any case: one that was taken back must not be accepted for ever.
const REFRESH_EVERY: Duration = Duration::from_mins(5);
/// The pauses after a fetch that failed, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The time for one fetch.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// An answer that is longer is not read to its end.
const ANSWER_MAX_BYTES: usize = 256 << 10;
/// More keys than this are not kept.
const KEYS_MAX: usize = 100;

/// The keys, by what names them.
#[derive(Default)]
struct KeySet {
    named: HashMap<String, Key>,
    /// The key that counts for tokens that name none: the only one.
    only: Option<Key>,
}

/// A set of keys that is published at an address.
pub struct Jwks {
    url: Url,
    client: Client,
    /// Nothing before the first fetch that succeeded. One that fails later changes nothing.
    keys: RwLock<Option<Arc<KeySet>>>,
    /// When the last fetch for a key that was not known began; whoever fetches holds it.
    last: Mutex<Option<Instant>>,
}

/// Whether there is a key.
pub enum KeyLookup {
    /// The key.
    Key(Key),
    /// The keys are known, and it is none of them.
    Unknown,
    /// No keys could be fetched yet.
    NoKeys,
}

impl Jwks {
    /// The keys at this address. Nothing is fetched yet.
    pub fn new(url: Url) -> Result<Self, ConfigError> {
        // There is one for the process; a second installation is refused, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        // An answer counts from this address only; it is asked directly when it is this machine.
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

    /// The key of this id; without an id, the only key there is. One that is not known lets the keys be fetched, if
    /// that was not done within [`UNKNOWN_KEY_PAUSE`].
    pub async fn find(self: &Arc<Self>, id: Option<&str>) -> KeyLookup {
        if self.known(id).is_none() && self.is_due() {
            let (keys, id) = (self.clone(), id.map(str::to_owned));
            // On a task of its own: a caller who goes away must not take the one fetch of this minute along.
            let _ended = tokio::spawn(async move { keys.catch_up(id.as_deref()).await }).await;
        }
        match self.known(id) {
            Some(key) => KeyLookup::Key(key),
            None if self.keys().is_some() => KeyLookup::Unknown,
            None => KeyLookup::NoKeys,
        }
    }

    /// Whether keys may be fetched for one that is not known, or are being fetched.
    fn is_due(&self) -> bool {
        match self.last.try_lock() {
            Ok(last) => last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE),
            Err(_busy) => true,
        }
    }

    async fn catch_up(&self, id: Option<&str>) {
        let mut last = self.last.lock().await;
        // Somebody else may have fetched it meanwhile.
        if self.known(id).is_none() && last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE) {
            *last = Some(Instant::now());
            self.refresh().await;
        }
    }

    /// Keeps the keys fresh until it is cancelled.
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
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn known(&self, id: Option<&str>) -> Option<Key> {
        let keys = self.keys()?;
        let key = match id {
            Some(id) => keys.named.get(id),
            None => keys.only.as_ref(),
        };
        key.cloned()
    }

    /// Fetches the keys, and keeps those that there are when it fails. Gives whether it succeeded.
    async fn refresh(&self) -> bool {
        let fetched = self.fetch().await;
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        metrics::counter!(names::JWKS_FETCHES, "outcome" => outcome).increment(1);
        match fetched {
            Ok(keys) => {
                metrics::gauge!(names::JWKS_KEYS).set(keys.named.len() as f64);
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                metrics::gauge!(names::JWKS_FETCHED).set(now.unwrap_or_default().as_secs_f64());
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
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
        let told = |error: reqwest::Error| error.without_url().to_string();
        let mut response = self.client.get(self.url.clone()).send().await.map_err(told)?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(told)? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(format!("the answer has more than {ANSWER_MAX_BYTES} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        read(&body)
    }
}

/// A set of keys as it is published (RFC 7517, 5).
#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

/// Keys that are of no use here are passed over (RFC 7517, 5); a set without any other is refused.
fn read(body: &[u8]) -> Result<KeySet, String> {
    let published: Published =
        serde_json::from_slice(body).map_err(|error| format!("the answer is no set of keys: {error}"))?;
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

fn usable_key(published: &Jwk) -> Option<(Option<String>, Key)> {
    let common = &published.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithm = algorithm(&published.algorithm, common.key_algorithm)?;
    let key = DecodingKey::from_jwk(published).ok()?;
    Some((common.key_id.clone(), Key { algorithm, key }))
}

/// The one algorithm of a key: the published one, or the usual one of its kind. Secrets are not published, so that a
/// key for HMAC is none.
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
