//! Web client, as a browser gets it from the real server: its pages, its files and its configuration.

use crate::support::service::{SECRET, Service};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, HOST, IF_NONE_MATCH};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use virtual_tagging::http::EMBEDDED;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn send(service: &Service, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = service.client.request(method, service.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn page(service: &Service, path: &str) -> Response {
    send(service, Method::GET, path, &[(ACCEPT.as_str(), BROWSER)]).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// Nonce in the policy of a page.
fn nonce(page: &Response) -> String {
    let policy = header(page, "content-security-policy");
    let rest = policy.split("'nonce-").nth(1).unwrap();
    rest.split('\'').next().unwrap().to_owned()
}

/// First line and headers of the response to a request line that no client library would send, and its body.
async fn raw(service: &Service, target: &str) -> String {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test]
async fn pages_carry_a_fresh_nonce_and_a_policy_without_anything_inline() {
    let service = Service::start().await;
    let mut nonces = HashSet::new();
    for path in [
        "/",
        "/",
        "/approvals",
        "/resources/UmVzb3VyY2U6MQ?tab=why",
        "/index.html",
    ] {
        let response = page(&service, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(header(&response, name), value, "{path} {name}");
        }
        let policy = header(&response, "content-security-policy");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(
                policy.split("; ").any(|each| each == directive),
                "{directive}: {policy}"
            );
        }
        let nonce = nonce(&response);
        let text = response.text().await.unwrap();
        assert!(!text.contains("CSP_NONCE_PLACEHOLDER"), "{path}");
        assert_eq!(
            text.contains(&format!("nonce=\"{nonce}\"")),
            !EMBEDDED.is_empty(),
            "{text}"
        );
        assert!(nonces.insert(nonce), "{path}: the nonce was there before");
    }
}

#[tokio::test]
async fn only_what_a_browser_opens_as_a_page_falls_back_to_it() {
    let service = Service::start().await;
    for path in [
        "/assets/other-00000000.js",
        "/assets/",
        "/client/other.json",
        "/csv/other",
        "/graphiql/other.js",
        "/graphql/other",
        "/metrics/other",
        "/healthz/other",
    ] {
        let response = page(&service, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "NOT_FOUND", "{path}");
    }
    for accept in ["application/json", "*/*", "text/css,*/*;q=0.1"] {
        let response = send(&service, Method::GET, "/approvals", &[(ACCEPT.as_str(), accept)]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{accept}");
    }
    for (path, status) in [("/approvals", 404), ("/", 405), ("/client/config.json", 405)] {
        let posted = send(&service, Method::POST, path, &[(ACCEPT.as_str(), BROWSER)]).await;
        assert_eq!(posted.status().as_u16(), status, "{path}");
    }
    for target in [
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/index.html",
        "/assets//index.html",
        "/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let response = raw(&service, target).await;
        assert!(response.starts_with("HTTP/1.1 404"), "{target}: {response}");
    }
}

#[tokio::test]
async fn heads_are_those_of_the_response_without_its_body() {
    let service = Service::start().await;
    for path in ["/", "/approvals"] {
        let got = page(&service, path).await;
        let head = send(&service, Method::HEAD, path, &[(ACCEPT.as_str(), BROWSER)]).await;
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        for name in ["content-type", "content-length", "cache-control"] {
            assert!(!header(&got, name).is_empty(), "{path} {name}");
            assert_eq!(header(&head, name), header(&got, name), "{path} {name}");
        }
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn files_are_kept_validated_and_packed() {
    let service = Service::start().await;
    for (path, bytes) in EMBEDDED.iter().filter(|(path, _)| *path != "/index.html") {
        let plain = send(&service, Method::GET, path, &[]).await;
        assert_eq!(plain.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&plain, "x-content-type-options"), "nosniff", "{path}");
        assert_ne!(
            header(&plain, "content-type"),
            "application/octet-stream",
            "{path}"
        );
        let kept = if path.starts_with("/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        assert_eq!(header(&plain, CACHE_CONTROL.as_str()), kept, "{path}");
        let tag = header(&plain, "etag").to_owned();
        assert_eq!(&plain.bytes().await.unwrap()[..], *bytes, "{path}");

        let known = send(&service, Method::GET, path, &[(IF_NONE_MATCH.as_str(), &tag)]).await;
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(header(&known, "etag"), tag, "{path}");
        assert!(known.bytes().await.unwrap().is_empty(), "{path}");
        let changed = [(IF_NONE_MATCH.as_str(), "\"other\"")];
        let changed = send(&service, Method::GET, path, &changed).await;
        assert_eq!(changed.status(), StatusCode::OK, "{path}");

        let gzip = [(ACCEPT_ENCODING.as_str(), "gzip, br")];
        let packed = send(&service, Method::GET, path, &gzip).await;
        if bytes.len() > 1000 {
            assert_eq!(header(&packed, "content-encoding"), "gzip", "{path}");
            assert_eq!(header(&packed, "etag"), tag, "{path}");
            let length = header(&packed, "content-length").to_owned();
            let body = packed.bytes().await.unwrap();
            assert!(
                body.len() < bytes.len() && body.starts_with(&[0x1f, 0x8b]),
                "{path}"
            );
            let head = send(&service, Method::HEAD, path, &gzip).await;
            assert_eq!(header(&head, "content-length"), length, "{path}");
        }
    }
}

#[tokio::test]
async fn pages_are_told_what_they_need_before_anybody_logs_in() {
    let service = Service::start_with(&[
        ("AUTO_APPLY_THRESHOLD", "0.95"),
        ("MANUAL_REVIEW_THRESHOLD", "0.6"),
        ("UPLOAD_MAX_BYTES", "4096"),
    ])
    .await;
    let response = service.get("/client/config.json").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, CACHE_CONTROL.as_str()), "no-store");
    let body: Value = response.json().await.unwrap();
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "authentication": "NONE",
        "thresholds": { "autoApply": 0.95, "review": 0.6 },
        "uploadMaxBytes": 4096,
    });
    assert_eq!(body, expected);
    let service = Service::start_with(&[("JWT_SECRET", SECRET), ("ALLOWED_HOSTS", "tags.example.com")]).await;
    let body: Value = service.get("/client/config.json").await.json().await.unwrap();
    assert_eq!(body["authentication"], "TOKEN");
    assert!(!body.to_string().contains(SECRET), "{body}");
    assert_eq!(page(&service, "/").await.status(), StatusCode::OK);
    for path in ["/", "/approvals", "/client/config.json"] {
        let headers = [(ACCEPT.as_str(), BROWSER), (HOST.as_str(), "evil.example")];
        let response = send(&service, Method::GET, path, &headers).await;
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}
