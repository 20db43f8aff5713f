//! Issuer of tokens: keys made for the test, published on loopback.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use tokio::net::TcpListener;

pub const ISSUER: &str = "https://login.example.com/";
pub const AUDIENCE: &str = "virtual-tagging";

/// Claims of a token of ours.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": [AUDIENCE, "other"], "sub": "ada", "role": "approver", "accounts": ["111"],
        "exp": 9_999_999_999_u64, "nbf": 1, "iat": 1,
    })
}

#[derive(Default)]
struct Shown {
    body: Option<String>,
    fetches: usize,
}

/// An address where keys are published.
pub struct Issuer {
    address: SocketAddr,
    shown: Arc<Mutex<Shown>>,
}

impl Issuer {
    pub async fn start(keys: Vec<Value>) -> Self {
        let shown = Arc::<Mutex<Shown>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/keys", get(show))
            .route("/moved", get(|| async { Redirect::temporary("/keys") }))
            .with_state(shown.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let issuer = Self { address, shown };
        issuer.publish(keys);
        issuer
    }

    pub fn url(&self) -> String {
        self.url_of("/keys")
    }

    pub fn url_of(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn publish(&self, keys: Vec<Value>) {
        self.publish_text(json!({ "keys": keys }).to_string());
    }

    pub fn publish_text(&self, body: String) {
        self.shown.lock().unwrap().body = Some(body);
    }

    /// From now on nothing is published.
    pub fn fail(&self) {
        self.shown.lock().unwrap().body = None;
    }

    /// Number of requests.
    pub fn fetches(&self) -> usize {
        self.shown.lock().unwrap().fetches
    }
}

async fn show(State(shown): State<Arc<Mutex<Shown>>>) -> (StatusCode, String) {
    let mut shown = shown.lock().unwrap();
    shown.fetches += 1;
    match &shown.body {
        Some(body) => (StatusCode::OK, body.clone()),
        None => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

enum Pair {
    Rsa(&'static RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Secret(Vec<u8>),
}

/// A key that signs.
pub struct Signer {
    id: &'static str,
    algorithm: &'static str,
    pair: Pair,
}

/// The one RSA key of all tests, which ring does not make; it protects nothing.
static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("rsa.pk8")).unwrap());

fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Pair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
}

impl Signer {
    pub fn rsa(id: &'static str, algorithm: &'static str) -> Self {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            "RS256" => &signature::RSA_PKCS1_SHA256,
            "RS384" => &signature::RSA_PKCS1_SHA384,
            "RS512" => &signature::RSA_PKCS1_SHA512,
            "PS256" => &signature::RSA_PSS_SHA256,
            "PS384" => &signature::RSA_PSS_SHA384,
            "PS512" => &signature::RSA_PSS_SHA512,
            other => panic!("{other}"),
        };
        let pair = Pair::Rsa(&RSA, encoding);
        Self { id, algorithm, pair }
    }

    pub fn p256(id: &'static str) -> Self {
        let pair = ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self {
            id,
            algorithm: "ES256",
            pair,
        }
    }

    pub fn p384(id: &'static str) -> Self {
        let pair = ec(&ECDSA_P384_SHA384_FIXED_SIGNING);
        Self {
            id,
            algorithm: "ES384",
            pair,
        }
    }

    pub fn ed25519(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Pair::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap());
        Self {
            id,
            algorithm: "EdDSA",
            pair,
        }
    }

    /// Signs with HS256, whatever the secret is.
    pub fn secret(secret: &[u8]) -> Self {
        let pair = Pair::Secret(secret.to_vec());
        Self {
            id: "secret",
            algorithm: "HS256",
            pair,
        }
    }

    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The public key, as it is published.
    pub fn published(&self) -> Value {
        let mut key = match &self.pair {
            Pair::Rsa(pair, _) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({
                    "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
                })
            }
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if self.algorithm == "ES256" {
                    "P-256"
                } else {
                    "P-384"
                };
                json!({
                    "kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
                })
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key())})
            }
            Pair::Secret(secret) => json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret)}),
        };
        key["kid"] = self.id.into();
        key["alg"] = self.algorithm.into();
        key["use"] = "sig".into();
        key
    }

    /// The public key in the form that is mistaken for a secret the most: PEM.
    pub fn pem(&self) -> &'static str {
        assert!(matches!(self.pair, Pair::Rsa(..)), "only of RSA");
        include_str!("rsa.pub.pem")
    }

    pub fn header(&self) -> Value {
        json!({"alg": self.algorithm, "typ": "JWT", "kid": self.id})
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs whatever the texts are.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .unwrap();
                signature
            }
            Pair::Ec(pair) => pair
                .sign(&SystemRandom::new(), message)
                .unwrap()
                .as_ref()
                .to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Secret(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message).as_ref().to_vec()
            }
        }
    }
}
