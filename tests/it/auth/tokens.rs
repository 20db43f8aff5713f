//! Authentication: tokens of every algorithm, keys that change, and tokens that must not pass.

use super::issuer::{AUDIENCE, ISSUER, Issuer, Signer, claims};
use crate::support::service::Service;
use crate::support::wait::wait_until;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// A service that takes the tokens of this issuer.
pub async fn service_for(issuer: &Issuer) -> Service {
    Service::start_with(&[
        ("JWT_JWKS_URL", &issuer.url()),
        ("JWT_ISSUER", ISSUER),
        ("JWT_AUDIENCE", AUDIENCE),
    ])
    .await
}

/// Response to a query with this token.
pub async fn answer(service: &Service, token: &str) -> (StatusCode, Value) {
    let request = service.client.post(service.url("/graphql")).bearer_auth(token);
    let query = json!({"query": "{ viewer { subject role accounts } }"});
    let response = request.json(&query).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

pub async fn is_accepted(service: &Service, token: &str) -> bool {
    let (status, answer) = answer(service, token).await;
    let expected = json!({"subject": "ada", "role": "APPROVER", "accounts": ["111"]});
    let accepted = status == StatusCode::OK && answer["data"]["viewer"] == expected;
    assert!(
        accepted || status == StatusCode::UNAUTHORIZED,
        "{status} {answer}"
    );
    accepted
}

#[tokio::test]
async fn tokens_of_every_algorithm_are_accepted_by_the_key_that_they_name() {
    let signers = [
        Signer::rsa("rsa", "RS256"),
        Signer::rsa("rsa-384", "RS384"),
        Signer::rsa("rsa-512", "RS512"),
        Signer::rsa("pss", "PS256"),
        Signer::rsa("pss-384", "PS384"),
        Signer::rsa("pss-512", "PS512"),
        Signer::p256("ec"),
        Signer::p384("ec-384"),
        Signer::ed25519("ed"),
    ];
    let mut published: Vec<Value> = signers.iter().map(Signer::published).collect();
    // Keys of other kinds and for other ends are passed over.
    published.push(json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}));
    published.push(json!({"kty": "new", "kid": "strange"}));
    let issuer = Issuer::start(published).await;
    let service = service_for(&issuer).await;
    for signer in &signers {
        let token = signer.sign(&claims());
        assert!(is_accepted(&service, &token).await, "{}", signer.algorithm());
    }
    // Without the name of a key there is no telling which.
    let header = json!({"alg": "RS256"});
    assert!(!is_accepted(&service, &signers[0].sign_with(&header, &claims())).await);
}

#[tokio::test]
async fn a_single_key_counts_for_tokens_that_name_none() {
    let signer = Signer::ed25519("ed");
    let mut published = signer.published();
    // Many publishers leave the algorithm out.
    published.as_object_mut().unwrap().remove("alg");
    let issuer = Issuer::start(vec![published]).await;
    let service = service_for(&issuer).await;
    assert!(is_accepted(&service, &signer.sign_with(&json!({"alg": "EdDSA"}), &claims())).await);
}

#[tokio::test]
async fn a_new_key_is_fetched_once_a_minute_at_most_and_the_old_ones_stay_when_that_fails() {
    let (old, new, newest) = (
        Signer::p256("old"),
        Signer::ed25519("new"),
        Signer::p256("newest"),
    );
    let issuer = Issuer::start(vec![old.published()]).await;
    let service = service_for(&issuer).await;
    assert!(is_accepted(&service, &old.sign(&claims())).await);
    let before = issuer.fetches();
    issuer.publish(vec![new.published()]);
    assert!(is_accepted(&service, &new.sign(&claims())).await);
    assert_eq!(issuer.fetches(), before + 1);
    assert!(
        !is_accepted(&service, &old.sign(&claims())).await,
        "it was taken back"
    );

    issuer.publish(vec![newest.published()]);
    for _ in 0..20 {
        assert!(!is_accepted(&service, &newest.sign(&claims())).await);
    }
    assert_eq!(issuer.fetches(), before + 1);

    let other = service_for(&issuer).await;
    assert!(is_accepted(&other, &newest.sign(&claims())).await);
    issuer.fail();
    let tried = issuer.fetches();
    assert!(!is_accepted(&other, &new.sign(&claims())).await);
    assert_eq!(issuer.fetches(), tried + 1);
    assert!(is_accepted(&other, &newest.sign(&claims())).await);
}

#[tokio::test]
async fn the_service_starts_without_keys_and_takes_them_when_they_come() {
    let signer = Signer::p256("ec");
    let issuer = Issuer::start(vec![signer.published()]).await;
    issuer.fail();
    let service = service_for(&issuer).await;
    assert_eq!(service.get("/readyz").await.status(), StatusCode::OK);
    let (status, answer) = answer(&service, &signer.sign(&claims())).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    let metrics = service.get("/metrics").await.text().await.unwrap();
    assert!(
        metrics.contains(r#"jwks_fetches_total{outcome="failed"}"#),
        "{metrics}"
    );
    issuer.publish(vec![signer.published()]);
    wait_until(Duration::from_secs(10), "the issuer's keys", async || {
        self::answer(&service, &signer.sign(&claims())).await.0 == StatusCode::OK
    })
    .await;
}

#[tokio::test]
async fn what_is_no_set_of_keys_or_too_long_or_elsewhere_is_not_taken() {
    let signer = Signer::p256("ec");
    let issuer = Issuer::start(Vec::new()).await;
    for body in [
        "{".to_owned(),
        json!({"keys": {}}).to_string(),
        json!({"keys": []}).to_string(),
        json!({"keys": [signer.published()], "padding": "x".repeat(300 << 10)}).to_string(),
    ] {
        issuer.publish_text(body);
        let service = service_for(&issuer).await;
        let (status, _) = answer(&service, &signer.sign(&claims())).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
    issuer.publish(vec![signer.published()]);
    let url = issuer.url_of("/moved");
    let settings = [
        ("JWT_JWKS_URL", url.as_str()),
        ("JWT_ISSUER", ISSUER),
        ("JWT_AUDIENCE", AUDIENCE),
    ];
    let service = Service::start_with(&settings).await;
    let (status, _) = answer(&service, &signer.sign(&claims())).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}
