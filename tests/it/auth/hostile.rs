//! Tokens that must not pass, by every way that takes one.

use super::issuer::{AUDIENCE, ISSUER, Issuer, Signer, claims};
use super::tokens::service_for;
use crate::support::service::{SECRET, Service};
use crate::support::socket::Socket;
use reqwest::StatusCode;
use serde_json::{Value, json};

type Hostile = Vec<(String, String)>;

/// Faults in the claims, whoever signs them.
fn wrong_claims(signer: &Signer) -> Hostile {
    let with = |name: &str, value: Value| {
        let mut wrong = claims();
        wrong[name] = value;
        (format!("{name} is {}", wrong[name]), signer.sign(&wrong))
    };
    let without = |name: &str| {
        let mut wrong = claims();
        wrong.as_object_mut().unwrap().remove(name);
        (format!("no {name}"), signer.sign(&wrong))
    };
    let text = |what: &str, claims: &str| {
        (
            what.to_owned(),
            signer.sign_text(&signer.header().to_string(), claims),
        )
    };
    let twice = |name: &str, value: &str| {
        let claims = claims().to_string();
        text(
            &format!("{name} twice"),
            &format!("{{\"{name}\":{value},{}", &claims[1..]),
        )
    };
    let mut all: Hostile = ["exp", "sub", "role", "iss", "aud"]
        .into_iter()
        .map(without)
        .collect();
    all.extend([
        with("exp", 1.into()),
        with("exp", 0.into()),
        with("exp", (-1).into()),
        with("exp", "9999999999".into()),
        with("exp", 1.5.into()),
        with("exp", u64::MAX.into()),
        with("exp", Value::Null),
        with("exp", json!([9_999_999_999_u64])),
        with("nbf", 9_999_999_998_u64.into()),
        with("nbf", "1".into()),
        with("iat", 9_999_999_998_u64.into()),
        with("iat", true.into()),
        with("iss", "https://login.example.org/".into()),
        with("iss", json!([ISSUER])),
        with("aud", "other".into()),
        with("aud", json!([])),
        with("aud", json!([AUDIENCE, 1])),
        with("aud", json!({ AUDIENCE: true })),
        with("sub", json!(["ada"])),
        with("sub", "".into()),
        with("sub", "system:maintain".into()),
        with("sub", "token:nightly".into()),
        with("sub", "System:maintain".into()),
        with("sub", " system:maintain".into()),
        with("sub", "sys\u{200b}tem:maintain".into()),
        with("sub", "ｔｏｋｅｎ：0123456789abcdef：nightly".into()),
        with("sub", "ѕystem:maintain".into()),
        with("sub", "ada\u{202e}".into()),
        with("sub", "a\u{0}da".into()),
        with("sub", "a".repeat(201).into()),
        with("role", "root".into()),
        with("role", "ADMIN".into()),
        with("role", json!(["admin", 1])),
        with("role", json!([])),
        with("role", json!({"admin": null})),
        with("accounts", 111.into()),
        with("accounts", Value::Null),
        with("accounts", json!([1])),
        with("accounts", json!(["111", "nul\u{0}"])),
        twice("sub", "\"eve\""),
        twice("role", "\"admin\""),
        twice("exp", "9999999999"),
        twice("aud", "\"virtual-tagging\""),
        text("claims that are a list", "[]"),
        text("claims that are no JSON", "{"),
        text("claims with something after them", &format!("{} {{}}", claims())),
        text(
            "claims that nest",
            &format!("{{\"a\":{}1{}}}", "[".repeat(2_000), "]".repeat(2_000)),
        ),
    ]);
    all
}

/// Faults in the header, whoever signs it.
fn wrong_headers(signer: &Signer) -> Hostile {
    let with = |name: &str, value: Value| {
        let mut header = signer.header();
        header[name] = value;
        (
            format!("header {name} is {}", header[name]),
            signer.sign_with(&header, &claims()),
        )
    };
    let twice = format!("{{\"alg\":\"none\",{}", &signer.header().to_string()[1..]);
    vec![
        with("alg", "none".into()),
        with("alg", "None".into()),
        with("alg", "".into()),
        with("alg", Value::Null),
        with("alg", "HS512".into()),
        with("alg", "RS512".into()),
        with("alg", json!([signer.algorithm()])),
        with("crit", json!(["exp"])),
        with("crit", json!([])),
        with("b64", false.into()),
        with("zip", "DEF".into()),
        with("cty", "JWT".into()),
        with("typ", "logout+jwt".into()),
        with("typ", 1.into()),
        with("kid", json!(["../../../dev/null"])),
        (
            "alg twice".into(),
            signer.sign_text(&twice, &claims().to_string()),
        ),
        ("no header".into(), signer.sign_text("", &claims().to_string())),
    ]
}

/// Faults in the form.
fn wrong_forms(signer: &Signer) -> Hostile {
    let good = signer.sign(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let altered =
        Signer::secret(b"x").sign(&json!({"sub": "eve", "role": "admin", "exp": 9_999_999_999_u64}));
    let altered = altered.split('.').nth(1).unwrap();
    let forms = [
        ("an empty signature", format!("{message}.")),
        ("no signature", message.to_owned()),
        ("nothing but dots", "..".into()),
        ("five parts", format!("{good}.e30.e30")),
        (
            "a signature of another message",
            format!("{header}.{altered}.{signature}"),
        ),
        (
            "half a signature",
            format!("{message}.{}", &signature[..signature.len() / 2]),
        ),
        (
            "a signature of zeros",
            format!("{message}.{}", "A".repeat(signature.len())),
        ),
        ("padding", format!("{header}=.{payload}.{signature}")),
        (
            "JSON in place of base64",
            format!("{}.{}.{signature}", signer.header(), claims()),
        ),
        (
            "a long token",
            format!("{header}.{}.{signature}", "A".repeat(12 << 10)),
        ),
    ];
    forms.map(|(what, token)| (what.to_owned(), token)).into()
}

/// Tokens for services with published keys only.
fn confusions(published: &Signer) -> Hostile {
    let mut all = Hostile::new();
    let key = published.published();
    for (what, secret) in [
        ("PEM", published.pem().to_owned()),
        (
            "PEM without its last line end",
            published.pem().trim_end().to_owned(),
        ),
        ("the published key", key.to_string()),
        ("the modulus", key["n"].as_str().unwrap().to_owned()),
        ("nothing", String::new()),
    ] {
        for id in [published.header()["kid"].clone(), "unknown".into()] {
            let header = json!({"alg": "HS256", "typ": "JWT", "kid": id});
            let token = Signer::secret(secret.as_bytes()).sign_with(&header, &claims());
            all.push((format!("HS256 with {what} as its secret, kid {id}"), token));
        }
    }
    let thief = Signer::p256("thief");
    for id in [
        "../../../../dev/null",
        "/proc/self/environ",
        "' OR '1'='1",
        "x'; DROP TABLE resources; --",
        "http://127.0.0.1:1/keys",
        "thief",
        "",
    ] {
        let header = json!({"alg": "ES256", "kid": id});
        all.push((format!("kid {id}"), thief.sign_with(&header, &claims())));
        // An empty secret is what a file that is empty would give.
        let header = json!({"alg": "HS256", "kid": id});
        all.push((
            format!("kid {id} and no secret"),
            Signer::secret(b"").sign_with(&header, &claims()),
        ));
    }
    for id in ["thief", "rsa"] {
        for (name, value) in [
            ("jwk", thief.published()),
            ("jku", "http://127.0.0.1:1/keys".into()),
            ("x5u", "http://127.0.0.1:1/certificate".into()),
            ("x5c", json!(["MIIB"])),
        ] {
            let header = json!({"alg": "ES256", "kid": id, name: value});
            all.push((
                format!("{name} with kid {id}"),
                thief.sign_with(&header, &claims()),
            ));
        }
    }
    all
}

async fn none_passes(service: &Service, hostile: Hostile) {
    assert!(hostile.len() > 30);
    let mut bodies = Vec::new();
    for (what, token) in hostile {
        for path in [
            "/graphql",
            "/graphql?query=%7Bviewer%7Bsubject%7D%7D",
            "/csv/export",
        ] {
            let request = if path == "/graphql" {
                service
                    .client
                    .post(service.url(path))
                    .json(&json!({"query": "{viewer{subject}}"}))
            } else {
                service.client.get(service.url(path))
            };
            let response = request.bearer_auth(&token).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}");
            let mut body: Value = response.json().await.unwrap();
            body["errors"][0]["extensions"]
                .as_object_mut()
                .unwrap()
                .remove("requestId");
            bodies.push(body);
        }
        let mut socket = Socket::open(service).await;
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket
            .send(&json!({"type": "connection_init", "payload": payload}))
            .await;
        assert_eq!(socket.close_code().await, 4403, "{what}");
    }
    assert_eq!(bodies[0]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the bodies differ");
}

#[tokio::test]
async fn no_hostile_token_passes_where_keys_are_published() {
    let signer = Signer::rsa("rsa", "RS256");
    let issuer = Issuer::start(vec![signer.published(), Signer::p256("ec").published()]).await;
    let service = service_for(&issuer).await;
    let mut hostile = confusions(&signer);
    hostile.extend(wrong_forms(&signer));
    hostile.extend(wrong_headers(&signer));
    hostile.extend(wrong_claims(&signer));
    none_passes(&service, hostile).await;
    assert!(super::tokens::is_accepted(&service, &signer.sign(&claims())).await);
}

#[tokio::test]
async fn no_hostile_token_passes_where_a_secret_is_shared() {
    let settings = [
        ("JWT_SECRET", SECRET),
        ("JWT_ISSUER", ISSUER),
        ("JWT_AUDIENCE", AUDIENCE),
    ];
    let service = Service::start_with(&settings).await;
    let signer = Signer::secret(SECRET.as_bytes());
    let mut hostile = wrong_forms(&signer);
    hostile.extend(wrong_headers(&signer));
    hostile.extend(wrong_claims(&signer));
    for other in [
        Signer::rsa("secret", "RS256"),
        Signer::p256("secret"),
        Signer::secret(b""),
    ] {
        hostile.push((
            format!("signed with {}", other.algorithm()),
            other.sign(&claims()),
        ));
    }
    none_passes(&service, hostile).await;
    assert!(super::tokens::is_accepted(&service, &signer.sign(&claims())).await);
}

/// Longer than headers may be: refused before anybody looks for a token in it.
#[tokio::test]
async fn a_token_of_a_megabyte_does_not_pass() {
    let service = Service::start_authenticated().await;
    let token = format!("e30.{}.e30", "A".repeat(1_000_000));
    let request = service.client.post(service.url("/graphql")).bearer_auth(&token);
    // The connection may end before all of it is sent.
    if let Ok(response) = request.json(&json!({"query": "{viewer{subject}}"})).send().await {
        let refusals = [
            StatusCode::UNAUTHORIZED,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ];
        assert!(refusals.contains(&response.status()), "{}", response.status());
    }
    let mut socket = Socket::open(&service).await;
    let payload = json!({"Authorization": format!("Bearer {token}")});
    let init = json!({"type": "connection_init", "payload": payload});
    socket.try_text(&init.to_string()).await;
    assert_eq!(socket.close_code().await, 1009);
}
